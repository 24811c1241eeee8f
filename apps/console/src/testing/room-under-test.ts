import assert from 'node:assert/strict';
import { isJsonObject, parseJson, type JsonObject } from '@sallyport/contracts';
import { createServerUnderTest } from '@sallyport/testing/server-under-test';
import type { ServerUnderTest } from '@sallyport/testing/server-under-test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { addPasskeyDevice, chromiumPath, picture, seriousFaults, showIn, startBrowser, tooWide } from './browser.ts';
import { signUp } from './sign-up.ts';

/** A new server, and a Chromium in which its first administrator, Ada, has signed up. */
export type RoomUnderTest = {
  readonly server: ServerUnderTest;
  readonly browser: Browser;
  readonly page: Page;
  /** What a page logged as an error, or did not catch; refused requests are told by the page itself. */
  readonly faults: readonly string[];
  /** Where pictures go, for what `atRest` does not show. */
  readonly pictures: string | undefined;
  /** Goes to a room, and waits for its heading. */
  visit(path: string, heading: string): Promise<void>;
  /** Looks at the page as it stands, in these colours and at 320 pixels. Pictures only when somebody wants them. */
  atRest(name: string, schemes?: readonly ('dark' | 'light')[]): Promise<void>;
  /** Asks the server for a change, as the operator or with a key or a run's credential; it must be made. */
  post(path: string, body: JsonObject, key?: string): Promise<JsonObject>;
  /** What its pages complain of is a fault as well. */
  watch(context: BrowserContext): void;
  /** Fails where a page complained of anything. */
  end(): Promise<void>;
};

const timeoutMs = 60_000;

export async function openRoom(
  given: {
    readonly flags?: readonly string[];
    readonly permissions?: string[];
    /** Of the server, besides what every test has. */
    readonly environment?: Readonly<Record<string, string>>;
    /** Where pictures go; none are made without. */
    readonly pictures?: string | undefined;
  } = {},
): Promise<RoomUnderTest> {
  const chromium = chromiumPath();
  assert.ok(chromium !== undefined, 'Cannot test the console: there is no Chromium. apt-get install -y chromium');
  const server = createServerUnderTest(given.environment === undefined ? {} : { environment: given.environment });
  await server.start(...(given.flags ?? []));
  const browser = await startBrowser(chromium);
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
    acceptDownloads: true,
    ...(given.permissions === undefined ? {} : { permissions: given.permissions }),
  });
  const faults: string[] = [];
  const watch = (watched: BrowserContext): void => {
    watched.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('Failed to load resource'))
        faults.push(message.text());
    });
    watched.on('weberror', (error) => faults.push(error.error().message));
  };
  watch(context);
  const page = await context.newPage();
  page.setDefaultTimeout(timeoutMs);
  await addPasskeyDevice(context, page);
  await signUp(page, server.output());
  return {
    server,
    browser,
    page,
    faults,
    pictures: given.pictures,
    async visit(path, heading) {
      await page.goto(new URL(path, page.url()).href);
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    },
    async atRest(name, schemes = ['dark', 'light']) {
      if (given.pictures !== undefined) await picture(page, given.pictures, name);
      for (const scheme of schemes) {
        await showIn(page, scheme);
        // All that is not about colours is the same in both.
        const rules: 'all' | 'colours' = scheme === schemes.at(-1) ? 'all' : 'colours';
        assert.deepEqual(await seriousFaults(page, rules), [], `${name}, ${scheme}`);
      }
      await page.setViewportSize({ width: 320, height: 640 });
      assert.deepEqual(await tooWide(page), [], `${name} at 320`);
      await page.setViewportSize({ width: 1440, height: 900 });
    },
    async post(path, body, key) {
      const answer = await server.ask({
        method: 'POST',
        path,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        ...(key === undefined ? {} : { key }),
      });
      assert.ok(answer.status < 300, answer.text);
      const read: unknown = parseJson(answer.text);
      assert.ok(isJsonObject(read));
      return read;
    },
    watch,
    async end() {
      await browser.close();
      await server.end();
      assert.deepEqual(faults, [], 'A page complained');
    },
  };
}
