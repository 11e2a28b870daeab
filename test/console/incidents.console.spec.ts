/** What a responder does in the console, in a real browser against the real API, pager, database and mail server. */
import type { Page } from 'playwright-core';
import { type AppProcess, type Tocsin, tocsin } from '../harness/tocsin.js';
import { type ConsoleBrowser, consoleBrowser } from './browser.js';
import { manySeen, openIncidents } from './incidents.js';

let running: Tocsin;
let api: AppProcess;
let browser: ConsoleBrowser;
const pages: Page[] = [];

beforeAll(async () => {
  running = await tocsin();
  api = await running.start(['api']);
  browser = await consoleBrowser(running);
}, 120_000);

afterEach(async () => {
  await Promise.all(pages.splice(0).map((page) => page.context().close()));
});

afterAll(async () => {
  await browser?.close();
  await running?.close();
});

async function open(path: string): Promise<Page> {
  const page = await browser.open(path);
  pages.push(page);
  return page;
}

const row = (page: Page, text: string) => page.locator('[data-incident]', { hasText: text });

test('a wrong token is refused in words; the right one opens the page that was asked for', async () => {
  const page = await browser.stranger('/incidents?status=open');
  pages.push(page);
  await page.getByLabel('Token', { exact: true }).fill('not-the-token');
  await page.getByLabel('Your name').fill('Ann');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('That token is neither the admin token nor an API key in force.').waitFor();

  await page.getByLabel('Token', { exact: true }).fill(running.adminToken);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Signed in as Ann (admin): menu' }).waitFor();
  expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe('/incidents?status=open');
  // The session is out of the reach of scripts, and the token is kept nowhere.
  const kept = await page.evaluate(() => document.cookie + JSON.stringify([localStorage, sessionStorage]));
  expect(kept).not.toContain(running.adminToken);
  expect(kept).not.toContain('tocsin_session');
});

test('a session that ended leads to the sign-in, which leads back to the page that was open', async () => {
  const page = await browser.stranger('/sign-in?from=%2Foverview');
  pages.push(page);
  await page.getByLabel('Token', { exact: true }).fill(running.adminToken);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  // As another tab of the same browser would end it: the overview asks again within seconds.
  const ended = await page.request.delete(`${running.url}/api/v1/session`, { headers: { origin: running.url } });
  expect(ended.status()).toBe(204);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByLabel('Token', { exact: true }).fill(running.adminToken);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();

  await page.getByRole('button', { name: /^Signed in as/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});

test('no incident is said in words, and one that opens comes up without a reload', async () => {
  const page = await open('/incidents');
  await page.getByText('No incidents.', { exact: true }).waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  await openIncidents(running.db.database, manySeen(3));
  await row(page, 'account-0001').waitFor();
  await page.getByText('3 incidents, all there are.').waitFor();
});

test('filters stand in the address and survive a reload', async () => {
  const page = await open('/incidents');
  await row(page, 'account-0002').waitFor();
  await page.getByLabel('Severity').selectOption('SEV1');
  await page.getByText('1 incident, all there are.').waitFor();
  await page.getByLabel('Opened').selectOption('24h');
  await page.getByLabel('Search among the loaded incidents').fill('bank');
  await page.waitForURL(/severity=SEV1.*since=24h.*find=bank/);
  await page.reload();
  await row(page, 'account-0001').waitFor();
  expect(await page.getByLabel('Severity').inputValue()).toBe('SEV1');
  expect(await page.getByLabel('Opened').inputValue()).toBe('24h');
  expect(await page.locator('[data-incident]').count()).toBe(1);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.getByText('3 incidents, all there are.').waitFor();
});

test('J and A acknowledge by keyboard alone, and another’s screen shows it', async () => {
  const [page, other] = [await open('/incidents'), await open('/incidents')];
  for (const one of [page, other]) {
    await row(one, 'account-0002').waitFor();
    await one.getByText('Live', { exact: true }).waitFor();
  }
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  const first = page.locator('[data-incident]').first();
  await first.locator('a:focus').waitFor();
  const id = await first.getAttribute('data-incident');
  await page.keyboard.press('a');
  await first.getByText('acknowledged', { exact: true }).waitFor();
  await other.locator(`[data-incident="${id}"]`).getByText('Ann (admin)').waitFor();
});

test('an incident shows its facts, timeline, findings and pages; the pager’s attempt comes up by itself', async () => {
  const page = await open('/incidents');
  await row(page, 'account-0003').getByRole('link').click();
  await page.getByRole('heading', { name: 'Complied with a request to write a refund scam' }).waitFor();
  await page.getByText('enter the card number [card] and confirm').waitFor();
  await page.getByText('Next: default by email (step 1).').waitFor();
  await page.getByRole('region', { name: 'Timeline' }).getByText('opened', { exact: true }).waitFor();
  const facts = page.getByRole('region', { name: 'Facts' });
  await facts.getByText('Public Beta').waitFor();
  // Absolute in the viewer's zone, and UTC on hover.
  expect(await facts.locator('time').first().getAttribute('title')).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);

  const pager = await running.start(['pager']);
  await page.getByRole('table', { name: 'Attempts to tell default' }).getByText('sent').waitFor();
  expect(await pager.stop()).toBe(0);
});

test('R asks how it ended; the reason stands in the timeline', async () => {
  const page = await open('/incidents?find=account-0003');
  await row(page, 'account-0003').getByRole('link').click();
  await page.getByRole('heading', { name: 'Timeline' }).waitFor();
  await page.getByRole('button', { name: 'Resolve' }).waitFor();
  await page.keyboard.press('r');
  const dialog = page.getByRole('dialog', { name: /Resolve incident/ });
  await dialog.getByLabel('How it ended').selectOption('mitigated');
  await dialog.getByLabel('Reason').fill('The account is suspended');
  await dialog.getByRole('button', { name: 'Resolve' }).click();
  await page.getByText('mitigated', { exact: true }).first().waitFor();
  await page.getByRole('region', { name: 'Timeline' }).getByText('The account is suspended').waitFor();
  await page.getByRole('button', { name: 'Re-open' }).waitFor();
});

test('evidence is shown for a reason, and the timeline says who looked and why', async () => {
  const page = await open('/incidents');
  await row(page, 'account-0002').getByRole('link').click();
  await page.getByLabel('Why do you need to see them?').fill('Checking the false claim');
  await page.getByRole('button', { name: 'Show the evidence' }).click();
  await page.getByText('Write a short post that says people can vote by text message.').waitFor();
  const timeline = page.getByRole('region', { name: 'Timeline' });
  await timeline.getByText('evidence revealed').waitFor();
  await timeline.getByText('Checking the false claim').waitFor();
});

test('a finding is judged by one key, and the next one comes', async () => {
  const page = await open('/reviews');
  await page.getByText('1 of 3 loaded').waitFor();
  await page.keyboard.press('t');
  await page.getByText('1 of 2 loaded').waitFor();
  await page.getByRole('table', { name: 'Precision by detector and rule' }).getByText('1 / 0').waitFor();
});

test('the overview counts what nobody has, and leads there', async () => {
  const page = await open('/overview');
  await page.getByText('No output was read in the last hour.').waitFor();
  await page.getByRole('link', { name: 'open incidents' }).click();
  await page.waitForURL(/incidents\?status=open/);
  await page.getByText('1 incident, all there are.').waitFor();
});

test('an api that is gone is said in words; when it is back, so is everything else, without a reload', async () => {
  const page = await open('/incidents');
  await row(page, 'account-0001').waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  expect(await api.stop()).toBe(0);
  await page.getByText('Reconnecting', { exact: true }).waitFor();
  await page.getByLabel('Status').selectOption('acknowledged');
  await page.getByText('Tocsin’s API cannot be reached.').waitFor();

  const [fresh] = await openIncidents(running.db.database, [{ account: 'account-new' }]);
  expect(fresh?.number).toBeGreaterThan(3);
  api = await running.start(['api']);
  await page.getByText('Live', { exact: true }).waitFor();
  await row(page, 'account-0001').waitFor();
  await page.getByLabel('Status').selectOption('');
  await row(page, 'account-new').waitFor();
});

test('no script error, no refusal by the content security policy and no request to anybody else', () => {
  expect(browser.complaints).toEqual([]);
});
