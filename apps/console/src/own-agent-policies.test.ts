// One story: an agent works, a policy of one's own is written wrong and mended, replayed on what the agent did, and in force for the run that goes on.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import type { JsonObject } from '@sallyport/contracts';
import { picture } from './testing/browser.ts';
import { openRoom } from './testing/room-under-test.ts';
import type { RoomUnderTest } from './testing/room-under-test.ts';

const pictures = process.env['SALLYPORT_PICTURES'];
let room: RoomUnderTest;
let token: string;

before(async () => {
  room = await openRoom({ pictures });
});
after(() => room.end());

const press = (name: string): Promise<void> => room.page.getByRole('button', { name, exact: true }).click();

const post = (path: string, body: JsonObject, key?: string): Promise<JsonObject> => room.post(path, body, key);

/** What a run is told of a call. */
async function told(command: string): Promise<string> {
  const hook = { session_id: 'h', cwd: '/home/kim/shop', hook_event_name: 'PreToolUse', tool_name: 'Bash' };
  const call = { ...hook, tool_use_id: `t-${command.length}`, tool_input: { command } };
  return JSON.stringify(await post('/v1/agent/hooks/claude-code', call, token));
}

test('Without policies of one’s own the page says what they are for', async () => {
  const begun = await post('/v1/agent/sessions', {
    agent: 'night builder',
    harness: 'claude-code',
    workspace: '/home/kim/shop',
    home: '/home/kim',
    attended: true,
  });
  assert.ok(typeof begun['token'] === 'string');
  token = begun['token'];
  assert.doesNotMatch(await told('ls src'), /"deny"/);
  await room.visit('/agents/policies', 'Policies');
  await room.page.getByText('You have none of your own').waitFor();
  await room.atRest('own-policies-none');
});

test('A fault is told with its line; mended, it says what it forbids and its test holds', async () => {
  const { page } = room;
  await page.getByRole('link', { name: 'Write a policy' }).click();
  await page.getByText('1 policy understood').waitFor();
  await page.getByText('✓ Holds').first().waitFor();
  const editor = page.getByRole('textbox', { name: 'Policy, in Cedar' });
  const write = async (text: string): Promise<void> => {
    await editor.click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(text);
  };
  const body = (classes: string): string =>
    `@id("no-listing")\n@words("Agents list nothing")\nforbid (principal, action in [Agent::Action::"read", Agent::Action::"execute"], resource)\nwhen { context.${classes} == "parsed" };`;
  await write(body('bye'));
  await page
    .getByRole('button', { name: /^Line 4, column \d+$/ })
    .first()
    .waitFor();
  await room.atRest('own-policies-fault');
  await write(body('by'));
  await page.getByText('Forbids: Agents list nothing').waitFor();
  await page.getByLabel('Name', { exact: true }).fill('Nothing is listed');
  await press('Save');
  await page.getByRole('heading', { level: 1, name: 'Nothing is listed' }).waitFor();
  await page.getByRole('button', { name: 'Delete' }).waitFor();
  await room.atRest('own-policies-editor');
});

test('Staged, it is tried on what agents did before it can be put into force; then it holds for the run that goes on', async () => {
  const { page } = room;
  await page.getByRole('link', { name: 'Policies for agents' }).click();
  await page.getByText('Not in force').waitFor();
  await press('Stage what is written');
  await page.getByText('It lets nothing through that is not let through now').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Put into force' }).count(), 0);
  // What an agent did can be searched a moment after it did it.
  for (let tries = 0; tries < 20; tries += 1) {
    await page.getByRole('button', { name: /^Replay/ }).click();
    await page.getByRole('button', { name: 'Put into force' }).waitFor();
    if ((await page.getByText('would be judged otherwise').count()) > 0) break;
  }
  await page.getByText('− Stricter').first().waitFor();
  await page.getByText('Its texts').click();
  await room.atRest('own-policies-replayed');
  await page.setViewportSize({ width: 360, height: 740 });
  if (pictures !== undefined) await picture(page, pictures, 'own-policies-phone');
  await page.setViewportSize({ width: 1440, height: 900 });
  assert.doesNotMatch(await told('ls src'), /"deny"/);
  await press('Put into force');
  await page.getByText('In force', { exact: true }).first().waitFor();
  assert.match(await told('ls src'), /"deny".*Agents list nothing/);
  await room.atRest('own-policies-in-force');
});

test('What is taken away again waits for somebody else, and the run goes on as before', async () => {
  const { page } = room;
  await page.getByRole('link', { name: 'Nothing is listed' }).click();
  await press('Delete');
  await press('Stage what is written');
  await page.getByText(/somebody other than .* must approve it/).waitFor();
  await page.getByRole('button', { name: /^Replay/ }).click();
  await press('Put into force');
  await page.getByText('Waits for somebody else').waitFor();
  await press('Approve');
  await page.getByText(/must be somebody else/).waitFor();
  await room.atRest('own-policies-waiting');
  assert.match(await told('ls src'), /"deny"/);
});

test('Two versions are looked at line by line: beside each other, and on a phone one below the other', async () => {
  const { page } = room;
  await page.getByText('What differs in the texts, line by line').click();
  await page.getByRole('group', { name: 'What differs between version 1 and version 2' }).waitFor();
  await page.getByText('removed: ').first().waitFor({ state: 'attached' });
  await page.getByRole('group', { name: 'Nothing is listed, side by side' }).scrollIntoViewIfNeeded();
  await room.atRest('own-policies-differences');
  await page.setViewportSize({ width: 360, height: 740 });
  await page.getByLabel('Nothing is listed, line by line').scrollIntoViewIfNeeded();
  if (pictures !== undefined) await picture(page, pictures, 'own-policies-differences-phone');
  await page.setViewportSize({ width: 1440, height: 900 });
});

/** As somebody who can write to the control database, and has no key. */
function inDatabase(write: (database: DatabaseSync) => void): void {
  // The server writes to it, too.
  const database = new DatabaseSync(join(room.server.dataDirectory, 'control.db'), { timeout: 10_000 });
  try {
    write(database);
  } finally {
    database.close();
  }
}

/** By table: what says which version is in force, as the server wrote it. */
const sealedBefore = new Map<string, string>();

/** What says which version is in force, and what version 3 is, of both. */
function writeOverVersions(database: DatabaseSync): void {
  const tables = (ending: string): readonly string[] =>
    database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE ?")
      .all(`%polic%${ending}`)
      .map(({ name }) => String(name));
  const [inForce, versions] = [tables('force'), tables('versions')];
  assert.deepEqual([inForce.length, versions.length], [2, 2]);
  for (const table of inForce) {
    const row = database.prepare(`SELECT sealed FROM ${table} WHERE name = 'policies'`).get();
    sealedBefore.set(table, String(row?.['sealed']));
    database.exec(`UPDATE ${table} SET sealed = 'AAAA' WHERE name = 'policies'`);
  }
  for (const table of versions)
    database.exec(
      `UPDATE ${table} SET sealed_head = (SELECT sealed_head FROM ${table} WHERE version = 1) WHERE version = 3`,
    );
}

test('Where somebody wrote to the database the pages say what nobody can tell any more, and who mends it', async () => {
  const { page } = room;
  const body = { name: 'Exports', text: noExport, tests: [] };
  await post('/v1/policy/documents', { id: 'exports', ...body });
  await post('/v1/policy/versions', { note: 'no exports' });
  await post('/v1/policy/versions/1/activate', { expected: 0 });
  await post('/v1/policy/versions', { note: 'as it was', from: 0 });
  await post('/v1/policy/versions', { note: 'once more' });
  await post('/v1/agents/policies/versions', { note: 'once more' });
  inDatabase(writeOverVersions);
  for (const [name, address, heading] of [
    ['own-policies', '/agents/policies', 'Policies'],
    ['policy', '/people/policy', 'Policy'],
  ] as const) {
    await room.visit(`${address}?version=2`, heading);
    await page.getByText(/Nobody can tell what is in force/).waitFor();
    await page.getByText('1 version in the database is not as sealed, and good for nothing').waitFor();
    await room.atRest(`${name}-in-doubt`);
    await page.setViewportSize({ width: 360, height: 740 });
    if (pictures !== undefined) await picture(page, pictures, `${name}-in-doubt-phone`);
    await page.setViewportSize({ width: 1440, height: 900 });
  }
});

test('Documents that somebody wrote over are named with what to do: written anew as they are in force, or deleted', async () => {
  const { page } = room;
  await post('/v1/agents/policies/documents', {
    id: 'gone',
    draft: { name: 'Gone', scope: { kind: 'all' }, text: '', tests: [] },
  });
  inDatabase((database) => {
    for (const table of ['policy_documents', 'agent_policy_documents'])
      database.exec(`UPDATE ${table} SET sealed = 'AAAA' WHERE id NOT LIKE '-%'`);
  });
  for (const [name, address, heading, id] of [
    ['own-policies', '/agents/policies', 'Policies', 'gone'],
    ['policy', '/people/policy', 'Policy', 'exports'],
  ] as const) {
    await room.visit(address, heading);
    await page.getByText('1 policy was changed in the database, and cannot be read').waitFor();
    await room.atRest(`${name}-damaged`);
    await page.setViewportSize({ width: 360, height: 740 });
    if (pictures !== undefined) await picture(page, pictures, `${name}-damaged-phone`);
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.getByRole('link', { name: `Write it anew: ${id}` }).click();
    await page.getByText('What was written here was changed in the database, and cannot be read').waitFor();
    await page.getByText(/policy understood|policies understood/).waitFor();
    await room.atRest(`${name}-anew`);
    await press('Save');
    await page.getByText(/^Saved, and in force nowhere yet/).waitFor();
    await press('Delete');
    await page.getByRole('link', { name: 'Write a policy' }).waitFor();
    await page
      .getByText('cannot be read', { exact: false })
      .filter({ hasText: '1 policy' })
      .waitFor({ state: 'detached' });
  }
  assert.deepEqual(room.faults, []);
});

const noExport = `@id("analysts-do-not-export")
@words("Analysts export no recordings")
forbid (principal in Sallyport::Role::"analyst", action == Sallyport::Action::"cameras:export", resource);
`;

test('A server that starts and cannot read what is in force says in coverage that what rests on policies is broken', async () => {
  const { page, server } = room;
  const { port } = new URL(page.url());
  // Of who may do what it can be told again, or nobody may look at anything.
  inDatabase((database) => {
    for (const [table, sealed] of sealedBefore)
      if (!table.startsWith('agent'))
        database.prepare(`UPDATE ${table} SET sealed = ? WHERE name = 'policies'`).run(sealed);
  });
  assert.equal(await server.stop(), 0);
  await server.start('--port', port);
  await room.visit('/agents/coverage', 'Coverage');
  const alert = page.getByRole('alert');
  await alert.getByText(/^Policies cannot be read: \d+ threats below count as not covered$/).waitFor();
  await alert.getByText(/^Your own policies: .*No call of an agent is let through until they are mended/).waitFor();
  const agentic = page.getByRole('region', { name: 'OWASP Agentic 2026' });
  await agentic.getByText('Broken', { exact: true }).first().waitFor();
  await room.atRest('agents-coverage-broken');
  assert.deepEqual(room.faults, []);
});
