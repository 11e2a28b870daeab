/** Every `npx tocsin` line of the documents runs: each is tried as it stands, on real servers, in a checkout's place. */
import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot, tocsin, type Tocsin } from '../harness/tocsin.js';
import { output } from '../harness/events.js';

const root = projectRoot();
let running: Tocsin;
beforeAll(async () => {
  running = await tocsin();
  // A monitor makes the rows that `positions` speaks of.
  const monitor = await running.start(['monitor']);
  await running.produce('outputs', [output()]);
  await monitor.stop();
}, 120_000);
afterAll(() => running.close(), 60_000);

/** Long-running, or tried by another test: `npm start`, the bench. */
const left = ['run', 'bench', 'demo'];

function documented(): string[][] {
  const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md'].concat(
    readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join('docs', name)),
  );
  const commands = documents.flatMap((document) =>
    [...readFileSync(join(root, document), 'utf8').matchAll(/```\w*\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
      block
        .split('\n')
        .flatMap((line) => line.replace(/\s#.*$/, '').split('&&'))
        .map((part) => part.trim())
        .filter((part) => part.startsWith('npx tocsin ')),
    ),
  );
  return [...new Set(commands)].map((command) => command.replace(/^npx tocsin /, '').split(/\s+/));
}

test('each documented command is understood, and does not end with a stack', async () => {
  const commands = documented().filter(([verb = '']) => !left.includes(verb));
  expect(commands.length).toBeGreaterThan(10);
  for (const command of commands) {
    const cut = command.findIndex((word) => word === '<' || word === '|' || word === '>');
    const args = (cut === -1 ? command : command.slice(0, cut)).map(present);
    const { code, stderr } = await running.verb(args, { input: '' });
    const said = `tocsin ${args.join(' ')}: ${String(code)} ${stderr.slice(0, 500)}`;
    expect({ said, understood: code === 0 || code === 1 }).toEqual({ said, understood: true });
    expect(stderr).not.toMatch(/^\s+at /m);
  }
}, 300_000);

/** A file that the reader would have by then. */
function present(word: string): string {
  if (!/^[\w./-]+\.ya?ml$/.test(word) || existsSync(join(root, word))) return word;
  const plan = join(running.configDir, '..', word.replaceAll('/', '-'));
  copyFileSync(join(root, 'libs/paging/testdata', firstPlan()), plan);
  return plan;
}

function firstPlan(): string {
  const [name] = readdirSync(join(root, 'libs/paging/testdata')).filter((file) => file.endsWith('.good.yml'));
  if (name === undefined) throw new Error('libs/paging/testdata has no good plan');
  return name;
}
