import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from './config.js';

const whole = {
  TOCSIN_KAFKA_BROKERS: 'a:9092, b:9092',
  TOCSIN_DATABASE_URL: 'postgres://u:p@h:5432/d',
  TOCSIN_SMTP_URL: 'smtp://relay:25',
  TOCSIN_PUBLIC_URL: 'https://tocsin.example.org/',
  TOCSIN_SECRET_KEYS: 'k'.repeat(32),
  TOCSIN_DEFAULT_RESPONDER: 'oncall@example.org',
  TOCSIN_ADMIN_TOKEN: 't',
};

test('a whole environment is read, with defaults', () => {
  const { config } = readConfig(whole, ['monitor', 'pager', 'api']);
  expect(config).toMatchObject({
    kafka: { brokers: ['a:9092', 'b:9092'], prefix: 'tocsin', group: 'tocsin', tls: false },
    publicUrl: 'https://tocsin.example.org',
    port: 8080,
    configDir: 'config',
  });
  expect(config).not.toHaveProperty('healthPort');
});

test('each missing variable is a sentence that names the app which needs it; an app that does not run needs nothing', () => {
  expect(readConfig({}, ['pager']).problems).toContain(
    'TOCSIN_SMTP_URL (or TOCSIN_SMTP_URL_FILE) is not set: pager needs it (SMTP relay, `smtp://` or `smtps://`; several, comma-separated, are tried in order)',
  );
  expect(readConfig({}, ['pager']).problems?.join()).not.toContain('TOCSIN_KAFKA_BROKERS');
});

test('a secret is read from the file that NAME_FILE names; a file that is not there is said', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-config-'));
  writeFileSync(join(folder, 'token'), 'from-a-file\n');
  const env = { ...whole, TOCSIN_ADMIN_TOKEN: '', TOCSIN_ADMIN_TOKEN_FILE: join(folder, 'token') };
  expect(readConfig(env, ['api']).config?.adminToken).toBe('from-a-file');
  expect(readConfig({ ...env, TOCSIN_ADMIN_TOKEN_FILE: '/nowhere' }, ['api']).problems).toEqual([
    'TOCSIN_ADMIN_TOKEN_FILE names /nowhere, which cannot be read (ENOENT)',
    'TOCSIN_ADMIN_TOKEN (or TOCSIN_ADMIN_TOKEN_FILE) is not set: api needs it (bearer token of the API, and the console’s sign-in)',
  ]);
});

test.each([
  [{ TOCSIN_PORT: 'http' }, 'TOCSIN_PORT is "http": wanted a port, 0 to 65535'],
  [{ TOCSIN_KAFKA_BROKERS: 'kafka' }, 'TOCSIN_KAFKA_BROKERS has "kafka": wanted host:port'],
  [
    { TOCSIN_SECRET_KEYS: 'short' },
    'TOCSIN_SECRET_KEYS has a key of fewer than 32 characters: make one with `openssl rand -hex 32`',
  ],
  [
    { TOCSIN_DATABASE_URL: 'mysql://x' },
    'TOCSIN_DATABASE_URL is not an address of the form postgres:// or postgresql://',
  ],
  [
    { TOCSIN_KAFKA_SASL_MECHANISM: 'gssapi' },
    'TOCSIN_KAFKA_SASL_MECHANISM is "gssapi": wanted plain, scram-sha-256 or scram-sha-512',
  ],
])('a wrong value is named with what was wanted: %j', (change, sentence) => {
  expect(readConfig({ ...whole, ...change }, ['monitor', 'pager', 'api']).problems).toEqual([sentence]);
});
