/**
 * The environment, read once. Every variable stands in `variables` with its default and meaning (the README's table is
 * held against it); each app says what it needs, so a missing one is a sentence before anything starts.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

export const appNames = ['monitor', 'verifier', 'pager', 'reporter', 'api'] as const;
export type AppName = (typeof appNames)[number];

export interface Variable {
  readonly default?: string;
  /** Also read from the file that NAME_FILE names; never logged. */
  readonly secret?: boolean;
  readonly neededBy: readonly (AppName | 'verbs')[];
  readonly meaning: string;
}

export const variables = {
  TOCSIN_KAFKA_BROKERS: { neededBy: ['monitor', 'verifier'], meaning: 'Kafka brokers, `host:port`, comma-separated' },
  TOCSIN_KAFKA_TLS: { default: 'false', neededBy: [], meaning: 'speak TLS to Kafka' },
  TOCSIN_KAFKA_CA_FILE: { neededBy: [], meaning: 'PEM file of the authority that signed the brokers’ certificates' },
  TOCSIN_KAFKA_SASL_MECHANISM: { neededBy: [], meaning: '`plain`, `scram-sha-256` or `scram-sha-512`' },
  TOCSIN_KAFKA_SASL_USERNAME: { neededBy: [], meaning: 'SASL user' },
  TOCSIN_KAFKA_SASL_PASSWORD: { secret: true, neededBy: [], meaning: 'SASL password' },
  TOCSIN_DATABASE_URL: {
    secret: true,
    neededBy: ['monitor', 'verifier', 'pager', 'reporter', 'api', 'verbs'],
    meaning: 'PostgreSQL 15 or later, `postgres://user:password@host:port/database`',
  },
  TOCSIN_SMTP_URL: {
    secret: true,
    neededBy: ['pager', 'reporter'],
    meaning: 'SMTP relay, `smtp://` or `smtps://`; several, comma-separated, are tried in order',
  },
  TOCSIN_PUBLIC_URL: { neededBy: ['pager', 'reporter', 'api'], meaning: 'address of the console as people reach it' },
  TOCSIN_SECRET_KEYS: {
    secret: true,
    neededBy: ['pager', 'api'],
    meaning: 'keys of 32 or more characters, comma-separated; the first signs, all verify',
  },
  TOCSIN_DEFAULT_RESPONDER: {
    neededBy: ['monitor', 'pager', 'reporter', 'api'],
    meaning: 'e-mail address the default plan pages',
  },
  TOCSIN_ADMIN_TOKEN: {
    secret: true,
    neededBy: ['api'],
    meaning: 'bearer token of the API, and the console’s sign-in',
  },
  TOCSIN_PORT: { default: '8080', neededBy: [], meaning: 'port of API and console' },
  TOCSIN_HEALTH_PORT: { neededBy: [], meaning: 'port of health and metrics of a process without the api; unset: none' },
  TOCSIN_DATA_DIR: { default: '.tocsin', neededBy: [], meaning: 'folder of the local servers’ data and secrets' },
  TOCSIN_CONFIG: {
    default: 'config',
    neededBy: [],
    meaning: 'folder of policy, plan, identities, watchlist and rules',
  },
  TOCSIN_MAIL_FROM: { default: 'Tocsin <tocsin@localhost>', neededBy: [], meaning: 'sender of e-mails' },
  TOCSIN_TOPIC_PREFIX: { default: 'tocsin', neededBy: [], meaning: 'the word before the dot of each topic' },
  TOCSIN_GROUP: { default: 'tocsin', neededBy: [], meaning: 'Kafka consumer group' },
  TOCSIN_DEMO: { default: '1', neededBy: [], meaning: '`0`: `npm start` plays no sample traffic' },
  TOCSIN_OUTBOUND_ALLOW: {
    default: '',
    neededBy: [],
    meaning:
      'private hosts or `host:port` that webhooks and detectors may call, comma-separated; public ones need none',
  },
  TOCSIN_REPLY_ADDRESS: {
    neededBy: [],
    meaning: 'address of the mailbox that takes replies to pages; unset: a reply does nothing',
  },
  TOCSIN_SLACK_SIGNING_SECRET: {
    secret: true,
    neededBy: [],
    meaning:
      'signing secret of the Slack app whose buttons acknowledge; several, comma-separated, while one is changed',
  },
  TOCSIN_LOG_LEVEL: { default: 'info', neededBy: [], meaning: '`debug`, `info`, `warn` or `error`' },
} satisfies Record<string, Variable>;

export type VariableName = keyof typeof variables;

export interface Config {
  readonly kafka: {
    readonly brokers: readonly string[];
    readonly tls: boolean;
    readonly caFile?: string;
    readonly sasl?: {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      username: string;
      password: string;
    };
    readonly prefix: string;
    readonly group: string;
  };
  readonly databaseUrl: string;
  readonly smtpUrls: readonly string[];
  /** Without a trailing slash. */
  readonly publicUrl: string;
  readonly secretKeys: readonly string[];
  readonly defaultResponder: string;
  readonly adminToken: string;
  readonly port: number;
  readonly healthPort?: number;
  readonly dataDir: string;
  readonly configDir: string;
  readonly mailFrom: string;
  readonly demo: boolean;
  readonly outboundAllow: readonly string[];
  readonly replyAddress?: string;
  readonly slackSigningSecrets: readonly string[];
  readonly logLevel: string;
}

export type ConfigResult =
  | { readonly config: Config; readonly problems?: undefined }
  | { readonly config?: undefined; readonly problems: readonly string[] };

/** Reads `env` for the apps named. Problems are sentences that name the variable, what was found and what is wanted. */
export function readConfig(env: NodeJS.ProcessEnv, needs: readonly (AppName | 'verbs')[]): ConfigResult {
  const problems: string[] = [];
  const value = (name: VariableName): string => {
    const { default: fallback, secret, neededBy } = variables[name] as Variable;
    const found =
      env[name] || (secret ? fromFile(env[`${name}_FILE`], `${name}_FILE`, problems) : undefined) || fallback;
    const asking = neededBy.filter((app) => needs.includes(app));
    if (!found && asking.length > 0) {
      const file = secret ? ` (or ${name}_FILE)` : '';
      problems.push(`${name}${file} is not set: ${asking.join(', ')} needs it (${variables[name].meaning})`);
    }
    return found ?? '';
  };
  const port = (name: VariableName): number | undefined => {
    const text = value(name);
    if (text === '') return undefined;
    const number = Number(text);
    if (!Number.isInteger(number) || number < 0 || number > 65_535) {
      problems.push(`${name} is "${text}": wanted a port, 0 to 65535`);
    }
    return number;
  };
  const list = (name: VariableName) =>
    value(name)
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  const url = (name: VariableName, protocols: readonly string[]) => {
    for (const text of name === 'TOCSIN_SMTP_URL' ? list(name) : [value(name)].filter(Boolean)) {
      if (!protocols.includes(URL.parse(text)?.protocol ?? '')) {
        problems.push(`${name} is not an address of the form ${protocols.map((p) => `${p}//`).join(' or ')}`);
      }
    }
  };

  url('TOCSIN_DATABASE_URL', ['postgres:', 'postgresql:']);
  url('TOCSIN_SMTP_URL', ['smtp:', 'smtps:']);
  url('TOCSIN_PUBLIC_URL', ['http:', 'https:']);
  const brokers = list('TOCSIN_KAFKA_BROKERS');
  for (const broker of brokers) {
    if (!/^[^\s:/]+:\d{1,5}$|^\[[0-9a-f:]+\]:\d{1,5}$/i.test(broker)) {
      problems.push(`TOCSIN_KAFKA_BROKERS has "${broker}": wanted host:port`);
    }
  }
  const secretKeys = list('TOCSIN_SECRET_KEYS');
  if (secretKeys.some((key) => key.length < 32)) {
    problems.push('TOCSIN_SECRET_KEYS has a key of fewer than 32 characters: make one with `openssl rand -hex 32`');
  }
  const responder = value('TOCSIN_DEFAULT_RESPONDER');
  // The plan reads addresses by the same rule.
  if (responder !== '' && !z.email().safeParse(responder).success) {
    problems.push(`TOCSIN_DEFAULT_RESPONDER is "${responder}": wanted an e-mail address`);
  }
  const replyAddress = value('TOCSIN_REPLY_ADDRESS');
  if (replyAddress !== '' && !z.email().safeParse(replyAddress).success) {
    problems.push(`TOCSIN_REPLY_ADDRESS is "${replyAddress}": wanted an e-mail address`);
  }
  const sasl = saslOf(value, problems);
  const healthPort = port('TOCSIN_HEALTH_PORT');
  const caFile = value('TOCSIN_KAFKA_CA_FILE');
  const config: Config = {
    kafka: {
      brokers,
      tls: /^(1|true|yes)$/i.test(value('TOCSIN_KAFKA_TLS')),
      ...(caFile && { caFile }),
      ...(sasl && { sasl }),
      prefix: value('TOCSIN_TOPIC_PREFIX'),
      group: value('TOCSIN_GROUP'),
    },
    databaseUrl: value('TOCSIN_DATABASE_URL'),
    smtpUrls: list('TOCSIN_SMTP_URL'),
    publicUrl: value('TOCSIN_PUBLIC_URL').replace(/\/+$/, ''),
    secretKeys,
    defaultResponder: responder,
    adminToken: value('TOCSIN_ADMIN_TOKEN'),
    port: port('TOCSIN_PORT') ?? 8080,
    ...(healthPort !== undefined && { healthPort }),
    dataDir: value('TOCSIN_DATA_DIR'),
    configDir: value('TOCSIN_CONFIG'),
    mailFrom: value('TOCSIN_MAIL_FROM'),
    demo: value('TOCSIN_DEMO') !== '0',
    outboundAllow: list('TOCSIN_OUTBOUND_ALLOW'),
    ...(replyAddress && { replyAddress }),
    slackSigningSecrets: list('TOCSIN_SLACK_SIGNING_SECRET'),
    logLevel: value('TOCSIN_LOG_LEVEL'),
  };
  return problems.length > 0 ? { problems: [...new Set(problems)] } : { config };
}

function saslOf(value: (name: VariableName) => string, problems: string[]): Config['kafka']['sasl'] {
  const mechanism = value('TOCSIN_KAFKA_SASL_MECHANISM').toLowerCase();
  if (mechanism === '') return undefined;
  if (mechanism !== 'plain' && mechanism !== 'scram-sha-256' && mechanism !== 'scram-sha-512') {
    problems.push(`TOCSIN_KAFKA_SASL_MECHANISM is "${mechanism}": wanted plain, scram-sha-256 or scram-sha-512`);
    return undefined;
  }
  const username = value('TOCSIN_KAFKA_SASL_USERNAME');
  const password = value('TOCSIN_KAFKA_SASL_PASSWORD');
  if (!username || !password) {
    problems.push(
      'TOCSIN_KAFKA_SASL_MECHANISM is set: TOCSIN_KAFKA_SASL_USERNAME and TOCSIN_KAFKA_SASL_PASSWORD are wanted too',
    );
  }
  return { mechanism, username, password };
}

function fromFile(path: string | undefined, name: string, problems: string[]): string | undefined {
  if (!path) return undefined;
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    problems.push(`${name} names ${path}, which cannot be read (${code})`);
    return undefined;
  }
}
