import { jest } from '@jest/globals';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aBundle, applied, fillWeek } from '../../libs/reports/reports.fixture.js';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { verb } from './report.js';
import { Complaint } from './verb.js';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await fillWeek(db);
});
afterAll(() => db.drop());

async function run(...args: string[]): Promise<string> {
  let printed = '';
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  try {
    expect(await verb.run(args, { TOCSIN_DATABASE_URL: db.url })).toBe(0);
  } finally {
    write.mockRestore();
  }
  return printed;
}

async function complaint(...args: string[]): Promise<Complaint> {
  const error: unknown = await verb.run(args, { TOCSIN_DATABASE_URL: db.url }).catch((thrown: unknown) => thrown);
  if (!(error instanceof Complaint)) throw new Error(`no complaint but ${String(error)}`);
  return error;
}

test('without a bundle it says what to do', async () => {
  expect((await complaint('weekly')).message).toContain('npx tocsin apply');
});

test('a week, a day and an hour are printed as the mail says them, the last one by default', async () => {
  await applied(db, aBundle());
  const weekly = await run('weekly', '--week', '2026-W47');
  expect(weekly).toContain('Weekly monitoring report, 2026-W47: 5 incidents');
  expect(await run('weekly')).toBe(weekly);
  expect(await run('daily', '--day', '2026-11-17')).toContain('Daily monitoring report, 2026-11-17: 2 incidents');
  expect(await run('hourly', '--hour', '2026-11-17T11')).toContain('Hourly monitoring report, 2026-11-17T11+01:00: 2');
});

test('the HTML is written to a file, its chart inside', async () => {
  const file = join(tmpdir(), `tocsin-report-${process.pid}.html`);
  try {
    await run('weekly', '--week', '2026-W47', '--html', file);
    expect(readFileSync(file, 'utf8')).toContain('src="data:image/png;base64,');
  } finally {
    rmSync(file, { force: true });
  }
});

test('what is no period, or not begun, is a sentence', async () => {
  expect(await complaint('weekly', '--week', '2025-W53')).toMatchObject({
    exitCode: 2,
    message: '--week is "2025-W53": wanted a week such as 2026-W47.',
  });
  expect(await complaint('yearly')).toMatchObject({ exitCode: 2 });
  expect(await complaint('weekly', '--day', '2026-11-17')).toMatchObject({ exitCode: 2 });
  expect((await complaint('daily', '--day', '2027-01-01')).message).toContain('has not begun yet');
});
