// A real Chromium against a real server, for tests and for the pictures in the documentation.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';

export type Look = { readonly width: number; readonly height: number; readonly scheme: 'light' | 'dark' };

/** The looks every room is pictured in. */
const looks: readonly Look[] = [
  { width: 1440, height: 900, scheme: 'light' },
  { width: 1440, height: 900, scheme: 'dark' },
  { width: 390, height: 844, scheme: 'light' },
  { width: 390, height: 844, scheme: 'dark' },
];

const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Undefined when there is none on this machine. */
export function chromiumPath(): string | undefined {
  return candidates.find((path) => existsSync(path));
}

/** The same engine without what a window needs: it starts in a third of the time (decisions/0045). */
const headlessShell = '/usr/bin/chromium-headless-shell';

/** For pages alone; without the quicker one, in the given browser. */
export async function startBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath: existsSync(headlessShell) ? headlessShell : executablePath,
    args: ['--no-sandbox', '--headless', '--disable-gpu', '--disable-background-networking'],
  });
}

type Held = readonly {
  readonly credentialId: string;
  readonly isResidentCredential: boolean;
  readonly privateKey: string;
  readonly signCount: number;
}[];

/** A device that holds passkeys; of one page, until another is plugged into it that holds the same. */
type PasskeyDevice = {
  /** The page has one from now on that holds what this one holds by now. */
  plugInto(context: BrowserContext, page: Page): Promise<PasskeyDevice>;
};

/** Gives the page a device that holds passkeys and says yes at once. */
export async function addPasskeyDevice(
  context: BrowserContext,
  page: Page,
  { transport = 'internal', held = [] }: { readonly transport?: 'internal' | 'usb'; readonly held?: Held } = {},
): Promise<PasskeyDevice> {
  const session = await context.newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport,
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  for (const credential of held) await session.send('WebAuthn.addCredential', { authenticatorId, credential });
  return {
    async plugInto(otherContext, otherPage) {
      const { credentials } = await session.send('WebAuthn.getCredentials', { authenticatorId });
      return addPasskeyDevice(otherContext, otherPage, { transport, held: credentials });
    },
  };
}

/** Switches the system's colours, and waits until the page has followed. */
export async function showIn(page: Page, scheme: Look['scheme']): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
  await page.locator(`html[data-mantine-color-scheme="${scheme}"]`).waitFor({ state: 'attached' });
  await settle(page);
}

/** Two frames: what was changed is painted. */
async function settle(page: Page): Promise<void> {
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))');
}

/** One picture in each look, of a page that is at rest. */
export async function picture(page: Page, directory: string, name: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  for (const { width, height, scheme } of looks) {
    await page.setViewportSize({ width, height });
    await showIn(page, scheme);
    await page.waitForTimeout(150);
    await page.screenshot({ path: join(directory, `${name}-${width}-${scheme}.png`) });
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** The elements that stand out of the page to the right, outermost first; none when nothing has to be scrolled sideways. */
export async function tooWide(page: Page): Promise<string[]> {
  await settle(page);
  const found: string[] = await page.evaluate(`(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const out = Array.from(document.querySelectorAll('body *')).filter((element) => element.getBoundingClientRect().right > clientWidth + 1);
    return out.slice(0, 6).map((element) => element.outerHTML.slice(0, 120));
  })()`);
  return found;
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * What axe finds serious or critical, one line each: by all its rules, or by those about colours, for a page looked at
 * already in another scheme. Evaluated through the debugger, which no content policy concerns.
 */
export async function seriousFaults(page: Page, rules: 'all' | 'colours' = 'all'): Promise<string[]> {
  // What is asked for anew stands dimmed until the answer is there.
  await page.locator('[data-stale="true"]').waitFor({ state: 'detached' });
  if (await page.evaluate<boolean>('typeof axe === "undefined"')) await page.evaluate(axeSource);
  const runOnly = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };
  const options = { resultTypes: ['violations'], ...(rules === 'colours' && { runOnly }) };
  const found: AxeResults = await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`);
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => {
      const places = nodes
        .slice(0, 4)
        .map(({ html, failureSummary }) => `${html.slice(0, 120)} ${failureSummary ?? ''}`);
      return `${id}: ${places.join(' | ')}`;
    });
}
