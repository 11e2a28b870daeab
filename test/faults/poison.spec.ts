/**
 * Promise 3: whatever stands in a record, the partition goes on, and what can be judged is judged. All of it comes by
 * the public topics, and each bad record is followed by a good one of its partition.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigResourceTypes } from 'kafkajs';
import { runJava } from '../harness/kafka.js';
import { output } from '../harness/events.js';
import { ofRules, patiently, type ApiFinding, type ApiIncident } from '../harness/reading.js';
import { tocsin, type AppProcess, type Tocsin } from '../harness/tocsin.js';
import { phrases, truth, truthPolicy, truthRules } from '../harness/truth.js';
import { until } from '../harness/until.js';

const slowRule = `title: Slow
id: 7c0ffee0-0000-4000-8000-00000000000f
logsource: { product: tocsin, category: output }
detection:
  seen:
    output.text|re: '(a+)+(b|c+)*(a|aa)*([a-z]+d)*!final!'
  condition: seen
level: high
`;
let running: Tocsin;
let monitor: AppProcess;

beforeAll(async () => {
  running = await tocsin({
    config: { 'policy.yml': truthPolicy, ...truthRules(), 'rules/slow/rule.yml': slowRule },
    partitions: 1,
  });
  await running.start(['api']);
  monitor = await running.start(['monitor']);
}, 180_000);
afterAll(() => running?.close(), 60_000);

/** Produces `values`, then an output that opens an incident of its own, and waits for that. */
async function andThen(values: readonly (object | string | Buffer | null)[]): Promise<void> {
  const account = `after-${randomUUID()}`;
  await running.produce('outputs', values);
  await running.produce('outputs', [output({ account, text: `behind it: ${phrases[2]}` })]);
  await incidentOf(account);
  expect(monitor.running()).toBe(true);
}

function incidentOf(account: string): Promise<ApiIncident> {
  return until(
    `the incident of ${account}`,
    async () => (await ofRules(running)).find(({ key }) => key['account'] === account),
    patiently,
  );
}

test('nobody hides behind a NUL or a lone surrogate: such an output is judged, and its account is named', async () => {
  const surrogate = String.fromCharCode(0xd800);
  const nul = String.fromCharCode(0);
  await andThen([
    output({ account: 'nul', text: `before${nul}after ${phrases[0]} ${nul}` }),
    output({ account: 'lone', text: `half ${surrogate} a letter, ${phrases[0]}`, id: `lone ${surrogate}` }),
    output({ account: `in${nul}side${surrogate}`, text: phrases[0] }),
  ]);
  expect((await incidentOf('nul')).findings).toBe(1);
  expect((await incidentOf('lone')).findings).toBe(1);
  const strange = (await ofRules(running)).filter(({ key }) => /^in.side.?$/u.test(key['account'] ?? ''));
  expect(strange).toHaveLength(1);
});

test('records that say nothing are dead letters, each once, and their content is never listed', async () => {
  const bad = [
    null,
    Buffer.alloc(0),
    Buffer.from([0xff, 0xfe, 0x00, 0x01]),
    '{"specversion":"1.0","secretword":',
    '[]',
    '{"specversion":"1.0","type":"tocsin.output.v1","source":"s","id":"no data secretword"}',
    `${'['.repeat(50_000)}secretword`,
  ];
  await andThen(bad);
  const { stdout, code } = await running.verb(['deadletters', 'list']);
  expect(code).toBe(0);
  expect(stdout).not.toContain('secretword');
  const letters = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { reason: string; offset: number });
  expect(letters).toHaveLength(bad.length);
  expect(new Set(letters.map(({ offset }) => offset)).size).toBe(bad.length);
}, 240_000);

test('1 MiB of the worst that a rule can be given is judged in linear time', async () => {
  const worst = 'a'.repeat(1024 * 1024 - 4_000);
  const began = performance.now();
  await andThen([output({ account: 'worst', text: worst })]);
  await andThen([output({ account: 'worst', text: worst.replaceAll('aa', 'ab') })]);
  // Backtracking would take longer than the sun has.
  expect(performance.now() - began).toBeLessThan(120_000);
}, 240_000);

test('what PostgreSQL refuses costs its own record alone', async () => {
  await running.db.database.query(`
    create function tocsin.refuse() returns trigger language plpgsql as $$
    begin
      if new::text like '%refuse-me%' then raise exception 'refused' using errcode = '22023'; end if;
      return new;
    end $$`);
  await running.db.database.query(
    'create trigger refuse before insert on tocsin.finding for each row execute function tocsin.refuse()',
  );
  const before = (await running.verb(['deadletters', 'list'])).stdout.trim().split('\n').length;
  const good = Array.from({ length: 40 }, (_, n) => output({ account: `good-${n}`, text: phrases[1] }));
  await andThen([
    ...good.slice(0, 20),
    output({ id: 'refuse-me', account: 'refuse-me', text: phrases[1] }),
    ...good.slice(20),
  ]);
  await running.db.database.query('drop trigger refuse on tocsin.finding');
  const open = await ofRules(running);
  expect(open.filter(({ key }) => key['account']?.startsWith('good-'))).toHaveLength(40);
  expect(open.filter(({ key }) => key['account'] === 'refuse-me')).toEqual([]);
  expect((await running.verb(['deadletters', 'list'])).stdout.trim().split('\n')).toHaveLength(before + 1);
}, 240_000);

test('a record timestamp of -1 or of the year 2100 counts as now, and its output is judged', async () => {
  // A broker of today refuses the future unless told otherwise; older ones and mirrors do not.
  await running.admin.alterConfigs({
    validateOnly: false,
    resources: [
      {
        type: ConfigResourceTypes.TOPIC,
        name: running.topic('outputs'),
        configEntries: [{ name: 'message.timestamp.after.max.ms', value: '9223372036854775807' }],
      },
    ],
  });
  for (const [account, timestamp] of [
    ['timeless', '-1'],
    ['future', String(Date.UTC(2100, 0, 1))],
  ] as const) {
    const { time: _, ...event } = output({ account, text: phrases[0] });
    await running.producer.send({
      topic: running.topic('outputs'),
      messages: [{ value: JSON.stringify(event), partition: 0, timestamp }],
    });
    const { id } = await incidentOf(account);
    const [finding] = await running.list<ApiFinding & { at: string }>(`/api/v1/incidents/${id}/findings`);
    expect(Math.abs(Date.parse(finding!.at) - Date.now())).toBeLessThan(600_000);
  }
});

const javaProducer = `
import java.nio.file.*;
import java.util.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.serialization.*;
public class Main {
  public static void main(String[] args) throws Exception {
    List<String> lines = Files.readAllLines(Path.of(args[2]));
    String[] codecs = args[3].split(",");
    int each = (lines.size() + codecs.length - 1) / codecs.length;
    for (int c = 0; c < codecs.length; c++) {
      Properties p = new Properties();
      p.put("bootstrap.servers", args[0]);
      p.put("compression.type", codecs[c]);
      p.put("linger.ms", "50");
      try (KafkaProducer<String, String> producer = new KafkaProducer<>(p, new StringSerializer(), new StringSerializer())) {
        for (String line : lines.subList(c * each, Math.min(lines.size(), (c + 1) * each)))
          producer.send(new ProducerRecord<>(args[1], line));
      }
    }
  }
}`;

test('what a Java producer compresses by gzip, snappy, lz4 and zstd is found to the last record', async () => {
  const part = truth(500, 1_000);
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-lines-'));
  try {
    const file = join(folder, 'lines');
    writeFileSync(file, part.values.map((value) => JSON.stringify(value)).join('\n'));
    await runJava(javaProducer, [running.brokers, running.topic('outputs'), file, 'gzip,snappy,lz4,zstd']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const own = async () => (await ofRules(running)).filter(({ key }) => key['account']?.startsWith('account-500-'));
  await until(
    'every finding',
    async () => (await own()).reduce((sum, { findings }) => sum + findings, 0) >= part.findings.size,
    patiently,
  );
  const found: string[] = [];
  for (const { id } of await own())
    for (const { event, rule } of await running.list<ApiFinding>(`/api/v1/incidents/${id}/findings`))
      found.push(`${event?.id}|${rule}`);
  expect(found.sort()).toEqual([...part.findings].sort());
  expect((await own()).map(({ rule, key }) => `${rule}|${key['account']}`).sort()).toEqual([...part.incidents].sort());
}, 300_000);
