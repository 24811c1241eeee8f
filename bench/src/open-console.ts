import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { BrowserContext, CDPSession, Page } from 'playwright-core';
import type { RunningServer } from './running-server.ts';

/** The console of a running server in a real Chromium, signed in as its first administrator. */
export type OpenConsole = {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly debug: CDPSession;
  readonly version: string;
  close(): Promise<void>;
};

const candidates = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Goes through the setup as a person would, with a passkey. Throws when there is no Chromium on this machine. */
export async function openConsole(server: RunningServer): Promise<OpenConsole> {
  const executablePath = candidates.find((path) => existsSync(path));
  if (executablePath === undefined)
    throw new Error('Cannot open the console: there is no Chromium. apt-get install -y chromium');
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--headless', '--disable-gpu', '--disable-background-networking'],
    // A scroll bar that is not there cannot be dragged.
    ignoreDefaultArgs: ['--hide-scrollbars'],
  });
  try {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const debug = await context.newCDPSession(page);
    await debug.send('WebAuthn.enable');
    await debug.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await page.goto(server.setupLink);
    await page.getByLabel('Your name').fill('Bench');
    await page.getByLabel('Password', { exact: true }).fill('harbour lantern quiet mosaic');
    await page.getByRole('button', { name: 'Create the account' }).click();
    await page.getByRole('button', { name: /Use a passkey/ }).click();
    await page.getByLabel(/I have kept them/).check();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('heading', { name: /You are in/ }).waitFor();
    return { page, context, debug, version: browser.version(), close: () => browser.close() };
  } catch (error) {
    await browser.close();
    throw error;
  }
}
