/** Every page against WCAG 2.2 AA by axe: light and dark, on a desk and on a phone, where nothing may stick out. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { type Tocsin, tocsin } from '../harness/tocsin.js';
import { type ConsoleBrowser, consoleBrowser } from './browser.js';
import { manySeen, openIncidents } from './incidents.js';

let running: Tocsin;
let browser: ConsoleBrowser;
let incident: string;

beforeAll(async () => {
  running = await tocsin();
  const opened = await openIncidents(running.db.database, manySeen(4));
  incident = opened[0]?.id ?? '';
  const { api } = running;
  await running.start(['api']);
  const [, second, third] = opened.map(({ id }) => id);
  await api(`/api/v1/incidents/${second}/acknowledge`, { method: 'POST', body: {} });
  await api(`/api/v1/incidents/${third}/resolve`, { method: 'POST', body: { resolution: 'false_positive' } });
  browser = await consoleBrowser(running);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await running?.close();
});

const wcag = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Light and dark, wide and narrow, on the page as it stands. */
async function judge(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.locator(`html[data-mantine-color-scheme="${colorScheme}"]`).waitFor();
    for (const [width, height] of [
      [1440, 900],
      [390, 844],
    ] as const) {
      await page.setViewportSize({ width, height });
      const { violations } = await new AxeBuilder({ page }).withTags(wcag).analyze();
      const where = `${colorScheme} ${width}`;
      for (const { id, nodes } of violations) found.push(`${where}: ${id} at ${nodes[0]?.target.join(' ')}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (wide > 0) found.push(`${where}: ${wide} px stick out`);
    }
  }
  return found;
}

test.each([
  ['the list', '/incidents', '4 incidents, all there are.'],
  ['an empty list', '/incidents?status=open&severity=SEV4', 'No incident matches these filters.'],
  ['the overview', '/overview', 'Throughput of the last hour'],
  ['on call', '/on-call', /^As of/],
  ['reviews', '/reviews', 'Was the detector right?'],
  ['thresholds', '/thresholds', 'No proposal waits.'],
  ['reports', '/reports', /report/],
])('%s meets WCAG 2.2 AA', async (_, path, text) => {
  const page = await browser.open(path);
  await page.getByRole('main').getByText(text).first().waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  expect(await judge(page)).toEqual([]);
  await page.context().close();
});

test('an incident and its dialogs meet WCAG 2.2 AA', async () => {
  const page = await browser.open(`/incidents/${incident}`);
  await page.getByRole('region', { name: 'Timeline' }).getByText('opened', { exact: true }).waitFor();
  await page.getByText('Next: default by email').waitFor();
  expect(await judge(page)).toEqual([]);
  await page.keyboard.press('r');
  await page.getByRole('dialog', { name: /Resolve/ }).waitFor();
  expect(await judge(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  expect(await judge(page)).toEqual([]);
  await page.context().close();
});

test('signing in meets WCAG 2.2 AA', async () => {
  const page = await browser.stranger('/');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await judge(page)).toEqual([]);
  await page.context().close();
});
