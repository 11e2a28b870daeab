/** The report of a whole week from a filled database: what it says, and what it never does. */
import { writeFileSync } from 'node:fs';
import { inFile } from './render.js';
import { testDatabase, type TestDatabase } from '../../test/harness/database.js';
import { readFacts } from './facts.repository.js';
import { makeReport } from './make-report.repository.js';
import { parsePeriod } from './period.js';
import type { Rendered } from './render.js';
import type { Report } from './report.js';
import { aBundle, content, fillWeek } from './reports.fixture.js';
import { summarize } from './summarize.js';
import { planInForce } from '../paging/index.js';

const bundle = aBundle();
const week = parsePeriod('weekly', '2026-W47', 'Europe/Berlin')!;
let db: TestDatabase;
let report: Report;
let rendered: Rendered;

beforeAll(async () => {
  db = await testDatabase();
  await fillWeek(db);
  const now = await db.database.now();
  const facts = await readFacts(db.database, week, now, 120);
  report = summarize(facts, week, { ...bundle, plan: planInForce(bundle, 'oncall@example.org').plan });
  rendered = await makeReport(db.database, week, now, { bundle, defaultResponder: 'oncall@example.org', lag: 120 });
});
afterAll(() => db.drop());

test('dump', () => {
  writeFileSync('/tmp/w/report.html', inFile(rendered.html, rendered.chart));
  writeFileSync('/tmp/w/report-noimg.html', rendered.html);
});
