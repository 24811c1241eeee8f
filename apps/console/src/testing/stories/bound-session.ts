import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ageProofs, ageTokens } from '@sallyport/identity/testing';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { lookAt } from '../look-at.ts';
import { moveIn } from '../move-in.ts';
import type { RoomUnderTest } from '../room-under-test.ts';

let room: RoomUnderTest;
/** What the browser says it is: a thief says the same, or is told by that alone. */
let agent = '';

const file = (): string => join(room.server.dataDirectory, 'control.db');

async function newPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  return page;
}

const show = (page: Page, name: string): Promise<void> => lookAt(page, name, room.pictures);

/** The line of the session that looks. */
const thisOne = (page: Page): Locator => page.getByRole('listitem').filter({ hasText: 'This one' });

async function onlyCookie(context: BrowserContext): Promise<{ readonly name: string; readonly value: string }> {
  const [cookie, ...others] = await context.cookies();
  assert.ok(cookie !== undefined && others.length === 0);
  return cookie;
}

/** As whoever copied the cookies of the browser, and has nothing else of it. */
function asThief(
  cookie: string,
  request: { method?: string; path: string },
): Promise<{ status: number; text: string }> {
  const origin = new URL(room.server.address()).origin;
  const { method = 'GET', path } = request;
  const headers = { cookie, 'user-agent': agent, 'x-sallyport': '1', origin, 'sec-fetch-site': 'same-origin' };
  return fetch(`${origin}${path}`, { method, headers }).then(async (response) => ({
    status: response.status,
    text: await response.text(),
  }));
}

/** Ends the house: from then on administrators have one session. */
export function boundSessionStory(house: () => Promise<RoomUnderTest>): void {
  test('A session lives in the browser it was begun in: elsewhere a copied cookie dies, and does nothing grave before', async () => {
    room = await house();
    const page = await moveIn(room, 'Bonnie', 'admin');
    const context = page.context();
    const home = new URL('/', page.url()).href;
    agent = await page.evaluate<string>('navigator.userAgent');
    await page.goto(`${home}people?tab=sessions`);
    await thisOne(page).getByText('Bound to the browser').waitFor();
    await page.getByRole('heading', { name: 'How long sessions last' }).waitFor();
    await show(page, 'sessions');

    // No script reads the key out, the page's own included.
    const exported = await page.evaluate<string>(`new Promise((resolve, reject) => {
      const opened = indexedDB.open('sallyport', 1);
      opened.onerror = reject;
      opened.onsuccess = () => {
        const read = opened.result.transaction('keys').objectStore('keys').get('browser');
        read.onsuccess = () =>
          crypto.subtle.exportKey('jwk', read.result.privateKey).then(() => resolve('exported'), (error) => resolve(error.name));
      };
    })`);
    assert.equal(exported, 'InvalidAccessError');

    // Copied, the cookie reads for a while, and does nothing grave though they have just proved who they are.
    const { name, value } = await onlyCookie(context);
    const copied = `${name}=${value}`;
    assert.equal((await asThief(copied, { path: '/v1/session' })).status, 200);
    const grave = await asThief(copied, { method: 'POST', path: '/v1/account/recovery-codes' });
    assert.match(grave.text, /key_proof_required/);
    assert.match((await asThief(copied, { method: 'POST', path: '/v1/session/refresh' })).text, /key_proof_required/);
    assert.match((await asThief(copied, { method: 'POST', path: '/v1/session/step-up' })).text, /key_proof_required/);

    // Five minutes later it is good for nothing. The page does not notice, in two tabs at once.
    ageTokens(file(), 300_000);
    assert.match((await asThief(copied, { path: '/v1/session' })).text, /session_stale/);
    const rules = await newPage(context);
    await Promise.all([page.goto(`${home}settings?tab=account`), rules.goto(`${home}people?tab=sessions`)]);
    await page.getByRole('heading', { name: 'Where you are signed in' }).waitFor();
    await page.getByText('Bound to the browser').waitFor();
    await thisOne(rules).getByText('Bound to the browser').waitFor();
    await show(page, 'own-sessions');
    const { value: renewed } = await onlyCookie(context);
    assert.notEqual(renewed, value);

    // What is grave goes on by itself for whoever has the key, with the cookie gone stale meanwhile.
    ageTokens(file(), 300_000);
    ageProofs(file(), 3_600_000);
    await page.getByRole('button', { name: 'Make new ones' }).click();
    await page.getByRole('button', { name: 'Make new codes' }).click();
    const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' });
    await dialog.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByLabel('Recovery codes').getByRole('listitem').nth(9).waitFor();

    // Rules: an administrator requires the key of everybody, and has one.
    await rules.getByLabel('Viewer: minutes unused').fill('10');
    await rules.getByLabel('Administrator: only bound to a browser').check();
    await show(rules, 'session-rules');
    await rules.getByRole('button', { name: 'Save' }).click();
    await rules.getByText('It holds for open sessions at once').waitFor({ state: 'detached' });
    await rules.reload();
    await rules.getByLabel('Viewer: minutes unused').waitFor();
    assert.equal(await rules.getByLabel('Viewer: minutes unused').inputValue(), '10');
    assert.equal(await rules.getByLabel('Administrator: only bound to a browser').isChecked(), true);

    // One session at a time, and they are asked: in a second browser they choose.
    await rules.getByLabel('Administrator: sessions at once').fill('1');
    await rules.getByText('Ask them').click();
    await rules.getByRole('button', { name: 'Save' }).click();
    await rules.getByText('It holds for open sessions at once').waitFor({ state: 'detached' });

    // The copy of a token that was replaced comes back: it tells, and ends the session for both.
    ageTokens(file(), 120_000);
    assert.match((await asThief(copied, { path: '/v1/session' })).text, /session_unknown|session_reused/);
    const { value: current } = await onlyCookie(context);
    assert.notEqual(current, value);
    // The browser that lost its key signs in again, however good its cookie.
    await page.evaluate(`new Promise((resolve, reject) => {
      const gone = indexedDB.deleteDatabase('sallyport');
      gone.onsuccess = resolve;
      gone.onerror = reject;
    })`);
    ageTokens(file(), 300_000);
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();

    // The session that nobody can use any more is the one too many; which is said, and theirs to end.
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    const tooMany = page.getByRole('dialog', { name: 'You are signed in elsewhere' });
    await tooMany.getByText('1 session at a time').waitFor();
    await show(page, 'too-many-sessions');
    await tooMany.getByRole('button', { name: 'End the oldest and go on' }).click();
    await page.getByRole('heading', { name: 'Where you are signed in' }).waitFor();
    await page.getByText('This one').waitFor();
    assert.equal(await page.getByRole('button', { name: /^End it/ }).count(), 0);
  });
}
