/** A real Chromium against the real console: signed in once, because sign-in is limited to ten a minute. */
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { type Tocsin } from '../harness/tocsin.js';

/** A loaded machine of two cores may take its time; nothing here waits longer than it has to. */
const patienceMs = 60_000;

export interface ConsoleBrowser {
  /** A page that is signed in as Ann, at `path`. */
  open(path: string, options?: BrowserContextOptions): Promise<Page>;
  /** A page of somebody who is not signed in. */
  stranger(path: string, options?: BrowserContextOptions): Promise<Page>;
  /** What went wrong in any page so far: script errors, refusals by the content security policy, requests to others. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

export async function consoleBrowser({ url, adminToken }: Pick<Tocsin, 'url' | 'adminToken'>): Promise<ConsoleBrowser> {
  const browser: Browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    // Chromium refuses its sandbox to root, and small containers have a small /dev/shm.
    args: ['--disable-dev-shm-usage', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  });
  const complaints: string[] = [];
  const stranger = async (path: string, options: BrowserContextOptions = {}): Promise<Page> => {
    const context = await browser.newContext({
      locale: 'en-GB',
      timezoneId: 'Europe/Berlin',
      viewport: { width: 1440, height: 900 },
      // A dialog that fades in would be judged half transparent.
      reducedMotion: 'reduce',
      ...options,
    });
    context.setDefaultTimeout(patienceMs);
    const page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith('data:')) complaints.push(request.url());
    });
    await page.goto(new URL(path, url).href);
    return page;
  };
  let session: BrowserContextOptions['storageState'];
  return {
    complaints,
    stranger,
    async open(path, options) {
      session ??= await signIn(browser, url, adminToken);
      return stranger(path, { storageState: session, ...options });
    },
    close: () => browser.close(),
  };
}

async function signIn(browser: Browser, url: string, token: string) {
  const context = await browser.newContext();
  const answer = await context.request.post(new URL('/api/v1/session', url).href, {
    data: { token, name: 'Ann' },
    headers: { origin: url },
    timeout: patienceMs,
  });
  if (!answer.ok()) throw new Error(`signing in answered ${answer.status()}: ${await answer.text()}`);
  const state = await context.storageState();
  await context.close();
  return state;
}
