/** The rule engine by itself, on one core: what `npm run bench` prints of it. CPU time, so a busy machine counts less. */
import { compileRules, parseRules, type RuleSet } from '../../libs/detection/sigma/index.js';
import { operatorRules, prose, seeded, systemEvents, systemRules } from './rules.js';

export interface RulesMeasured {
  /** 20 operator rules, texts of 540 characters, 1 % of them hits; goal 400,000. */
  readonly operatorTextsPerSecond: number;
  /** 3,000 operating-system rules, flat events of 1 KB; goal 50,000. */
  readonly systemEventsPerSecond: number;
  /** Reading and compiling the 3,000; goal under 3. */
  readonly loadSeconds: number;
  readonly automaton: { readonly literals: number; readonly states: number; readonly bytes: number };
}

export function measureRules(rounds = 5): RulesMeasured {
  const random = seeded(3);
  const texts = Array.from({ length: 2000 }, (_, index) => ({
    // Flat in memory, as what comes out of JSON is.
    'output.text': flat(prose(random, 540) + (index % 100 === 0 ? ' please verify your account now' : '')),
  }));
  const operator = compileRules(parseRules(operatorRules)).ruleSet;
  const operatorMicroseconds = quickest(operator, texts, rounds);

  const begun = cpu();
  const system = compileRules(parseRules(systemRules(3000))).ruleSet;
  const loadSeconds = (cpu() - begun) / 1e6;
  const systemMicroseconds = quickest(system, systemEvents(2000), rounds);
  const { literals, states, bytes } = system.statistics;
  return {
    operatorTextsPerSecond: Math.round(1e6 / operatorMicroseconds),
    systemEventsPerSecond: Math.round(1e6 / systemMicroseconds),
    loadSeconds,
    automaton: { literals, states, bytes },
  };
}

/** Microseconds of CPU an event, in the quickest of the rounds. */
function quickest(rules: RuleSet, events: readonly Readonly<Record<string, unknown>>[], rounds: number): number {
  let best = Infinity;
  for (let round = 0; round <= rounds; round++) {
    const begun = cpu();
    for (let pass = 0; pass < 5; pass++) for (const event of events) rules.match(event, { evidence: false });
    best = Math.min(best, (cpu() - begun) / events.length / 5);
  }
  return best;
}

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function flat(text: string): string {
  return String(JSON.parse(JSON.stringify(text)));
}
