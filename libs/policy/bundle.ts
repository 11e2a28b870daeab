/**
 * Is this folder a configuration, and which? All files are read, each by the lib that owns it, and every problem of
 * every file is told at once. A bundle is a folder without errors, known by the hash of what it holds. A rule with an
 * error is left out and told; it keeps nothing else from working.
 */
import { createHash } from 'node:crypto';
import { didYouMean, hasErrors, inFileOrder, type Problem } from '../config-file/index.js';
import {
  detectorNames,
  parseIdentities,
  parseRules,
  parseWatchlist,
  type DetectorName,
  type Identity,
  type ParsedRules,
  type WatchlistEntry,
} from '../detection/index.js';
import { parsePlan, type Plan } from '../paging/index.js';
import { parsePolicy, type Policy, type PolicyReading } from './policy.js';
import { stageIndex, type StageIndex } from './stage.js';
import { sourceIndex, type SourceIndex } from './trust.js';

/** Text by path inside the folder, with forward slashes. */
export type Files = Readonly<Record<string, string>>;

/** Which plan pages, and why: what `check` says of `incident_response_plan`. */
export interface PlanTaken {
  readonly from: 'policy' | 'plan.yml' | 'default';
  /** Of the plan; absent for the default plan. */
  readonly file?: string;
  /** The link that stands on every page, as written. */
  readonly runbook?: string;
  /** The same where it can be followed. */
  readonly runbookUrl?: string;
}

/** What holds for the whole deployment, whichever policy said it. */
export interface Settings {
  /** Milliseconds; the longest of all policies, undefined where all say off. */
  readonly outputIndexMs?: number;
  /** The most frequent. */
  readonly frequency: Policy['frequency'];
  /** The first policy's. */
  readonly timezone: string;
  /** Detectors and rules whose findings page nobody. */
  readonly shadow: ReadonlySet<string>;
  /** Detectors that no risk mitigation plan switches on. */
  readonly off: readonly DetectorName[];
  /** Names that the operator's own assistants may bear. */
  readonly personas: readonly string[];
}

export interface Bundle {
  /** 32 hex digits, of the files that count. */
  readonly hash: string;
  readonly files: Files;
  /** Never empty; one a model. */
  readonly policies: readonly Policy[];
  /** Absent where the default plan pages. */
  readonly plan?: Plan;
  readonly planTaken: PlanTaken;
  readonly identities: readonly Identity[];
  readonly watchlist: readonly WatchlistEntry[];
  /** Those that could be taken; `problems` of them are told with the reading. */
  readonly rules: Omit<ParsedRules, 'problems'>;
  /** With the policy's own thresholds alone; `BundleHolder.stages` knows the published ones too. */
  readonly stages: StageIndex;
  readonly sources: SourceIndex;
  readonly settings: Settings;
}

export interface BundleReading {
  /** Absent where a file other than a rule has an error. */
  readonly bundle?: Bundle;
  /** Of all files, in their order; errors in rules too. */
  readonly problems: readonly Problem[];
}

export function bundleOf(folder: Files): BundleReading {
  const unfit = unfitTexts(folder);
  const { policies, problems: policyProblems } = readPolicies(folder);
  const { file: planFile, taken, problems: planProblems } = choosePlan(folder, policies);
  const plan = planFile === undefined ? undefined : parsePlan(folder[planFile] ?? '', planFile);
  const identityFile = oneOf(folder, 'identities');
  const watchlistFile = oneOf(folder, 'watchlist');
  const identities = parseIdentities(folder[identityFile.name] ?? '', identityFile.name);
  const watchlist = parseWatchlist(folder[watchlistFile.name] ?? '', watchlistFile.name);
  const rules = parseRules(Object.entries(pick(folder, isRule)).map(([path, text]) => ({ path, text })));

  const blocking = [
    ...unfit,
    ...policyProblems,
    ...planProblems,
    ...(plan?.problems ?? []),
    ...identityFile.problems,
    ...identities.problems,
    ...watchlistFile.problems,
    ...watchlist.problems,
  ];
  const problems = inFileOrder([
    ...blocking,
    ...rules.problems,
    ...strangers(folder, planFile),
    ...strangeShadows(policies, rules),
  ]);
  const whole = policies.flatMap(({ policy }) => policy ?? []);
  if (hasErrors(blocking) || whole.length === 0 || !identities.identities || !watchlist.entries) return { problems };

  const files = pick(folder, (name) => counts(name) || name === planFile);
  return {
    problems,
    bundle: {
      hash: hashOf(files),
      files,
      policies: whole,
      ...(plan?.plan ? { plan: plan.plan } : {}),
      planTaken: taken,
      identities: identities.identities,
      watchlist: watchlist.entries,
      rules: { rules: rules.rules, filters: rules.filters, correlations: rules.correlations },
      stages: stageIndex(whole),
      sources: sourceIndex(whole.flatMap(({ sources }) => sources)),
      settings: settingsOf(whole),
    },
  };
}

/** In plain words: what `incident_response_plan` was taken for, and which plan pages. */
export function planSentence({ from, file, runbook, runbookUrl }: PlanTaken): string {
  const shown =
    runbook === undefined
      ? ''
      : `the runbook "${runbook}", shown ${runbookUrl ? 'as a link' : 'as text'} on every page`;
  switch (from) {
    case 'policy':
      return `incident_response_plan was taken for the plan file ${file}`;
    case 'plan.yml':
      return `incident_response_plan was taken for ${shown}; the plan is ${file}`;
    case 'default':
      return `incident_response_plan was taken for ${shown}; there is no plan.yml, so the default plan pages the default responder`;
  }
}

export function hashOf(files: Files): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(files).sort()) {
    const text = files[name] ?? '';
    hash.update(`${Buffer.byteLength(name)} ${name}\n${Buffer.byteLength(text)} ${text}\n`);
  }
  return hash.digest('hex').slice(0, 32);
}

const yaml = /\.ya?ml$/;
const isRule = (name: string) => name.startsWith('rules/') && yaml.test(name);
const isPolicy = (name: string) => /^policy\.ya?ml$|^policies\/[^/]+\.ya?ml$/.test(name);
const counts = (name: string) => isRule(name) || isPolicy(name) || /^(plan|identities|watchlist)\.ya?ml$/.test(name);

function pick(folder: Files, wanted: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(folder).filter(([name]) => wanted(name)));
}

function error(file: string, message: string): Problem {
  return { file, line: 1, column: 1, message, severity: 'error' };
}

/** What PostgreSQL would refuse to keep. */
function unfitTexts(folder: Files): Problem[] {
  return Object.entries(folder).flatMap(([name, text]) =>
    text.includes('\u0000') || !text.isWellFormed()
      ? [error(name, 'found a NUL or half a character, wanted plain UTF-8 text')]
      : [],
  );
}

function readPolicies(folder: Files): { policies: (PolicyReading & { file: string })[]; problems: Problem[] } {
  const names = Object.keys(folder).filter(isPolicy).sort();
  const problems: Problem[] = [];
  const single = names.filter((name) => !name.startsWith('policies/'));
  if (names.length === 0) {
    problems.push(error('policy.yml', 'missing, wanted policy.yml, or a folder policies/ with a file for each model'));
  } else if (single.length > 1 || (single.length === 1 && names.length > 1)) {
    problems.push(
      error(single[0]!, `found ${names.join(', ')} side by side, wanted policy.yml alone or policies/ alone`),
    );
  }
  const policies = names.map((file) => ({ file, ...parsePolicy(folder[file] ?? '', file) }));
  const first = new Map<string, string>();
  for (const { policy, file, at, problems: own } of policies) {
    problems.push(...own);
    if (!policy) continue;
    const other = first.get(policy.model);
    if (other !== undefined) {
      problems.push(
        at.error(
          ['model_name'],
          `model_name: found "${policy.model}", which ${other} is for already, wanted one policy a model`,
        ),
      );
    }
    first.set(policy.model, file);
  }
  return { policies, problems };
}

function choosePlan(
  folder: Files,
  policies: readonly PolicyReading[],
): { file?: string; taken: PlanTaken; problems: Problem[] } {
  const problems: Problem[] = [];
  const named = new Set<string>();
  let runbook: PlanTaken = { from: 'default' };
  for (const { policy, at } of policies) {
    const plan = policy?.incidentResponsePlan;
    if (plan?.kind === 'path') {
      named.add(plan.path);
      if (folder[plan.path] !== undefined) continue;
      const known = Object.keys(folder).filter((name) => yaml.test(name) && !isRule(name));
      const hint = URL.canParse(plan.path) ? '; for a link that ends so, add a # to it' : didYouMean(plan.path, known);
      problems.push(
        at.error(
          ['incident_response_plan'],
          `incident_response_plan: found "${plan.path}", taken for a plan file since it ends in .yml or .yaml, wanted a file of this folder${hint}`,
        ),
      );
    } else if (plan && runbook.runbook === undefined) {
      runbook = { from: 'default', runbook: plan.text, ...(plan.url === undefined ? {} : { runbookUrl: plan.url }) };
    }
  }
  const { name: standard, there, problems: twice } = oneOf(folder, 'plan');
  problems.push(...twice);
  const [chosen, ...others] = [...named];
  if (chosen !== undefined) {
    const other = others[0];
    if (other !== undefined)
      problems.push(
        error(other, `found ${[...named].join(' and ')} named by policies, wanted one plan for the folder`),
      );
    if (there && standard !== chosen) {
      problems.push({ ...error(standard, `not read: the policy names ${chosen} as its plan`), severity: 'warning' });
    }
    const file = folder[chosen] === undefined ? {} : { file: chosen };
    return { ...file, taken: { ...runbook, from: 'policy', file: chosen }, problems };
  }
  return there
    ? { file: standard, taken: { ...runbook, from: 'plan.yml', file: standard }, problems }
    : { taken: runbook, problems };
}

/** A file that may end in .yml or .yaml, not both. */
function oneOf(folder: Files, stem: string): { name: string; there: boolean; problems: Problem[] } {
  const [short, long] = [`${stem}.yml`, `${stem}.yaml`];
  if (folder[long] === undefined) return { name: short, there: folder[short] !== undefined, problems: [] };
  if (folder[short] === undefined) return { name: long, there: true, problems: [] };
  return { name: short, there: true, problems: [error(long, `found ${short} and ${long}, wanted one of them`)] };
}

const standardNames = ['policy.yml', 'plan.yml', 'identities.yml', 'watchlist.yml', 'policies', 'rules'];

/** YAML that nobody reads is mostly a name mistyped. */
function strangers(folder: Files, planFile: string | undefined): Problem[] {
  return Object.keys(folder)
    .filter((name) => yaml.test(name) && !counts(name) && name !== planFile)
    .map((name) => {
      const top = name.split('/')[0] ?? name;
      const message = `not read: wanted one of ${standardNames.join(', ')}${didYouMean(top, standardNames)}`;
      return { ...error(name, message), severity: 'warning' };
    });
}

/** Detectors that are none of an event's own, and can be in shadow as well. */
const ownDetectors = ['conformance', 'assurance', 'drift'] as const;

/** A name in `shadow` that silences nothing is mostly a name mistyped, and the thing it meant goes on paging. */
function strangeShadows(policies: readonly PolicyReading[], rules: ParsedRules): Problem[] {
  const every = [...rules.rules, ...rules.correlations];
  const names = every.flatMap(({ key, id, title, file }) => [key, id ?? key, title, file]);
  const known = new Set<string>([...detectorNames, ...ownDetectors, ...names]);
  return policies.flatMap(({ policy, at }) =>
    (policy?.shadow ?? []).flatMap((name, index) =>
      known.has(name)
        ? []
        : [
            at.warning(
              ['shadow', index],
              `shadow: found "${name}", which is no detector and no rule of this folder${didYouMean(name, [...known])}`,
            ),
          ],
    ),
  );
}

const byFrequency = ['hourly', 'daily', 'weekly'] as const;

function settingsOf(policies: readonly Policy[]): Settings {
  const disinformation = policies.some(({ mitigation }) => mitigation.disinformation);
  const impersonation = policies.some(({ mitigation }) => mitigation.impersonation);
  const indexes = policies.flatMap(({ outputIndexMs }) => outputIndexMs ?? []);
  return {
    ...(indexes.length > 0 ? { outputIndexMs: Math.max(...indexes) } : {}),
    frequency: byFrequency.find((each) => policies.some(({ frequency }) => frequency === each)) ?? 'daily',
    timezone: policies[0]?.timezone ?? 'UTC',
    shadow: new Set(policies.flatMap(({ shadow }) => shadow)),
    off: [
      ...(disinformation ? [] : (['disinformation'] as const)),
      ...(impersonation ? [] : (['impersonation', 'lookalike'] as const)),
      // The model of compliance reads for both families, and languages matter beside its scores alone.
      ...(disinformation || impersonation ? [] : (['compliance', 'language'] as const)),
    ],
    personas: [...new Set(policies.flatMap(({ personas }) => personas))],
  };
}
