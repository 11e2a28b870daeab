/**
 * Apache Kafka (KRaft, one node, broker and controller in one) from its Maven artefacts, in a process group of its own.
 * The jars are resolved once, with strict checksums, and shared by `npm start` and the tests.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quietly } from './install.mjs';
import { cache, root } from './paths.mjs';
import { freePort, freePorts } from './ports.mjs';
import { tail } from './postgres.mjs';
import { alone, end, readPidFile, spawnServer } from './processes.mjs';
import { Sentence, step } from './say.mjs';

const pom = join(root, 'deploy/local/kafka/pom.xml');
const startWithinMs = 90_000;
const oldestJava = 17;

/**
 * @typedef {object} Kafka
 * @property {string} address host:port
 * @property {number} port
 * @property {import('node:child_process').ChildProcess} child
 * @property {import('./processes.mjs').Identity} who
 * @property {(options?: { withinMs?: number }) => Promise<void>} stop
 */

/** Answers the folder of the jars; the first time Maven fills it. Also says what is missing of Java and Maven. */
export async function kafkaJars() {
  const java = await requireJava();
  const folder = join(cache, `kafka-${hashOf(readFileSync(pom, 'utf8'), java)}`);
  if (existsSync(folder)) return folder;
  return await alone(root, 'jars', async () => {
    if (existsSync(folder)) return folder;
    const making = `${folder}.${process.pid}`;
    mkdirSync(making, { recursive: true });
    try {
      await step('resolve Kafka by Maven', async (note) => {
        await maven(making);
        note(`${readdirSync(making).length} jars, checksums strict`);
      });
      for (const old of readdirSync(cache)) {
        if (/^kafka-[0-9a-f]{12}$/.test(old)) rmSync(join(cache, old), { recursive: true, force: true });
      }
      renameSync(making, folder);
    } finally {
      rmSync(making, { recursive: true, force: true });
    }
    await step('prepare Kafka', () => archiveClasses(folder));
    return folder;
  });
}

/**
 * Runs Kafka once and keeps its loaded classes in an archive: later starts take half as long (3.2 s became 1.8 s). A
 * Java that cannot keep them only starts slower.
 */
async function archiveClasses(jars) {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-kafka-'));
  try {
    const extra = [`-XX:ArchiveClassesAtExit=${join(jars, archive)}`];
    const kafka = await startKafka({ folder, jars, extra });
    await kafka.stop({ withinMs: 60_000 });
    copyFileSync(join(folder, 'data', checkpoint), join(jars, checkpoint));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const archive = 'classes.jsa';
const checkpoint = 'bootstrap.checkpoint';

function hashOf(...texts) {
  return createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 12);
}

/** Says what is missing of Java and Maven before the packages are installed: nobody waits for that sentence. */
export async function requireTools() {
  await requireJava();
  const { code } = await mavenCommand(['-v']);
  if (code !== 0)
    throw new Sentence(`\`mvn -v\` ends with code ${code}: Maven does not work here, and Kafka comes by it.`);
}

/** Answers what `java -version` says. */
async function requireJava() {
  const found = await quietly('java', ['-version']).catch((error) => {
    if (!(error instanceof Sentence)) throw error;
    throw new Sentence(
      'Java is missing, and Kafka runs on it: install Java 17 or newer (Debian: apt-get install openjdk-17-jre-headless), then run this again.',
    );
  });
  const major = Number(/version "(\d+)/.exec(found.output)?.[1]);
  if (found.code !== 0 || !(major >= oldestJava))
    throw new Sentence(
      `Kafka needs Java ${oldestJava} or newer, and \`java -version\` says: ${found.output.trim().split('\n')[0] || `code ${found.code}`}.`,
    );
  return found.output;
}

async function maven(folder) {
  const args = ['-q', '-B', '-C', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}`];
  const { code, output } = await mavenCommand(args);
  if (code === 0) return;
  const errors = output.split('\n').filter((line) => line.includes('ERROR'));
  throw new Sentence(
    `Maven could not resolve Kafka (code ${code}); the network or the repository may be away:\n${(errors.length > 0 ? errors : output.split('\n')).slice(0, 6).join('\n')}`,
  );
}

async function mavenCommand(args) {
  return await quietly('mvn', args).catch((error) => {
    if (!(error instanceof Sentence)) throw error;
    throw new Sentence(
      'Maven is missing, and Kafka comes by it: install it (Debian: apt-get install maven), then run this again.',
    );
  });
}

/**
 * Starts Kafka on `folder` (formatted on the first start), on free ports unless one is given.
 * @param {{ folder: string, jars: string, port?: number, settings?: Record<string, string | number>,
 *   extra?: string[] }} options `extra` goes to the Java machine
 * @returns {Promise<Kafka>}
 */
export async function startKafka({ folder, jars, port, settings = {}, extra = [] }) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await endKafka(folder);
  for (let attempt = 1; ; attempt++) {
    const [broker, controller] = port === undefined ? await freePorts(2) : [port, await freePort()];
    const properties = join(folder, 'server.properties');
    writeFileSync(properties, render(folder, broker, controller, settings), { mode: 0o600 });
    await format(folder, jars, properties);
    const server = await spawnServer({
      what: 'kafka',
      command: 'java',
      args: [...javaFlags(jars), ...extra, '-Xmx512m', 'kafka.Kafka', properties],
      log: join(folder, 'kafka.log'),
      pidFile: pidFile(folder),
      env: process.env,
      cwd: folder,
    });
    if (await answers(server, broker)) return handle(server, broker);
    await end(server.who);
    if (port === undefined && attempt < 3) continue; // another process may have taken a port in between
    throw new Sentence(`Kafka did not start. What it said last:\n${tail(join(folder, 'kafka.log'))}`);
  }
}

/** Ends what a killed command left running on `folder`. Answers whether there was something. */
export async function endKafka(folder) {
  const who = readPidFile(pidFile(folder));
  if (!who) return false;
  await end(who, { withinMs: 10_000 });
  rmSync(pidFile(folder), { force: true });
  return true;
}

const pidFile = (folder) => join(folder, 'kafka.pid');

function handle(server, port) {
  return {
    address: `127.0.0.1:${port}`,
    port,
    child: server.child,
    who: server.who,
    async stop({ withinMs = 15_000 } = {}) {
      await end(server.who, { withinMs });
      rmSync(server.pidFile, { force: true });
    },
  };
}

function javaFlags(jars) {
  const kept = join(jars, archive);
  // In a fixed order: the archive is refused under another class path.
  const classPath = readdirSync(jars)
    .filter((name) => name.endsWith('.jar'))
    .sort()
    .map((name) => join(jars, name))
    .join(delimiter);
  return [
    '-XX:TieredStopAtLevel=1', // half the start-up time; a local broker never runs hot enough to miss the second compiler
    '-XX:+UseSerialGC',
    '-Xshare:auto',
    ...(existsSync(kept) ? [`-XX:SharedArchiveFile=${kept}`] : []),
    `-Dlog4j2.configurationFile=${join(root, 'deploy/local/kafka/log4j2.properties')}`,
    '-cp',
    classPath,
  ];
}

function render(folder, broker, controller, settings) {
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${broker}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(folder, 'data'),
    // A record of 1 MiB is within the limits and leaves room for its headers.
    'message.max.bytes': 2 * 1024 * 1024,
    'num.partitions': 4,
    'auto.create.topics.enable': false,
    'group.initial.rebalance.delay.ms': 0,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // After a kill the broker's old registration must expire before it may come back: 9 s by default.
    'broker.heartbeat.interval.ms': 500,
    'broker.session.timeout.ms': 3000,
    ...settings,
  };
  return `${Object.entries(properties)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;
}

async function format(folder, jars, properties) {
  const data = join(folder, 'data');
  if (existsSync(join(data, 'meta.properties'))) return;
  const id = newId();
  if (existsSync(join(jars, checkpoint))) {
    // What the tool below would write, without another Java machine's start: a second of the ten.
    mkdirSync(data, { recursive: true });
    copyFileSync(join(jars, checkpoint), join(data, checkpoint));
    const meta = ['version=1', 'node.id=1', `cluster.id=${id}`, `directory.id=${newId()}`];
    writeFileSync(join(data, 'meta.properties'), `${meta.join('\n')}\n`);
    return;
  }
  const args = [...javaFlags(jars), 'kafka.tools.StorageTool', 'format', '-t', id, '-c', properties];
  const { code, output } = await quietly('java', args);
  if (code !== 0)
    throw new Sentence(`Kafka's data folder could not be made:\n${output.trim().split('\n').slice(-5).join('\n')}`);
}

/** As Kafka's own: 16 random bytes; one that begins with a dash would be taken for an option. */
function newId() {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? newId() : id;
}

/** Kafka is up when it answers an ApiVersions request: its port is open well before. */
async function answers(server, port) {
  const deadline = performance.now() + startWithinMs;
  while (!server.ended && performance.now() < deadline) {
    if (await apiVersions(port)) return true;
    await sleep(50);
  }
  return false;
}

function apiVersions(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const finish = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2_000, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
    socket.once('data', () => finish(true));
    // size, key 18, version 0, correlation 1, no client id
    socket.once('connect', () => socket.write(Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff])));
  });
}
