/**
 * `npm start`: Kafka, PostgreSQL and a mailbox, the schema, every app and the sample traffic, in one process tree.
 * With TOCSIN_KAFKA_BROKERS, TOCSIN_DATABASE_URL and TOCSIN_SMTP_URL none of the servers starts: only the apps do.
 * Ctrl-C drains: the apps first, the servers last, nothing is left.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { appNames, endApps, runVerb, startApps } from './apps.mjs';
import { bootstrap, launchedAt } from './bootstrap.mjs';
import { requireTools } from './kafka.mjs';
import { isTaken } from './ports.mjs';
import { hold, letGo } from './processes.mjs';
import { Sentence, say, seconds, step } from './say.mjs';
import { dataFolder, localEnvironment, localSecrets, makeDataFolder, mode, port, readRun } from './settings.mjs';

const started = launchedAt - performance.timeOrigin;

await bootstrap(
  async () => {
    const unknown = process.argv.slice(2).filter((arg) => arg !== '--fresh');
    if (unknown.length > 0)
      throw new Sentence(`"${unknown[0]}" is no option of npm start: there is \`npm start -- --fresh\`.`);
    const fresh = process.argv.includes('--fresh');
    const where = mode();
    const folder = dataFolder();
    makeDataFolder(folder);
    const lock = join(folder, 'start.pid');
    const holder = hold(lock, 'npm start');
    if (holder) throw new Sentence(heldBy(holder, folder));
    try {
      await endLeftovers(folder, where);
      if (await isTaken(port()))
        throw new Sentence(
          `Port ${port()} is taken by another program: stop that, or choose another port: TOCSIN_PORT=${port() + 1} npm start`,
        );
      return where === 'local' ? await startLocally(folder, fresh) : await startOnRealServers(folder);
    } finally {
      letGo(lock);
    }
  },
  { console: true, before: requireTools },
);

async function startLocally(folder, fresh) {
  const { localServers, readBundle, removeData } = await import('./servers.mjs');
  const appLogLevel = process.env.TOCSIN_LOG_LEVEL;
  process.env.TOCSIN_LOG_LEVEL = 'error'; // what this process borrows from libs/ keeps to itself that Kafka is warming up
  if (fresh) await step('remove the data of earlier starts', () => removeData(folder));
  const secrets = localSecrets(folder);
  const life = lifetime();
  const reading = readBundle(process.env.TOCSIN_CONFIG); // while the servers start
  reading.catch(() => undefined);
  const servers = await localServers(folder, secrets);
  let apps;
  let watch;
  try {
    const env = localEnvironment({ folder, secrets, port: port(), ...servers.addresses() });
    env.TOCSIN_LOG_LEVEL = appLogLevel ?? 'info';
    await step('migrate', async (note) => note(await servers.migrate()));
    await step('apply the configuration', async (note) => note(await servers.apply(reading)));
    let pid;
    const tell = () => writeRun(folder, env, { ...servers.run(), admin_token_file: secrets.adminToken, pid });
    const onPid = (known) => {
      pid = known;
      tell();
    };
    await step('start the apps', async (note) => {
      apps = startApps({ folder, env, port: port(), onPid, onGivenUp: life.giveUp });
      await Promise.race([Promise.all([servers.kafkaUp(), apps.ready(life.isOver)]), life.over]);
      tell();
      note(appNames.join(', '));
    });
    if (life.isOver()) return await life.over;
    servers.keepUp(life, tell);
    watch = (await import('./config-watch.mjs')).watchConfig(env);
    await playOnce(folder, env);
    if (life.isOver()) return await life.over;
    tellWhere(folder, secrets);
    say(`ready in ${seconds(started)}`);
    return await life.over;
  } finally {
    await drain({ folder, apps, watch, servers });
  }
}

async function startOnRealServers(folder) {
  const life = lifetime();
  const env = { ...process.env, TOCSIN_DATA_DIR: folder };
  let apps;
  try {
    await step('migrate', () => mustPass(['migrate'], env));
    const onPid = (pid) => writeRun(folder, env, { pid });
    await step('start the apps', async (note) => {
      apps = startApps({ folder, env, port: port(), onPid, onGivenUp: life.giveUp });
      await Promise.race([apps.ready(life.isOver), life.over]);
      note(appNames.join(', '));
    });
    if (life.isOver()) return await life.over;
    say(`  console and API  http://127.0.0.1:${port()}`);
    say(`ready in ${seconds(started)}`);
    return await life.over;
  } finally {
    await drain({ folder, apps });
  }
}

/** Resolves `over` with the exit code on a signal; rejects it with the reason when the apps give up. */
function lifetime() {
  const { promise: over, resolve, reject } = Promise.withResolvers();
  let ended = false;
  const end = (settle) => (value) => {
    ended = true;
    settle(value);
  };
  over.catch(() => undefined); // whoever awaits it last reports it
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end(resolve)(0));
  return { over, giveUp: end(reject), isOver: () => ended };
}

async function drain({ folder, apps, watch, servers }) {
  watch?.close();
  if (apps) await step('drain the apps', () => apps.drain());
  if (servers) await step('stop the servers', () => servers.stop());
  rmSync(join(folder, 'run.json'), { force: true });
}

async function endLeftovers(folder, where) {
  const apps = await endApps(folder);
  const servers = where === 'local' && (await (await import('./servers.mjs')).endServers(folder));
  if (apps || servers) say('  ended what a killed start had left running');
}

async function mustPass(args, env) {
  const { code, output } = await runVerb(args, env);
  if (code !== 0) throw new Sentence(output || `\`npx tocsin ${args.join(' ')}\` ended with code ${code}.`);
}

/** The sample plays on the first start of a data folder; `npm run demo` plays it again. */
async function playOnce(folder, env) {
  if (env.TOCSIN_DEMO === '0') return;
  const { play, hasPlayed, markPlayed } = await import('./sample/play.mjs');
  if (hasPlayed(folder)) return;
  await step('play the sample traffic', async (note) => note(await play(env)));
  markPlayed(folder);
}

function writeRun(folder, env, { pid, processes = [], ...rest }) {
  const address = `http://127.0.0.1:${env.TOCSIN_PORT ?? port()}`;
  const run = {
    console: address,
    api: address,
    ...rest,
    processes: [...appNames.map((app) => ({ app, pid })), ...processes],
  };
  writeFileSync(join(folder, 'run.json'), `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
}

function tellWhere(folder, secrets) {
  const { console, mailbox, kafka } = readRun(folder);
  say('');
  say(`  console   ${console}   (sign in with the token in ${secrets.adminToken})`);
  say(`  API       ${console}/api/v1   described at ${console}/api/openapi.json`);
  say(`  mailbox   ${mailbox}`);
  say(`  Kafka     ${kafka}`);
  say(`  details   ${join(folder, 'run.json')}, logs in ${join(folder, 'logs')}`);
  say('');
}

function heldBy(holder, folder) {
  const at = readRun(folder)?.console;
  return `The data folder ${folder} is held by another \`npm start\` (process ${holder.pid}${at ? `, at ${at}` : ''}). Stop that one with Ctrl-C, or set TOCSIN_DATA_DIR and TOCSIN_PORT to others.`;
}
