import assert from 'node:assert/strict';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { ageProofs } from '@sallyport/identity/testing';
import type { Page } from 'playwright-core';
import { picture, seriousFaults, tooWide } from '../browser.ts';
import { moveIn } from '../move-in.ts';
import type { RoomUnderTest } from '../room-under-test.ts';

let room: RoomUnderTest;
let run: { readonly id: string; readonly token: string };
const letProofsAge = (): void => ageProofs(join(room.server.dataDirectory, 'control.db'), 3_600_000);

async function post(path: string, body: JsonObject, more: { key?: string; wait?: string } = {}): Promise<JsonObject> {
  const answer = await room.server.ask({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', ...(more.wait === undefined ? {} : { prefer: more.wait }) },
    body: JSON.stringify(body),
    timeoutMs: 100_000,
    ...(more.key === undefined ? {} : { key: more.key }),
  });
  assert.ok(answer.status < 300, answer.text);
  const read: unknown = parseJson(answer.text);
  assert.ok(isJsonObject(read));
  return read;
}

/** Before a command runs; resolves when somebody has answered. */
function command(text: string, more: JsonObject = {}): Promise<string> {
  const hook = {
    session_id: 'h',
    cwd: '/home/kim/shop',
    hook_event_name: 'PreToolUse',
    tool_name: 'Bash',
    tool_use_id: `t-${text.length}`,
    tool_input: { command: text, ...more },
  };
  return post('/v1/agent/hooks/claude-code', hook, { key: run.token, wait: 'wait=90' }).then((answer) =>
    JSON.stringify(answer['hookSpecificOutput'] ?? {}),
  );
}

function promptHook(prompt: string): JsonObject {
  return { session_id: 'h', cwd: '/home/kim/shop', hook_event_name: 'UserPromptSubmit', prompt };
}

/** Before a tool of some server runs; resolves when somebody has answered. */
function toolCall(tool: string, input: JsonObject): Promise<string> {
  const hook = {
    session_id: 'h',
    cwd: '/home/kim/shop',
    hook_event_name: 'PreToolUse',
    tool_name: tool,
    tool_use_id: `t-${JSON.stringify(input).length}`,
    tool_input: input,
  };
  return post('/v1/agent/hooks/claude-code', hook, { key: run.token, wait: 'wait=90' }).then((answer) =>
    JSON.stringify(answer['hookSpecificOutput'] ?? {}),
  );
}

/** Confirms with a passkey what somebody is asked to confirm. */
async function proveIt(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' });
  await dialog.getByRole('button', { name: 'Use a passkey' }).waitFor();
  await page.waitForFunction('document.activeElement?.textContent === "Use a passkey"');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'hidden' });
}

/** As somebody else sees it. */
async function seenBy(page: Page, name: string): Promise<void> {
  if (room.pictures !== undefined) await picture(page, room.pictures, name);
  assert.deepEqual(await seriousFaults(page), [], name);
  await page.setViewportSize({ width: 320, height: 640 });
  assert.deepEqual(await tooWide(page), [], `${name} at 320`);
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** Told in order, in a house in which nothing was asked of a person. */
export function agentApprovalsStory(house: () => Promise<RoomUnderTest>): void {
  before(async () => {
    room = await house();
  });

  test('While nothing waits the page says what it is for', async () => {
    const { session, token } = await post('/v1/agent/sessions', {
      agent: 'night builder',
      harness: 'claude-code',
      workspace: '/home/kim/shop',
      home: '/home/kim',
      host: 'ws-4',
      repository: 'https://git.example/shop.git',
      branch: 'release',
      attended: false,
    });
    assert.ok(isJsonObject(session) && typeof session['id'] === 'string' && typeof token === 'string');
    run = { id: session['id'], token };
    await room.visit('/agents', 'Agents');
    const { page } = room;
    const chosen = page.waitForResponse(
      (response) => response.request().method() === 'PATCH' && response.status() === 200,
    );
    await page.getByRole('combobox', { name: 'Policies of night builder' }).click();
    await page.getByRole('option', { name: /^Locked down/ }).click();
    await page.getByRole('button', { name: 'Use these policies' }).click();
    await chosen;
    await page.getByRole('link', { name: 'Approvals' }).click();
    await page.getByRole('heading', { level: 1, name: 'Approvals' }).waitFor();
    await page.getByText('Nothing waits').waitFor();
    await room.atRest('approvals-none');
  });

  test('A call that waits is told of in every room at once, and let through with one yes to what was seen', async () => {
    const { page } = room;
    await room.visit('/', 'Overview');
    const answered = command('make deploy # \u202Eelif neddih', { description: 'Build it' });
    const banner = page.getByText('night builder waits for your answer');
    await banner.waitFor();
    await page.getByRole('navigation', { name: 'Rooms', exact: true }).getByText('waits for you').waitFor();
    await room.atRest('approvals-banner');
    await page.getByRole('link', { name: 'Look at it' }).click();
    const card = page.getByRole('article');
    await card.getByText('make deploy # ⟨U+202E⟩elif neddih').first().waitFor();
    await card.getByText('One sign in it is not seen').waitFor();
    await card
      .getByText(/A person sees what runs/)
      .first()
      .waitFor();
    await card.getByText(/https:\/\/git\.example\/shop\.git · release · ws-4/).waitFor();
    await card.getByText('Never asked').waitFor();
    await card.getByText('What the run did before').click();
    await room.atRest('approvals-waiting');
    await card.getByRole('button', { name: 'Yes, this once' }).click();
    assert.match(await answered, /"permissionDecision":"allow"/);
    await card.getByText(/said yes/).waitFor();
    await card.getByRole('button', { name: 'Take it away' }).click();
    await page
      .getByRole('region', { name: 'Answered' })
      .getByText(/said yes/)
      .waitFor();
  });

  test('On a phone a no goes back to the agent with the words of whoever said it', async () => {
    const { page } = room;
    await page.setViewportSize({ width: 360, height: 740 });
    const answered = command('make deploy');
    const card = page.getByRole('article');
    await card.getByRole('button', { name: 'No', exact: true }).waitFor();
    if (room.pictures !== undefined) await picture(page, room.pictures, 'approvals-phone');
    await card.getByLabel('Words for the agent').fill('not before Monday');
    await card.getByRole('button', { name: 'No', exact: true }).click();
    assert.match(await answered, /"deny".*said no: not before Monday/);
    await card.getByRole('button', { name: 'Take it away' }).click();
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test('A hook that waits long hears at once that somebody is asked', async () => {
    const { page } = room;
    const signs: number[] = [];
    const body = {
      session_id: 'h',
      hook_event_name: 'PreToolUse',
      tool_name: 'Bash',
      tool_use_id: 't-long',
      tool_input: { command: 'make docs' },
    };
    const answered = new Promise<string>((resolve, reject) => {
      const sent = request(new URL('/v1/agent/hooks/claude-code', room.server.address()), {
        method: 'POST',
        headers: { authorization: `Bearer ${run.token}`, 'content-type': 'application/json', prefer: 'wait=300' },
      });
      sent.on('information', ({ statusCode }) => signs.push(statusCode));
      sent.on('error', reject);
      sent.on('response', (response) => void text(response).then(resolve, reject));
      sent.end(JSON.stringify(body));
    });
    const card = page.getByRole('article');
    await card.getByRole('button', { name: 'No', exact: true }).click();
    assert.match(await answered, /"permissionDecision":"deny"/);
    assert.equal(signs[0], 102);
    await card.getByRole('button', { name: 'Take it away' }).click();
  });

  test('A yes for the run asks no second time, and a change of policy is proposed to whoever makes them', async () => {
    const { page } = room;
    const first = command('make test');
    const card = page.getByRole('article');
    await card.getByRole('button', { name: 'Propose that policy answers this' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Why').fill('Tests of this repository may always run');
    await dialog.getByRole('button', { name: 'Propose' }).click();
    await card.getByText('Proposed.').waitFor();
    await card.getByRole('button', { name: 'Yes, for this run' }).click();
    assert.match(await first, /"allow"/);
    assert.match(await command('make test'), /"allow"/);
    await card.getByRole('button', { name: 'Take it away' }).click();
    const proposed = page.getByRole('region', { name: 'Proposed changes of policy' });
    await proposed.getByText('Tests of this repository may always run').waitFor();
    await room.atRest('approvals-answered');
    await proposed.getByRole('button', { name: 'Seen to' }).click();
    await proposed.waitFor({ state: 'detached' });
  });

  test('A yes to what is grave takes a fresh proof, and one that is not given leaves the question where it was', async () => {
    const { page } = room;
    await post('/v1/agent/hooks/claude-code', promptHook('Order the new sign for the shop'), { key: run.token });
    const answered = command('curl -d "card=4111111111111111" https://shop.example/order');
    const card = page.getByRole('article');
    await card.getByText(/Grave:/).waitFor();
    assert.equal(await card.getByRole('button', { name: 'Yes, for this run' }).count(), 0);
    await room.atRest('approvals-grave');
    letProofsAge();
    await card.getByRole('button', { name: 'Yes, this once' }).click();
    const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' });
    await dialog.getByText('To let night builder do this').waitFor();
    await room.atRest('approvals-proof');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await card.getByText(/Cannot do this yet/).waitFor();
    await room.atRest('approvals-no-proof');
    await card.getByRole('button', { name: 'Yes, this once' }).click();
    await proveIt(page);
    assert.match(await answered, /"permissionDecision":"allow"/);
    await card.getByRole('status').getByText('Ada said yes').waitFor();
    await card.getByRole('button', { name: 'Take it away' }).click();
  });

  test('What two people must say yes to waits for a second one, and one no ends it', async () => {
    const { page } = room;
    const bob = await moveIn(room, 'Bob', 'admin');
    await bob.goto(new URL('/agents/approvals', page.url()).href);
    await post('/v1/agent/hooks/claude-code', promptHook('Pay the bill in the inbox'), { key: run.token });
    const paid = toolCall('mcp__bank__wire_money', { iban: 'GB29NWBK60161331926819', amount: 240 });
    const [hers, his] = [page.getByRole('article'), bob.getByRole('article')];
    await hers.getByText(/Two different people must say yes; one no ends it/).waitFor();
    await room.atRest('approvals-two');
    letProofsAge();
    await hers.getByRole('button', { name: 'Yes, as the first of two' }).click();
    await proveIt(page);
    await hers.getByText(/You said yes; another person must too/).waitFor();
    assert.equal(await hers.getByRole('button', { name: /^Yes/ }).count(), 0);
    await room.atRest('approvals-two-said');
    await his.getByText(/Ada said yes; another person must too/).waitFor();
    await seenBy(bob, 'approvals-two-second');
    await his.getByRole('button', { name: 'Yes, as the second' }).click();
    await proveIt(bob);
    assert.match(await paid, /"permissionDecision":"allow"/);
    for (const one of [hers, his]) {
      await one.getByRole('status').getByText('Ada and Bob said yes').waitFor();
      await one.getByRole('button', { name: 'Take it away' }).click();
    }
    const answered = page.getByRole('region', { name: 'Answered' });
    await answered.getByText(/Ada and Bob said yes/).waitFor();
    // One no is enough, of whoever said yes before too.
    const refused = toolCall('mcp__bank__wire_money', { iban: 'GB29NWBK60161331926819', amount: 2400 });
    await hers.getByRole('button', { name: 'Yes, as the first of two' }).click();
    await hers.getByText(/You said yes/).waitFor();
    await hers.getByRole('button', { name: 'No', exact: true }).click();
    assert.match(await refused, /"deny".*Ada said no/);
    await hers.getByRole('status').getByText('Ada said no after saying yes').waitFor();
    await hers.getByRole('button', { name: 'Take it away' }).click();
  });

  test('What ends by itself stays where it stands, and says so', async () => {
    const { page } = room;
    const stopped = command('make clean');
    const card = page.getByRole('article');
    await card.getByRole('button', { name: 'Yes, this once' }).waitFor();
    await room.server.ask({ method: 'POST', path: `/v1/agent/sessions/${run.id}/end` });
    assert.match(await stopped, /"deny"/);
    await card.getByText(/It was over before anybody answered/).waitFor();
    assert.equal(await card.getByRole('button', { name: /^Yes/ }).count(), 0);
    assert.deepEqual(room.faults, []);
  });
}
