// One story: people choose to be told, a question waits, mail comes that says nothing, its page is answered on a phone; a note becomes a draft;
// and a server that is killed while a question waits.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isJsonObject, itemsOf, parseJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { freePort } from '@sallyport/testing/free-port';
import { startMailServer, type MailServer } from '@sallyport/testing/mail-server';
import { eventually } from '@sallyport/testing/waiting';
import type { RoomUnderTest } from '../room-under-test.ts';

let room: RoomUnderTest;
let mail: MailServer;
let token = '';
const hook = (command: string): JsonObject => ({
  session_id: 'h',
  cwd: '/home/kim/shop',
  hook_event_name: 'PreToolUse',
  tool_name: 'Bash',
  tool_use_id: `t-${command.length}`,
  tool_input: { command },
});

const waits = (): Promise<string> =>
  eventually({
    what: 'a question waits',
    timeoutMs: 30_000,
    look: async () => {
      const [first] = itemsOf((await approvals())['waiting']);
      return isJsonObject(first) ? String(first['id']) : undefined;
    },
  });

/** Before a command runs; resolves when somebody has answered. */
async function command(text: string): Promise<string> {
  const answer = await room.server.ask({
    method: 'POST',
    path: '/v1/agent/hooks/claude-code',
    headers: { 'content-type': 'application/json', prefer: 'wait=90' },
    body: JSON.stringify(hook(text)),
    timeoutMs: 100_000,
    key: token,
  });
  return answer.text;
}

async function approvals(): Promise<JsonObject> {
  const read: unknown = parseJson((await room.server.ask({ path: '/v1/agent/approvals' })).text);
  assert.ok(isJsonObject(read));
  return read;
}

async function runOf(): Promise<string> {
  const [first] = itemsOf((await approvals())['waiting']);
  assert.ok(isJsonObject(first));
  return String(first['session_id']);
}

/** Told in order, in a house that is killed at its end, in which nothing waits. */
export function agentNoticesStory(house: () => Promise<RoomUnderTest>): void {
  before(async () => {
    room = await house();
    mail = await startMailServer({ port: await freePort() });
  });

  after(() => mail.close());

  test('Who wants to be told chooses it beside where mail may go, and hears what is missing', async () => {
    const { page, server } = room;
    const email = { enabled: true, host: '127.0.0.1', port: mail.port, tls: 'none', from: 'gate@acme.example' };
    const set = await server.askLocally({
      method: 'PUT',
      path: '/v1/authentication/codes/email',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(email),
    });
    assert.equal(set.status, 200, set.text);
    await room.visit('/settings?tab=account', 'Settings');
    const told = page.getByRole('region', { name: 'When agents wait for you' });
    await told.getByLabel('As the organisation says: no mail').waitFor();
    await told.getByLabel('All that you may answer').click();
    await told.getByText('You have no e-mail address here').waitFor();
    await told.getByRole('button', { name: 'Send me one to try' }).click();
    await told.getByText('Nothing was sent: you have no e-mail address here').waitFor();
    await room.atRest('agent-notices-own');
    const section = page.getByRole('region', { name: 'Where we may write to you' });
    await section.getByLabel('E-mail address').fill('ada@example.org');
    await section.getByRole('button', { name: 'Send a code there' }).click();
    await section.getByText('We sent eight digits to').waitFor();
    const [, one = '', two = ''] = /(\d{4}) (\d{4})/.exec(mail.messages.at(-1)?.text ?? '') ?? [];
    await section.getByLabel('The code').fill(`${one} ${two}`);
    await section.getByRole('button', { name: 'Add it' }).click();
    await section.getByText('ada@example.org was added').waitFor();
    await told.getByRole('button', { name: 'Send me one to try' }).click();
    await told.getByText('Sent to a…@example.org: see whether it is there').waitFor();
    assert.deepEqual(mail.messages.at(-1)?.to, ['ada@example.org']);
    await told.scrollIntoViewIfNeeded();
    await room.atRest('agent-notices-tried');
    await room.visit('/people/sign-in-rules', 'Sign-in rules');
    const codes = page.getByRole('region', { name: 'Codes by e-mail and SMS' });
    await codes.getByLabel('Address for a test').fill('kim@example.org');
    await page.keyboard.press('Enter');
    await codes.getByText('It was taken').waitFor();
    assert.deepEqual(mail.messages.at(-1)?.to, ['kim@example.org']);
    await codes.getByText('It was taken').scrollIntoViewIfNeeded();
    await room.atRest('mail-settings-tried');
    await room.visit('/agents/approvals', 'Approvals');
    const others = page.getByRole('region', { name: 'Mail when something waits' });
    await others.getByLabel('People who chose nothing get mail').selectOption('own');
    await eventually({
      what: 'the organisation says so',
      timeoutMs: 30_000,
      look: async () =>
        (await server.ask({ path: '/v1/agent/notices' })).text === '{"mail":"own"}' ? true : undefined,
    });
    await room.atRest('agent-notices-organisation');
  });

  test('Mail says that something waits and nothing else; the link to a question, opened on a phone by somebody not signed in, leads to the question after signing in', async () => {
    const { page } = room;
    const begun = await room.post('/v1/agent/sessions', {
      agent: 'night builder',
      harness: 'claude-code',
      workspace: '/home/kim/shop',
      home: '/home/kim',
      attended: false,
    });
    assert.ok(typeof begun['token'] === 'string' && isJsonObject(begun['agent']));
    ({ token } = { token: begun['token'] });
    const path = `/v1/agents/${String(begun['agent']['id'])}`;
    const body = JSON.stringify({ pack: 'locked-down' });
    const chosen = await room.server.ask({
      method: 'PATCH',
      path,
      headers: { 'content-type': 'application/json' },
      body,
    });
    assert.equal(chosen.status, 200, chosen.text);
    const before = mail.messages.length;
    const answered = command('make deploy');
    const id = await waits();
    // In the ten seconds before anybody is told somebody notes what policy should say.
    const card = page.getByRole('article');
    await card.getByRole('button', { name: 'Propose that policy answers this' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Why').fill('Deploying may always be asked about');
    await dialog.getByRole('button', { name: 'Propose' }).click();
    await card.getByText('Proposed.').waitFor();
    const { text, to } = await eventually({
      what: 'mail comes',
      timeoutMs: 60_000,
      look: async () => mail.messages[before],
    });
    assert.deepEqual(to, ['ada@example.org']);
    assert.match(text, /A question of an AI agent waits for your answer/);
    for (const secret of ['make', 'deploy', 'night', 'builder', 'shop', 'kim'])
      assert.ok(!text.includes(secret), secret);
    // As the link of the mail says it, where the server has a name that others reach: this one has none.
    const link = new URL(`/agents/approvals?question=${id}`, page.url()).href;
    await page.context().clearCookies();
    await page.goto(link);
    await page.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor();
    assert.equal(await page.getByText('make deploy').count(), 0, 'who is not signed in learns nothing of it');
    await room.atRest('agent-notices-link');
    await page.setViewportSize({ width: 360, height: 740 });
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    const waiting = page.getByRole('article').filter({ hasText: 'make deploy' });
    await waiting.getByRole('button', { name: 'Yes, this once' }).waitFor();
    assert.equal(new URL(page.url()).search, `?question=${id}`);
    await page.setViewportSize({ width: 360, height: 740 });
    await waiting.getByRole('button', { name: 'Yes, this once' }).click();
    assert.match(await answered, /"allow"/);
    await room.visit(`/agents/approvals?question=${id}`, 'Approvals');
    await page.getByText('The question you came for waits no more').waitFor();
    await page.setViewportSize({ width: 1440, height: 900 });
    await room.atRest('agent-notices-over');
    await room.server.caughtUp();
    const trail = await room.server.ask({ path: '/v1/audit?action=agent.notice' });
    assert.equal(trail.status, 200, trail.text);
    assert.ok(trail.text.includes(id) && trail.text.includes('a…@example.org') && !trail.text.includes('ada@example'));
  });

  test('A notification of the browser leads to the question it is about, and none is shown where the browser forbids it', async () => {
    const context = await room.browser.newContext({ storageState: await room.page.context().storageState() });
    room.watch(context);
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    // A browser without a window shows none, and says so: what the page asks it for is kept here. Nobody looks at the page.
    await page.addInitScript(`
      window.shown = [];
      window.Notification = class extends EventTarget {
        static permission = localStorage.getItem('test.permission') ?? 'granted';
        constructor(title, { body }) { super(); window.shown.push(Object.assign(this, { title, body })); }
      };
      Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' });
      localStorage.setItem('sallyport.notification', 'true');
    `);
    await page.goto(new URL('/', room.page.url()).href);
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    const answered = command('make package');
    const id = await waits();
    await page.getByText('night builder waits for your answer').waitFor();
    const shown = await page.evaluate<string>('JSON.stringify(window.shown.map(({ title, body }) => [title, body]))');
    assert.equal(shown, JSON.stringify([['An AI agent waits for your answer', 'What it asks stands in the console.']]));
    await page.evaluate("window.shown[0].dispatchEvent(new Event('click'))");
    await page.waitForURL(`**/agents/approvals?question=${id}`);
    await page.getByRole('article').getByRole('button', { name: 'No', exact: true }).click();
    assert.match(await answered, /"deny"/);
    // Taken back: the switch says so, and nothing is shown.
    await page.evaluate("localStorage.setItem('test.permission', 'denied')");
    await page.evaluate("localStorage.removeItem('sallyport.last-question')");
    await page.goto(new URL('/settings', room.page.url()).href);
    const chosen = page.getByRole('switch', { name: 'A notification when this window is not in sight' });
    await chosen.waitFor();
    assert.equal(await chosen.isChecked(), false);
    const again = command('make packages');
    await waits();
    await page.getByText('night builder waits for your answer').waitFor();
    assert.equal(await page.evaluate<number>('window.shown.length'), 0);
    await page.getByRole('link', { name: 'Look at it' }).click();
    await page.getByRole('article').getByRole('button', { name: 'No', exact: true }).click();
    assert.match(await again, /"deny"/);
    await context.close();
  });

  test('A note of somebody who was asked becomes a draft with one press', async () => {
    const { page } = room;
    await room.visit('/agents/policies', 'Policies');
    const proposed = page.getByRole('region', { name: 'Proposed' });
    await proposed.getByText('Deploying may always be asked about').waitFor();
    await room.atRest('agent-proposed');
    await proposed.getByRole('button', { name: 'Make a draft' }).click();
    await page.getByRole('textbox', { name: 'Policy, in Cedar' }).waitFor();
    await proposed.waitFor({ state: 'detached' });
    await page.getByText(/policy understood|policies understood/).waitFor();
    await room.atRest('agent-proposed-draft');
    assert.deepEqual(room.faults, []);
  });

  test('A server that is killed while a question waits lets nothing through, and says so afterwards', async () => {
    const asked = command('make clean').catch((error: unknown) => `no answer: ${String(error)}`);
    const id = await waits();
    room.server.kill('supervisor', 'server', 'sealer', 'store');
    assert.match(await asked, /^no answer: /, 'whoever asked is cut off: a harness and its hook take that for a no');
    await room.server.start();
    const over = itemsOf((await approvals())['answered']).find((one) => isJsonObject(one) && one['id'] === id);
    assert.ok(isJsonObject(over));
    assert.deepEqual([over['answer'], over['words']], ['ended', 'the server began anew']);
    assert.deepEqual((await approvals())['waiting'], []);
    // The same run asks again, and is asked about anew: nothing of before holds.
    const again = command('make clean');
    assert.notEqual(await waits(), id);
    await room.server.ask({ method: 'POST', path: `/v1/agent/sessions/${await runOf()}/end` });
    assert.match(await again, /"deny"/);
  });
}
