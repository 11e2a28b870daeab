/** Local or real servers: which of the two the environment means, and what the apps are told. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { root } from './paths.mjs';
import { Sentence } from './say.mjs';

const servers = {
  TOCSIN_KAFKA_BROKERS: 'Kafka',
  TOCSIN_DATABASE_URL: 'PostgreSQL',
  TOCSIN_SMTP_URL: 'an SMTP server',
};

/** Whether the environment names real servers; a mix is refused. @returns {'local' | 'real'} */
export function mode(env = process.env) {
  const isSet = (name) => Boolean(env[name] || env[`${name}_FILE`]);
  const names = Object.keys(servers);
  const set = names.filter(isSet);
  if (set.length === 0) return 'local';
  const missing = names.filter((name) => !isSet(name));
  if (missing.length === 0) return 'real';
  throw new Sentence(
    `${set.join(' and ')} ${set.length > 1 ? 'are' : 'is'} set and ${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not: \`npm start\` takes all three real servers or none. Set ${missing.map((name) => `${name} (${servers[name]})`).join(' and ')}, or unset ${set.join(' and ')}.`,
  );
}

/** The folder of data and secrets. */
export function dataFolder(env = process.env) {
  const folder = env.TOCSIN_DATA_DIR || join(root, '.tocsin');
  return isAbsolute(folder) ? folder : resolve(folder);
}

export function port(env = process.env) {
  const text = env.TOCSIN_PORT || '8080';
  const number = Number(text);
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number;
  throw new Sentence(`TOCSIN_PORT is "${text}": wanted a port, 1 to 65535.`);
}

/** Makes the data folder, for this user alone. */
export function makeDataFolder(folder) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    mkdirSync(join(folder, 'logs'), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, '.gitignore'), '*\n', { mode: 0o600 });
  } catch (error) {
    throw new Sentence(
      `The data folder ${folder} cannot be written (${error.code}): it may belong to another user. Set TOCSIN_DATA_DIR to a folder of yours.`,
    );
  }
}

/** Local secrets are made once and kept. Answers the path of each. */
export function localSecrets(folder) {
  const place = join(folder, 'secrets');
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const once = (name, bytes) => {
    const file = join(place, name);
    if (!existsSync(file)) writeFileSync(file, `${randomBytes(bytes).toString('hex')}\n`, { mode: 0o600 });
    return file;
  };
  return {
    adminToken: once('admin-token', 24),
    secretKeys: once('secret-keys', 32),
    postgres: once('postgres-password', 16),
  };
}

/** What the apps are told about local servers; what the caller's environment says wins where it may. */
export function localEnvironment({ folder, secrets, port, kafka, database, smtp, env = process.env }) {
  const preset = (name, value) =>
    env[name] || env[`${name}_FILE`] ? {} : { [value.file ? `${name}_FILE` : name]: value.file ?? value };
  return {
    ...env,
    TOCSIN_KAFKA_BROKERS: kafka,
    TOCSIN_DATABASE_URL: database,
    TOCSIN_SMTP_URL: smtp,
    TOCSIN_DATA_DIR: folder,
    TOCSIN_PORT: String(port),
    TOCSIN_CONFIG: resolve(env.TOCSIN_CONFIG || join(root, 'config')),
    ...preset('TOCSIN_PUBLIC_URL', `http://127.0.0.1:${port}`),
    ...preset('TOCSIN_SECRET_KEYS', { file: secrets.secretKeys }),
    ...preset('TOCSIN_ADMIN_TOKEN', { file: secrets.adminToken }),
    ...preset('TOCSIN_DEFAULT_RESPONDER', 'oncall@tocsin.example'),
  };
}

/** What a running local start says of itself in run.json; undefined when there is none. */
export function readRun(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'));
  } catch {
    return undefined;
  }
}
