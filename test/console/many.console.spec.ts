/** The list with 5,000 incidents: the first hundred at once, the rest as asked for, live all the while. */
import { type Tocsin, tocsin } from '../harness/tocsin.js';
import { until } from '../harness/until.js';
import { type ConsoleBrowser, consoleBrowser } from './browser.js';
import { manySeen, openIncidents } from './incidents.js';

let running: Tocsin;
let browser: ConsoleBrowser;

beforeAll(async () => {
  running = await tocsin();
  const seen = manySeen(5_000);
  for (let from = 0; from < seen.length; from += 1_000) {
    await openIncidents(running.db.database, seen.slice(from, from + 1_000));
  }
  await running.start(['api']);
  browser = await consoleBrowser(running);
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await running?.close();
});

test.each([
  ['a table on a wide screen', { width: 1440, height: 900 }, 'table'],
  ['cards on a phone', { width: 390, height: 844 }, 'list'],
] as const)(
  'of 5,000 incidents a hundred are shown as %s, then more, then what is searched for',
  async (_, viewport, role) => {
    const page = await browser.open('/incidents', { viewport });
    const rows = page.locator('[data-incident]');
    await page.getByText('100 incidents loaded, and there are more.').waitFor();
    await page.getByRole(role, { name: 'Incidents, newest first' }).waitFor();
    expect(await rows.count()).toBe(100);
    await page.getByRole('button', { name: 'Load 100 more' }).scrollIntoViewIfNeeded();
    await page.getByText(/^[2-9]00 incidents loaded/).waitFor();
    const last = await rows.last().getByRole('link').innerText();
    expect(last.length).toBeGreaterThan(0);

    await page.getByLabel('Search among the loaded incidents').fill('account-49 lookalike');
    await page.getByText(/^\d+ shown of \d+ incidents loaded/).waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
    await page.context().close();
  },
);

test('what opens on top of many shows at once, and what was loaded below stays', async () => {
  const page = await browser.open('/incidents?status=open');
  await page.getByText('100 incidents loaded, and there are more.').waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  const rows = page.locator('[data-incident]');
  await until(
    'more than the 300 that a live update reads again',
    async () => {
      await rows.last().scrollIntoViewIfNeeded();
      return (await rows.count()) > 300;
    },
    { withinMs: 90_000 },
  );
  const bottom = await rows.last().getAttribute('data-incident');
  await openIncidents(running.db.database, [{ account: 'account-on-top' }]);
  await page.locator('[data-incident]', { hasText: 'account-on-top' }).waitFor();
  expect(await page.locator(`[data-incident="${bottom}"]`).count()).toBe(1);
  await page.context().close();
});
