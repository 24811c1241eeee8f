import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { ReadingMessage } from './catalogue-protocol.ts';
import { RulePackError } from './errors.ts';
import { ada, by, coded, first, inForce, packOf, publisherKey, ruleText, second, setUp } from './packs.fixture.ts';
import { readTask } from './read-task.ts';

test('rules that cannot be loaded change nothing, and neither does a death between loading and storing', async () => {
  const house = await inForce();
  try {
    await house.imported(packOf(second, { day: 2 }));
    house.world.failure = () => Promise.reject(new RulePackError('pack_invalid', 'Cannot load'));
    await assert.rejects(house.packs().activate({ ...by, version: 'r2' }), /Cannot load/);
    assert.equal((await house.packs().get('sigmahq')).state.inForce, 'r1');
    assert.deepEqual(await house.files(), ['packs/sigmahq/rules/a.yml', 'packs/sigmahq/rules/b.yml']);
    assert.equal((await house.events()).at(-1), 'rules.pack.activate failed');

    // The process dies when detection has read the new files: what it says afterwards is never heard.
    const reached = Promise.withResolvers<void>();
    house.world.failure = () => {
      reached.resolve();
      return new Promise(() => undefined);
    };
    void house.packs().activate({ ...by, version: 'r2' });
    await reached.promise;
    house.world.failure = undefined;
    await house.restart();
    assert.equal((await house.packs().get('sigmahq')).state.inForce, 'r1');
    assert.deepEqual([...house.world.loaded.keys()], ['packs/sigmahq/rules/a.yml', 'packs/sigmahq/rules/b.yml']);
    await house.packs().activate({ ...by, version: 'r2' });
    await house.restart();
    assert.ok(house.world.loaded.has('packs/sigmahq/rules/c.yml'));
  } finally {
    await house.close();
  }
});

test('a file changed on the disk is out of force at the next load, told once, and put back by importing it again', async () => {
  const house = await inForce();
  try {
    await house.imported(packOf({ 'x.yml': ruleText('x', 'other') }, { name: 'other' }));
    await house.packs().activate({ name: 'other', actor: ada, version: 'r1' });
    const version = (await house.packs().get('sigmahq')).state.versions[0];
    const path = join(house.directory, `${version?.sha256 ?? ''}.pack`);
    const bytes = readFileSync(path);
    bytes[bytes.length - 3] = 0x20;
    writeFileSync(path, bytes);
    await house.restart();
    assert.deepEqual([...house.world.loaded.keys()], ['packs/other/x.yml']);
    await house.files();
    const damaged = house.packs().health().damaged;
    assert.deepEqual(
      damaged.map(({ name }) => name),
      ['sigmahq'],
    );
    assert.match(damaged[0]?.reason ?? '', /not the one that was imported/);
    assert.equal((await house.events()).filter((event) => event === 'rules.pack.refused failed').length, 1);
    await house.imported(packOf(first));
    assert.deepEqual([...house.world.loaded.keys()].length, 3);
    assert.deepEqual(house.packs().health().damaged, []);
  } finally {
    await house.close();
  }
});

test('a row changed in the control database trusts no key and puts nothing into force', async () => {
  const house = await inForce();
  try {
    const tables = house.database.withTables<{
      rule_packs: { name: string; state: string };
      rule_pack_keys: { id: string; entry: string };
    }>();
    const row = await tables.selectFrom('rule_packs').selectAll().executeTakeFirstOrThrow();
    const turned = `${row.state.slice(0, -8)}${row.state.at(-8) === 'A' ? 'B' : 'A'}${row.state.slice(-7)}`;
    await tables.updateTable('rule_packs').set({ state: turned }).execute();
    await tables.updateTable('rule_pack_keys').set({ entry: 'e30=' }).execute();
    assert.deepEqual(await house.files(), []);
    assert.deepEqual(
      house
        .packs()
        .health()
        .damaged.map(({ name }) => name),
      ['sigmahq'],
    );
    assert.deepEqual(await house.packs().keys.list(), []);
    await assert.rejects(house.packs().activate({ ...by, version: 'r1' }), coded('pack_damaged'));
    await house.packs().remove(by);
    assert.deepEqual(house.packs().health().damaged, []);
  } finally {
    await house.close();
  }
});

test('two packs that come at once are both taken, a third is asked to wait, and one that is cut short leaves nothing', async () => {
  const house = await setUp();
  try {
    await house.trust();
    const packs = ['one', 'two', 'three'].map((name) => packOf(first, { name }));
    const held = Promise.withResolvers<void>();
    async function* slowly(pack: Uint8Array): AsyncGenerator<Uint8Array> {
      yield pack.subarray(0, 100);
      await held.promise;
      yield pack.subarray(100);
    }
    const take = (pack: Uint8Array, signal = new AbortController().signal) =>
      house.packs().take(Readable.from(slowly(pack)), { actor: ada, signal });
    const both = packs.slice(0, 2).map((pack) => take(pack));
    await assert.rejects(take(packs[2] ?? Buffer.alloc(0)), coded('pack_busy'));
    held.resolve();
    assert.deepEqual((await Promise.all(both)).map(({ name }) => name).toSorted(), ['one', 'two']);
    for (const name of ['one', 'two']) await house.read(name, 'r1');
    const gone = new AbortController();
    const cut = take(packs[2] ?? Buffer.alloc(0), gone.signal);
    gone.abort();
    await assert.rejects(cut);
    assert.deepEqual(
      readdirSync(house.directory).filter((name) => name.endsWith('.part')),
      [],
    );
    assert.equal(readdirSync(house.directory).length, 2);
    assert.deepEqual(
      (await house.packs().list()).map(({ state }) => state.name),
      ['one', 'two'],
    );
  } finally {
    await house.close();
  }
});

test('a pack whose rules were not read to their end when the process stopped is read after the next start', async () => {
  const house = await setUp({ inThread: true });
  try {
    await house.trust();
    const { name, version } = await house.packs().take(Readable.from([packOf(first)]), {
      actor: ada,
      signal: new AbortController().signal,
    });
    await house.restart();
    await house.read(name, version);
    const { state } = await house.packs().get(name);
    assert.deepEqual([state.versions[0]?.reading, state.versions[0]?.rules], ['done', 2]);
  } finally {
    await house.close();
  }
});

test('what stands behind "..." is no part of the rule before it: nothing of such a file is taken', async () => {
  const house = await setUp();
  try {
    await house.trust();
    const silencing = `title: Many\nid: many\nlevel: high\ncorrelation:\n  type: event_count\n  rules: [a]\n  group-by: [User]\n  timespan: 5m\n  condition:\n    gte: 3\n`;
    const behind = {
      'table.yml': `...\nplaceholders:\n  admins: [root]\n`,
      'silencing.yml': `...\n# more\n${silencing}`,
      'directive.yml': `... # end\n%YAML 1.2\n---\n${silencing}`,
      'same-line.yml': `... {placeholders: {admins: [root]}}\n`,
      'second.yml': `...\r\n${ruleText('second', 'two')}`,
    };
    const files = Object.entries(behind).map(([path, more]) => [path, `${ruleText(path, 'one')}${more}`]);
    await house.imported(
      packOf({
        ...Object.fromEntries(files),
        'sound.yml': `${ruleText('a', 'one')}...\n\n---\n${ruleText('b', 'two')}...\n`,
      }),
    );
    const { refusals } = await house.packs().difference('sigmahq', 'r1');
    assert.deepEqual(
      refusals.map(({ path, line }) => [path, line]),
      [
        ['directive.yml', 13],
        ['same-line.yml', 12],
        ['second.yml', 13],
        ['silencing.yml', 14],
        ['table.yml', 13],
      ],
    );
    await house.packs().activate({ ...by, version: 'r1' });
    assert.deepEqual([...house.world.loaded.keys()], ['packs/sigmahq/sound.yml']);
  } finally {
    await house.close();
  }
});

test('what was read of a version that was discarded meanwhile is not taken for another file of that version', async () => {
  const house = await setUp({ holdReading: true });
  try {
    await house.trust();
    const take = (pack: Uint8Array) =>
      house.packs().take(Readable.from([pack]), { actor: ada, signal: new AbortController().signal });
    await take(packOf({ 'x.yml': `${ruleText('a', 'one')}---\n${ruleText('b', 'two')}` }));
    await house.packs().discard({ ...by, version: 'r1' });
    await take(packOf({ 'x.yml': ruleText('c', 'three') }));
    await assert.rejects(take(packOf(first, { name: 'third' })), coded('pack_busy'));
    house.letRead(0);
    house.letRead(1);
    await house.read('sigmahq', 'r1');
    const { changes } = await house.packs().difference('sigmahq', 'r1');
    assert.deepEqual(
      changes.map(({ rule }) => rule.id),
      ['c'],
    );
  } finally {
    await house.close();
  }
});

test('a pack whose catalogue was taken out of the database is back in force when the file was read again', async () => {
  const house = await inForce();
  try {
    await house.database
      .withTables<{ rule_pack_catalogues: { name: string } }>()
      .deleteFrom('rule_pack_catalogues')
      .execute();
    await house.restart();
    assert.deepEqual([...house.world.loaded.keys()], []);
    await house.imported(packOf(first));
    await house.packs().close();
    assert.equal(house.world.loaded.size, 2);
    assert.deepEqual(house.packs().health().damaged, []);
  } finally {
    await house.close();
  }
});

test('a pack with more to say than the server holds is refused', async () => {
  const house = await inForce();
  try {
    const [{ sha256 } = assert.fail()] = (await house.packs().get('sigmahq')).state.versions;
    const messages: ReadingMessage[] = [];
    const task = { path: join(house.directory, `${sha256}.pack`), sha256, keys: [publisherKey] };
    await readTask(task, (message) => messages.push(message), { catalogueBytes: 400 });
    assert.deepEqual(
      messages.map(({ kind }) => kind),
      ['checked', 'progress', 'refused'],
    );
    assert.match(JSON.stringify(messages.at(-1)), /"pack_invalid".*must take at most 400/);
  } finally {
    await house.close();
  }
});
