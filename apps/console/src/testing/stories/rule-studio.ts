// One story, told in order: a rule is written, found wrong, mended, tried on history, tested, staged and put into force; then rules of others come.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import type { Locator } from 'playwright-core';
import type { RoomUnderTest } from '../room-under-test.ts';

let room: RoomUnderTest;
const record = (tool: string) => ({
  EventID: 1,
  Channel: 'Microsoft-Windows-Sysmon/Operational',
  Computer: 'desk-4',
  Image: `C:\\Tools\\${tool}.exe`,
  CommandLine: `${tool}.exe --quiet`,
});

const editor = (): Locator => room.page.getByRole('textbox', { name: 'Sigma rule' });
const press = (name: string): Promise<void> => room.page.getByRole('button', { name, exact: true }).click();
const rule = (condition: string): string => `title: Rare tool started
id: 3f1cbe9e-5f3d-4f0b-9e39-0f4b6f0e7a51
description: A tool that nobody here uses.
tags: [attack.execution, attack.t1204.002]
logsource:
  product: windows
  category: process_creation
detection:
  selection:
    Image|endswith: '\\raretool.exe'
  condition: ${condition}
level: high
`;

async function send(tool: string): Promise<void> {
  const sent = await fetch(new URL('/v1/events', room.server.address()), {
    method: 'POST',
    headers: { authorization: `Bearer ${room.server.keys().ingest}`, 'content-type': 'application/json' },
    body: JSON.stringify([record(tool)]),
  });
  assert.equal(sent.status, 200, await sent.text());
  await room.server.caughtUp();
}

/** Types over all of the text; indentation is the text's own. */
async function write(text: string): Promise<void> {
  await editor().click();
  await room.page.keyboard.press('ControlOrMeta+a');
  await room.page.keyboard.insertText(text);
}

async function putIntoForce(): Promise<void> {
  await press('Put into force');
  await room.page.getByRole('dialog').getByRole('button', { name: 'Put into force' }).click();
  await room.page.getByText('this is the release in force').waitFor();
}

/** Two releases as their publisher makes them: the second differs by its licence alone. */
function publishedPacks(): { first: string; second: string; verifierKey: string } {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-packs-'));
  after(() => rmSync(directory, { recursive: true, force: true }));
  const sallyport = (...args: string[]): string => {
    const program = resolve(import.meta.dirname, '../../../../cli/src/main.ts');
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'rules', 'pack', ...args], {
      encoding: 'utf8',
      cwd: directory,
    });
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const verifierKey = sallyport('key', 'example.com/rules', '-o', 'rules.key').trim();
  const build = (version: string, day: number, licence: string): string => {
    const release = join(directory, version);
    mkdirSync(join(release, 'rules'), { recursive: true });
    writeFileSync(join(release, 'LICENSE'), licence);
    writeFileSync(
      join(release, 'rules/other.yml'),
      rule('selection').replace(/^id: .*$/m, 'id: 9d0c8a52-1f4b-4a55-8c1e-52b3f2e7c310'),
    );
    const file = `${version}.pack`;
    const made = `2026-11-0${day}T00:00:00Z`;
    sallyport(
      'build',
      version,
      '--name',
      'others',
      '--version',
      version,
      '--created',
      made,
      '--key',
      'rules.key',
      '-o',
      file,
    );
    return join(directory, file);
  };
  return {
    first: build('r1', 1, 'Detection Rule License 1.1'),
    second: build('r2', 2, 'Pay first'),
    verifierKey,
  };
}

async function asked(path: string): Promise<{ readonly body: string }> {
  const reply = await fetch(new URL(path, room.server.address()), {
    headers: { authorization: `Bearer ${room.server.keys().operator}` },
  });
  return { body: await reply.text() };
}

/** Told in order, in a house without alerts. */
export function ruleStudioStory(house: () => Promise<RoomUnderTest>): void {
  before(async () => {
    room = await house();
  });

  test('A new rule begins as a template that is honoured; a mistake is told with its line', async () => {
    await send('raretool');
    await room.visit('/rules/studio', 'Rule studio');
    await room.page.getByText('No rules of your own yet').waitFor();
    await press('New rule');
    await room.page.getByText('nothing refused').waitFor();
    // Word by word, as people do: what is typed while the page works must stay.
    await editor().click();
    await room.page.keyboard.press('ControlOrMeta+End');
    await room.page.keyboard.type('author2');
    assert.match(await editor().innerText(), /author2/);
    await write(rule('selections'));
    await room.page.getByText('1 place cannot be honoured').waitFor();
    await press('Line 11');
    assert.equal(
      await room.page.locator('.rule-editor').evaluate((host) => host.shadowRoot?.activeElement !== null),
      true,
    );
    await room.atRest('studio-refused', ['dark', 'light']);
  });

  test('Mended, saved and tried on what is kept: it finds what came before, and that becomes a test', async () => {
    await write(rule('selection'));
    await room.page.getByText('nothing refused').waitFor();
    await press('Save');
    await room.page.waitForURL(/\/rules\/studio\/[0-9a-f]{24}/);
    await room.page.getByText('Try on history').click();
    await press('Run');
    await room.page.getByText('It matches 1 event.').waitFor();
    await room.page.getByRole('button', { name: /^Make it a test: event / }).click();
    await room.page.getByText('✓ Holds').waitFor();
    assert.match(
      await room.page.getByRole('textbox', { name: 'Event, as JSON' }).inputValue(),
      /raretool\.exe --quiet/,
    );
    await room.atRest('studio-tests', ['light']);
    await press('Save');
  });

  test('Staged, it counts what it matches and alerts nobody', async () => {
    await press('Stage');
    await room.page.getByText('Staged: it is matched').waitFor();
    await send('raretool');
    await room.page.getByText('Staging', { exact: true }).click();
    await room.page.getByText(/It would have made 1 finding since/).waitFor();
    await room.atRest('studio-staging', ['light']);
    const { body } = await asked('/v1/alerts');
    assert.equal(body.includes('Rare tool started'), false);
  });

  test('Activated, the next match is an alert; and what was done stands in the versions', async () => {
    await press('Activate');
    await room.page.getByText('In force: its matches make alerts.').waitFor();
    await send('raretool');
    await room.page.getByText('Versions', { exact: true }).click();
    await press('What changed since 1');
    await room.page.getByText('The tests changed, too.').waitFor();
    await room.visit('/alerts', 'Alerts');
    await room.page.getByText('Rare tool started').first().waitFor();
  });

  test('A release by others is looked through before it holds: its rules, and a licence that became another', async () => {
    const publisher = publishedPacks();
    const { page } = room;
    await room.visit('/rules/packs', 'Rule packs');
    await page.getByText('No packs yet').waitFor();
    await page.getByLabel('Rule pack to import').setInputFiles(publisher.first);
    await page.getByText('Cannot trust the rule pack').waitFor();
    await page.getByRole('textbox', { name: 'Verifier key' }).fill(publisher.verifierKey);
    await page.getByRole('textbox', { name: 'Whose it is, and how you know' }).fill('Read to me on the phone');
    await press('Trust this key');
    await page.getByText('Read to me on the phone').first().waitFor();
    await page.getByLabel('Rule pack to import').setInputFiles(publisher.first);
    await page.getByText('1 new rule').waitFor();
    await page.getByText('1 file without rules will be different').waitFor();
    await putIntoForce();
    await press('All packs');
    await page.getByText('r1 is in force').waitFor();
    await page.getByLabel('Rule pack to import').setInputFiles(publisher.second);
    await page.getByText('0 new rules').waitFor();
    await page.getByText('1 file without rules will be different').click();
    await page.getByText('Changed: LICENSE').waitFor();
    await room.atRest('packs-licence', ['dark', 'light']);
    await putIntoForce();
    await press('All packs');
    await press('Back to r1');
    await page.getByText('r1 is in force').waitFor();
    await room.atRest('packs', ['light']);
    assert.deepEqual(room.faults, []);
  });
}
