import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ageProofs } from '@sallyport/identity/testing';
import { freePort } from '@sallyport/testing/free-port';
import { heldSocket } from '@sallyport/testing/held-socket';
import { repositoryRoot } from '@sallyport/testing/server-under-test';
import type { Page } from 'playwright-core';
import { openRoom } from './testing/room-under-test.ts';
import type { RoomUnderTest } from './testing/room-under-test.ts';

// One story, told in order: each test goes on where the one before it stopped.
const pictures = process.env['SALLYPORT_PICTURES'];
let room: RoomUnderTest;
let page: Page;
let sensor: ChildProcess | undefined;

const sshLine = 'Nov 22 04:30:00 web-01 sshd[811]: Failed password for root from 203.0.113.9 port 4711 ssh2';
const attack = `<img src=x onerror="window.hit=1"><script>window.hit=1</script>"'><a href="javascript:window.hit=1">x</a>\u202e`;

before(async () => {
  room = await openRoom({ pictures, permissions: ['clipboard-read', 'clipboard-write'] });
  page = room.page;
});

after(async () => {
  sensor?.kill('SIGKILL');
  await room.end();
});

/** What the copy button of the first snippet with this text in it puts where it is pasted from. */
async function copied(within: string): Promise<string> {
  await page.locator('.copy-block').filter({ hasText: within }).first().getByRole('button', { name: /^Copy/ }).click();
  const text: string = await page.evaluate('navigator.clipboard.readText()');
  return text;
}

async function send(key: string, path: string, body: string, type = 'text/plain'): Promise<number> {
  const scheme = path.startsWith('/services') ? 'Splunk' : 'Bearer';
  const answer = await fetch(new URL(path, room.server.address()), {
    method: 'POST',
    headers: { authorization: `${scheme} ${key}`, 'content-type': type },
    body,
  });
  await answer.text();
  return answer.status;
}

/** Waits until what says this has the focus. */
async function focusOn(text = ''): Promise<void> {
  await page.waitForFunction(`document.activeElement.textContent === ${JSON.stringify(text)}`);
}

const waiting = () => page.getByRole('region', { name: 'The first event' });

test('An empty room leads to adding a source, with the keyboard alone', async () => {
  await room.visit('/sources', 'Sources');
  await page.getByRole('heading', { name: 'No source yet' }).waitFor();
  await room.atRest('sources-empty');
  await page.getByRole('link', { name: 'Add a source' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'What sends?' }).waitFor();
  await room.atRest('sources-add');
  await page.getByLabel('Find a sender').fill('splunk hec anything');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'From Anything that speaks Splunk HEC' }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get('kind'), 'splunk-hec');
});

test('Three clicks make a key, and the page that shows it sees a wrong key refused and says what to do', async () => {
  assert.equal(await page.getByLabel('Name of the source').inputValue(), 'splunk-hec');
  await page.getByLabel('Name of the source').fill('not a name');
  assert.ok(await page.getByRole('button', { name: 'Make its key' }).isDisabled());
  await page.getByLabel('Name of the source').fill('orders');
  await page.keyboard.press('Enter');
  await waiting().getByText('Waiting for the first event').waitFor();
  await focusOn('Copy, and see it arrive');
  await room.atRest('sources-waiting');
  assert.equal(await send('sp_wrong', '/services/collector/event', '{"event":"x"}'), 403);
  await waiting()
    .getByText(/Refused: the key is wrong/)
    .waitFor();
  await waiting()
    .getByText(/Copy the key again/)
    .waitFor();
  await room.atRest('sources-refused');
});

test('The copied text holds the key, and the first event is shown as it was understood, as text', async () => {
  const key = await page.getByText(/^sp_\w+$/).innerText();
  assert.match(await copied(key), /services\/collector/);
  assert.equal(await page.getByText(/\{\{\w+\}\}/).count(), 0);
  const event = { event: { message: `order ${attack}`, time: Date.now() }, host: attack };
  assert.equal(await send(key, '/services/collector/event', JSON.stringify(event)), 200);
  await waiting().getByText('Received').first().waitFor();
  await waiting().getByRole('heading', { name: 'The first event' }).waitFor();
  await waiting().getByText('<img src=x').first().waitFor();
  assert.equal(await page.evaluate('window.hit ?? null'), null);
  await room.atRest('sources-received');
  await waiting().getByRole('link', { name: 'Search its events' }).click();
  await page.locator('.tail-line').getByText('1 event').waitFor();
  // Who reloads the page of the key does not see it again.
  await page.goBack();
  await page.getByRole('button', { name: 'Make its key' }).waitFor();
  assert.equal(await page.getByText(key).count(), 0);
});

test('A first request that is refused and an unreadable first event are told with their reasons', async () => {
  await room.visit('/sources/add?kind=curl', 'Add a source');
  await page.getByRole('button', { name: 'Make its key' }).click();
  const key = await page.getByText(/^sp_\w+$/).innerText();
  // Over plain HTTP there is no authority to fetch, so nothing that is copied asks for one.
  assert.doesNotMatch(await copied('events.ndjson'), /authority|cacert/);
  assert.equal(await page.getByText(/authority\.pem/).count(), 0);
  assert.equal(await send(key, '/v1/events', 'x', 'image/png'), 415);
  await waiting()
    .getByText(/Refused: the content type is none that is read/)
    .waitFor();
  assert.equal(await send(key, '/v1/events', 'this is no JSON', 'application/x-ndjson'), 200);
  await waiting()
    .getByText(/could not be read: not JSON/)
    .waitFor();
  await waiting()
    .getByText(/Nothing is lost/)
    .waitFor();
});

test('A syslog listener says what it opens, hears its first sender, and gives it a name', async () => {
  const port = await freePort();
  await room.visit('/sources/add?kind=logger', 'Add a source');
  await page.getByLabel('Port', { exact: true }).fill(String(port));
  await page.getByText(`This opens TCP port ${port} on every address`).waitFor();
  await page.getByLabel('Who may send').fill('192.0.2.0/24');
  await page.getByRole('button', { name: `Open port ${port}` }).click();
  await waiting().getByText('Waiting for the first event').waitFor();
  using stranger = heldSocket(connect(port, '127.0.0.1'));
  stranger.resume();
  await waiting()
    .getByText(/Refused \d+ times?: its address may not send/)
    .waitFor();
  await page.getByRole('button', { name: 'Choose something else' }).click();
  await page.getByRole('button', { name: /^logger/ }).click();
  await page.getByLabel('Who may send').fill('127.0.0.0/8');
  await page.getByRole('button', { name: 'Let them send' }).click();
  await waiting().getByText('Waiting for the first event').waitFor();
  using sender = heldSocket(connect(port, '127.0.0.1'));
  sender.end(
    `<34>1 ${new Date().toISOString()} gate sshd 811 - - Failed password for root from 203.0.113.9 port 4711 ssh2\n`,
  );
  await waiting().getByText('Received').first().waitFor();
  await waiting().getByText('gate').first().waitFor();
  await room.atRest('sources-listener');
  await waiting().getByLabel('What to call it').fill('Gate, ground floor');
  // Going elsewhere in the same moment would take back what was sent.
  const saved = page.waitForResponse((response) => response.request().method() === 'PUT' && response.ok());
  await waiting().getByRole('button', { name: 'Save' }).click();
  await saved;
  await room.visit('/sources', 'Sources');
  await page.getByRole('link', { name: 'Gate, ground floor' }).waitFor();
  await room.visit('/settings', 'Settings');
  await page.getByRole('button', { name: 'Close syslog over TCP' }).click();
  await page.getByText('None is open.').waitFor();
});

test('A dropped file is a source that goes by its name', async () => {
  await room.visit('/sources/add?kind=file', 'Add a source');
  // What cannot be read as it is makes neither a key nor a source.
  const zip = { name: 'attack.zip', mimeType: 'application/zip', buffer: Buffer.from('PK\u0003\u0004…') };
  await page.locator('input[type="file"]').setInputFiles(zip);
  await page.getByText('Not sent: attack.zip').waitFor();
  const buffer = Buffer.from(`${sshLine}\n${sshLine.replace('root', 'alice')}\n`);
  await page.locator('input[type="file"]').setInputFiles({ name: 'auth old.log', mimeType: 'text/plain', buffer });
  await page.getByText('Received: 2 events of auth old.log').waitFor();
  await page.getByRole('heading', { name: 'The first event' }).waitFor();
  await room.visit('/', 'Overview');
  await page.getByRole('link', { name: 'auth old.log' }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'attack.zip' }).count(), 0);
});

test('The list is filtered in the address and gone through by keyboard', async () => {
  const many = Array.from({ length: 12 }, (_, at) => sshLine.replace('203.0.113.9', `203.0.113.${at}`)).join('\n');
  assert.equal(await send(room.server.keys().ingest, '/v1/events?source=web-01', many), 200);
  assert.equal(
    await send(room.server.keys().ingest, '/v1/events?source=web-01', 'broken', 'application/x-ndjson'),
    200,
    'one of it is kept as received',
  );
  await room.server.caughtUp();
  await room.visit('/sources', 'Sources');
  await page.getByRole('link', { name: 'web-01' }).waitFor();
  await room.atRest('sources');
  await page.getByLabel('Find a source').fill('web');
  await page.waitForURL(/q=web/);
  const names = page.getByRole('list', { name: 'Sources' }).getByRole('link');
  assert.deepEqual(await names.allInnerTexts(), ['web-01']);
  await page.getByLabel('Find a source').fill('nothing like it');
  await page.getByText('No source fits.').waitFor();
  await page.getByRole('button', { name: 'Show all' }).click();
  await names.first().focus();
  await page.keyboard.press('j');
  await focusOn((await names.allInnerTexts())[1]);
  await page.keyboard.press('k');
  await focusOn((await names.allInnerTexts())[0]);
});

test('The page of a source shows rate, fields, a sample beside its original, and what was not read', async () => {
  await page.getByRole('link', { name: 'web-01' }).click();
  await page.getByRole('heading', { level: 1, name: 'web-01' }).waitFor();
  await page.getByRole('img', { name: /13 accepted, 0 refused/ }).waitFor();
  await page.getByRole('link', { name: 'src_endpoint.ip' }).waitFor();
  await page.getByText('Kept as received: not JSON').waitFor();
  await page.getByRole('button', { name: 'An older one' }).click();
  await page.getByRole('heading', { name: 'As received' }).waitFor();
  await page.getByText('Failed password for root').first().waitFor();
  await room.atRest('source');
  await page.getByRole('link', { name: 'Show some' }).click();
  await page.locator('.tail-line').getByText('1 event').waitFor();
  await page.goBack();
});

test('Settings of a source are kept; who changed them in between is not overwritten', async () => {
  await page.getByLabel('What to call it').fill('Web front');
  await page.getByLabel('Events a second, at most').fill('0');
  await page.getByText('whole numbers from 1 on').waitFor();
  await page.getByLabel('Events a second, at most').fill('500');
  const address = new URL(page.url()).pathname;
  const meanwhile = await room.server.ask({
    method: 'PUT',
    path: `/v1${address}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ expected: 'always' }),
  });
  assert.equal(meanwhile.status, 200, meanwhile.text);
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('alert').first().waitFor();
  await page.reload();
  await page.getByLabel('What to call it').fill('Web front');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { level: 1, name: 'Web front' }).waitFor();
  await page.getByRole('link', { name: 'Revoke it…' }).click();
  await page.getByRole('dialog', { name: /Revoke “first ingest key”/ }).waitFor();
  await page.getByRole('button', { name: 'Keep it' }).click();
  await page.waitForURL((url) => !url.searchParams.has('revoke'));
  await page.goto(new URL(address, page.url()).href);
});

test('The preview maps hostile text without recording or running it, and marks what has no field', async () => {
  const before = await room.server.health();
  await page.getByLabel('A line, or a few').fill(`${sshLine.replace('root', attack)}\n${attack}`);
  await page.getByRole('button', { name: 'Preview', exact: true }).click();
  await page.getByText('2 events', { exact: true }).waitFor();
  await page.getByText('Kept, but mapped to no field:').first().waitFor();
  assert.equal(await page.evaluate('window.hit ?? null'), null);
  assert.equal(await page.locator('img[src="x"], a[href^="javascript:"]').count(), 0);
  await page.getByLabel('Read as').selectOption('cef');
  await page.getByRole('button', { name: 'Preview', exact: true }).click();
  await page
    .getByText(/It could not be read: not CEF/)
    .first()
    .waitFor();
  await page.locator('input[type="file"]').setInputFiles({
    name: 'x.ndjson',
    mimeType: 'text/plain',
    buffer: Buffer.from('{"message":"pangolin in a file"}\n'),
  });
  await page.getByText('pangolin in a file').first().waitFor();
  await room.atRest('source-preview');
  const { search } = await room.server.health();
  assert.ok(before.search.up && search.up);
  // The record of asking holds the word too, and may be there before the answer: reads are left out.
  const found = await room.server.ask({ path: '/v1/events/count?q=pangolin&own_reads=hide' });
  assert.match(found.text, /"count":0/);
});

test('A sensor is shown with what it cannot see here and the line that would change it', async () => {
  const directory = join(room.server.directory, 'sensor');
  mkdirSync(join(directory, 'watched'), { recursive: true });
  writeFileSync(join(directory, 'key'), room.server.keys().ingest, { mode: 0o600 });
  await room.visit('/sources?tab=sensors', 'Sources');
  await page.getByRole('heading', { name: 'No sensor yet' }).waitFor();
  const given = [
    '--host',
    'gatehouse',
    '--only-paths',
    '--paths',
    join(directory, 'watched'),
    '--server',
    room.server.address(),
  ];
  sensor = spawn(
    process.execPath,
    [
      join(repositoryRoot, 'apps/sensor/src/main.ts'),
      'run',
      '--key-file',
      join(directory, 'key'),
      '--state',
      join(directory, 'state'),
      ...given,
    ],
    { cwd: directory, stdio: 'ignore' },
  );
  const card = page.getByRole('region', { name: 'Sensor on gatehouse' });
  await card.getByText('Alive').waitFor({ timeout: 120_000 });
  await card.getByText('Cannot see', { exact: false }).first().waitFor();
  await card.getByText('Memory').waitFor();
  const copy = card.getByRole('button', { name: /^Copy what would change/ }).first();
  await copy.click();
  const line: string = await page.evaluate('navigator.clipboard.readText()');
  assert.ok(line.trim() !== '');
  // What it vouches for makes no machine good before somebody with a fresh proof accepts its key.
  const vouching = card.getByRole('region', { name: 'What the sensor on gatehouse vouches for' });
  await vouching.getByText('Disks encrypted').waitFor();
  await vouching.getByText('Nobody accepted its key yet').waitFor();
  await room.atRest('sensors');
  ageProofs(join(room.server.dataDirectory, 'control.db'), 3_600_000);
  await vouching.getByRole('button', { name: 'Accept this key' }).click();
  const proof = page.getByRole('dialog', { name: 'Confirm that it is you' });
  await proof.getByText('To accept the key of the sensor on gatehouse').waitFor();
  await proof.getByRole('button', { name: 'Use a passkey' }).waitFor();
  await page.waitForFunction('document.activeElement?.textContent === "Use a passkey"');
  await page.keyboard.press('Enter');
  await vouching.getByText('Its key was accepted').waitFor();
  assert.equal(await vouching.getByRole('button').count(), 0);
  await card.getByRole('button', { name: 'gatehouse' }).press('Enter');
  await card.getByText('Memory').waitFor({ state: 'hidden' });
  await room.visit('/', 'Overview');
  await page.getByRole('link', { name: 'gatehouse', exact: true }).waitFor();
  await room.atRest('overview-sensors');
});

test('Nothing was refused by the content policy, and no page failed', () => {
  assert.deepEqual(room.faults, []);
});
