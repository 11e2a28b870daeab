/** A Kafka broker of a test's own that takes nobody without TLS and a login; the usual test broker is open. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface SecuredBroker {
  /** host:port of the listener with TLS and SASL. */
  readonly address: string;
  /** PEM of the authority that signed its certificate. */
  readonly ca: string;
  readonly username: string;
  readonly password: string;
  close(): Promise<void>;
}

const run = promisify(execFile);

/** Needs TOCSIN_TEST_KAFKA_JARS; takes some seconds. The user may come by plain, scram-sha-256 and scram-sha-512. */
export async function securedBroker(): Promise<SecuredBroker> {
  const jars = process.env['TOCSIN_TEST_KAFKA_JARS'];
  if (!jars) throw new Error('TOCSIN_TEST_KAFKA_JARS is not set: run the tests by `npm test -- FILE`');
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-broker-'));
  const [outside, inside, controller] = await freePorts(3);
  const [username, password] = ['alice', 'not-a-secret'];
  const keys = join(folder, 'keys.p12');
  const certificate = join(folder, 'ca.pem');
  const store = ['-keystore', keys, '-storetype', 'PKCS12', '-storepass', password, '-alias', 'broker'];
  await run('keytool', [
    '-genkeypair',
    '-keyalg',
    'RSA',
    '-dname',
    'CN=localhost',
    '-ext',
    'san=ip:127.0.0.1',
    ...store,
  ]);
  await run('keytool', ['-exportcert', '-rfc', '-file', certificate, ...store]);

  const login = 'org.apache.kafka.common.security';
  const properties = join(folder, 'server.properties');
  writeFileSync(
    properties,
    [
      'process.roles=broker,controller',
      'node.id=1',
      `controller.quorum.voters=1@127.0.0.1:${controller}`,
      `listeners=OUTSIDE://127.0.0.1:${outside},INSIDE://127.0.0.1:${inside},CONTROLLER://127.0.0.1:${controller}`,
      `advertised.listeners=OUTSIDE://127.0.0.1:${outside},INSIDE://127.0.0.1:${inside}`,
      'listener.security.protocol.map=OUTSIDE:SASL_SSL,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name=INSIDE',
      'controller.listener.names=CONTROLLER',
      'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      `listener.name.outside.plain.sasl.jaas.config=${login}.plain.PlainLoginModule required user_${username}="${password}";`,
      `listener.name.outside.scram-sha-256.sasl.jaas.config=${login}.scram.ScramLoginModule required;`,
      `listener.name.outside.scram-sha-512.sasl.jaas.config=${login}.scram.ScramLoginModule required;`,
      `ssl.keystore.location=${keys}`,
      'ssl.keystore.type=PKCS12',
      `ssl.keystore.password=${password}`,
      `log.dirs=${join(folder, 'log')}`,
      'offsets.topic.replication.factor=1',
      'offsets.topic.num.partitions=1',
      'transaction.state.log.replication.factor=1',
      'transaction.state.log.min.isr=1',
      'group.initial.rebalance.delay.ms=0',
    ].join('\n'),
  );
  const java = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-cp', join(jars, '*')];
  const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${username},password=${password}]`,
  ]);
  const format = ['kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qg', '-c', properties, ...scram];
  await run('java', [...java, ...format]);
  const broker = spawn('java', [...java, 'kafka.Kafka', properties], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => broker.once('exit', () => resolve()));
  return {
    address: `127.0.0.1:${outside}`,
    ca: readFileSync(certificate, 'utf8'),
    username,
    password,
    async close() {
      broker.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  for (const server of servers) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}
