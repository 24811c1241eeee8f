import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createSigningKey } from './signing-key.ts';
import { formatVerifierKey } from '@sallyport/merkle-log';
import {
  ada,
  by,
  coded,
  first,
  inForce,
  packOf,
  publisherKey,
  ruleText,
  second,
  setUp,
  stranger,
} from './packs.fixture.ts';

test('an imported pack is in force only when somebody says so, whole and under names of its own', async () => {
  const house = await setUp({ inThread: true });
  try {
    await house.trust();
    await house.imported(packOf(first));
    assert.deepEqual(await house.files(), []);
    assert.equal(house.world.reloads, 0);
    const { summary, changes } = await house.packs().difference('sigmahq', 'r1');
    assert.deepEqual([summary.added, summary.removed, summary.changed], [2, 0, 0]);
    assert.deepEqual(
      changes.map(({ rule }) => [rule.id, rule.level, rule.author]),
      [
        ['a', 'high', 'Grace'],
        ['b', 'high', 'Grace'],
      ],
    );
    await house.packs().activate({ ...by, version: 'r1' });
    assert.deepEqual([...house.world.loaded.keys()], ['packs/sigmahq/rules/a.yml', 'packs/sigmahq/rules/b.yml']);
    assert.deepEqual(await house.events(), ['rules.pack.trust', 'rules.pack.import', 'rules.pack.activate']);
  } finally {
    await house.close();
  }
});

test('an unsigned pack leaves nothing behind but the record that it came', async () => {
  const house = await setUp({ inThread: true });
  try {
    await assert.rejects(house.imported(packOf(first)), coded('pack_unsigned'));
    await house.trust();
    await assert.rejects(house.imported(packOf(first, { signer: stranger })), coded('pack_unsigned'));
    await assert.rejects(house.imported(Buffer.from('PK\u0003\u0004')), coded('pack_invalid'));
    assert.deepEqual(await house.packs().list(), []);
    assert.deepEqual(readdirSync(house.directory), []);
    assert.deepEqual(
      (await house.events()).filter((event) => event !== 'rules.pack.trust'),
      Array.from({ length: 3 }, () => 'rules.pack.import failed'),
    );
  } finally {
    await house.close();
  }
});

test('the next release is compared with the one in force, rule by rule and line by line', async () => {
  const house = await inForce();
  try {
    house.world.bundled.push({ id: 'c', file: 'own/c.yml' });
    await house.imported(packOf(second, { day: 2 }));
    const { summary, changes } = await house.packs().difference('sigmahq', 'r2');
    assert.deepEqual(
      { ...summary },
      {
        added: 1,
        removed: 1,
        changed: 1,
        detectionChanged: 1,
        unchanged: 0,
        collisions: 1,
        heldBack: { level: 0, status: 0, off: 0 },
        refused: 0,
      },
    );
    assert.deepEqual(
      changes.map(({ change, rule, changed, takenBy }) => [rule.id, change, changed.join(' '), takenBy]),
      [
        ['a', 'changed', 'detection text', undefined],
        ['b', 'removed', '', undefined],
        ['c', 'added', '', 'own/c.yml'],
      ],
    );
    const { lines } = await house.packs().ruleDifference('sigmahq', 'r2', 'a');
    assert.deepEqual(
      lines.filter(({ kind }) => kind !== 'same').map(({ kind, text }) => [kind, text.trim()]),
      [
        ['removed', 'Image|contains: one'],
        ['added', 'Image|contains: changed'],
      ],
    );
    await assert.rejects(house.packs().ruleDifference('sigmahq', 'r2', 'nobody'), coded('pack_rule_unknown'));
  } finally {
    await house.close();
  }
});

test('a licence that becomes another is told, and a damaged release in force hides only what it held', async () => {
  const house = await setUp({ inThread: true });
  try {
    await house.trust();
    await house.imported(packOf({ ...first, LICENSE: 'DRL 1.1', 'docs/words.md': 'old' }));
    await house.packs().activate({ ...by, version: 'r1' });
    await house.imported(packOf({ ...first, LICENSE: 'Pay first', 'docs/more.md': 'new' }, { day: 2 }));
    const { files, changes } = await house.packs().difference('sigmahq', 'r2');
    assert.deepEqual(
      files?.map(({ change, path }) => `${change} ${path}`),
      ['changed LICENSE', 'added docs/more.md', 'removed docs/words.md'],
    );
    assert.deepEqual(changes, []);
    assert.deepEqual((await house.packs().difference('sigmahq', 'r1')).files, []);
    await house.restart();
    const version = (await house.packs().get('sigmahq')).state.versions.find((one) => one.version === 'r1');
    writeFileSync(join(house.directory, `${version?.sha256}.pack`), 'damaged');
    const shown = await house.packs().difference('sigmahq', 'r2');
    assert.equal(shown.files, undefined);
    assert.equal(shown.summary.unchanged, 2);
  } finally {
    await house.close();
  }
});

test('words around a detection, lines above it and the order of files are no change of what a rule looks for', async () => {
  const house = await inForce();
  try {
    const text = `# a comment\n\n${first['rules/a.yml'].replace('title: Rule a', 'title: Another')}`;
    await house.imported(packOf({ 'moved/a.yml': text, 'rules/b.yml': first['rules/b.yml'] }, { day: 2 }));
    const { changes, summary } = await house.packs().difference('sigmahq', 'r2');
    assert.deepEqual(
      changes.map(({ rule, changed }) => [rule.id, ...changed]),
      [['a', 'title', 'file', 'text']],
    );
    assert.equal(summary.detectionChanged, 0);
  } finally {
    await house.close();
  }
});

test('a version does not go back unless it is said, and rollback goes back one by one', async () => {
  const house = await inForce();
  try {
    await house.imported(packOf(second, { day: 2 }));
    await house.packs().activate({ ...by, version: 'r2' });
    await assert.rejects(house.packs().activate({ ...by, version: 'r1' }), coded('pack_version_older'));
    assert.ok(house.world.loaded.has('packs/sigmahq/rules/c.yml'));
    assert.equal((await house.packs().rollback(by)).state.inForce, 'r1');
    assert.deepEqual([...house.world.loaded.keys()], ['packs/sigmahq/rules/a.yml', 'packs/sigmahq/rules/b.yml']);
    await assert.rejects(house.packs().rollback(by), coded('pack_not_ready'));
    await house.packs().activate({ ...by, version: 'r2' });
    assert.equal((await house.packs().activate({ ...by, version: 'r1', older: true })).state.inForce, 'r1');
    await assert.rejects(
      house.imported(packOf(second, { day: 3, version: 'r2' })),
      coded('pack_version_taken', /other content/),
    );
  } finally {
    await house.close();
  }
});

test('three versions can be gone back to; the files of older ones go', async () => {
  const house = await inForce();
  try {
    for (const day of [2, 3, 4, 5, 6]) {
      await house.imported(packOf({ 'a.yml': ruleText('a', `word ${day}`) }, { day }));
      await house.packs().activate({ ...by, version: `r${day}` });
    }
    const { state } = await house.packs().get('sigmahq');
    assert.deepEqual([state.inForce, ...state.before], ['r6', 'r5', 'r4', 'r3']);
    assert.equal(readdirSync(house.directory).length, 4);
  } finally {
    await house.close();
  }
});

test('what a policy keeps out and what is switched off stays so in every later release', async () => {
  const house = await inForce();
  try {
    await house.packs().switchOff({ ...by, ruleId: 'a', reason: 'our own tool' });
    assert.deepEqual([...house.world.loaded.keys()], ['packs/sigmahq/rules/b.yml']);
    await house.packs().setPolicy({ ...by, policy: { minimumLevel: 'medium', minimumStatus: 'test' } });
    await house.imported(
      packOf({ ...second, 'd.yml': ruleText('d', 'x', 'level: critical\nstatus: deprecated\n') }, { day: 2 }),
    );
    const { summary } = await house.packs().difference('sigmahq', 'r2');
    assert.deepEqual({ ...summary.heldBack }, { level: 1, status: 1, off: 1 });
    await house.packs().activate({ ...by, version: 'r2' });
    assert.deepEqual([...house.world.loaded.keys()], []);
    await house.packs().switchOn({ ...by, ruleId: 'a' });
    assert.deepEqual([...house.world.loaded.keys()], ['packs/sigmahq/rules/a.yml']);
    await assert.rejects(house.packs().switchOff({ ...by, ruleId: 'nobody', reason: 'x' }), coded('pack_rule_unknown'));
  } finally {
    await house.close();
  }
});

test('of a file with several rules those that are switched off are left out and the others keep their lines', async () => {
  const house = await setUp();
  try {
    await house.trust();
    const text = `${ruleText('a', 'one')}---\n${ruleText('b', 'two')}--- # three\n${ruleText('c', 'three')}`;
    await house.imported(packOf({ 'all.yml': text }));
    await house.packs().activate({ ...by, version: 'r1' });
    await house.packs().switchOff({ ...by, ruleId: 'b', reason: 'noise' });
    const left = house.world.loaded.get('packs/sigmahq/all.yml') ?? '';
    assert.doesNotMatch(left, /two/);
    const lineOf = (of: string, word: string): number => of.split('\n').findIndex((line) => line.includes(word));
    for (const word of ['one', 'contains: three']) assert.equal(lineOf(left, word), lineOf(text, word));
  } finally {
    await house.close();
  }
});

test('a pack reaches no rule outside of it: filters, mappings, tables and correlations that silence are refused, with line and reason', async () => {
  const house = await setUp();
  try {
    await house.trust();
    const correlation = (more: string): string =>
      `title: Many\nid: many${more.length}\nlevel: high\ncorrelation:\n  type: event_count\n  rules: [a]\n  group-by: [User]\n  timespan: 5m\n  condition:\n    gte: 3\n${more}`;
    await house.imported(
      packOf({
        'a.yml': ruleText('a', 'one'),
        'filter.yml': `title: f\nfilter:\n  rules: any\n  sel:\n    Image: x\n  condition: sel\nlogsource:\n  product: windows\n`,
        'placeholders.yml': 'placeholders:\n  admins: [root]\n',
        'silencing.yml': correlation(''),
        'telling.yml': correlation('  generate: true\n'),
        'broken.yml': 'title: x\ndetection: [',
        'bytes.yml': 'title: \u0000\n',
      }),
    );
    const { refusals } = await house.packs().difference('sigmahq', 'r1');
    const reasonOf = (path: string): string => refusals.find((one) => one.path === path)?.reason ?? '';
    assert.match(reasonOf('filter.yml'), /A filter would reach rules outside the pack/);
    assert.match(reasonOf('placeholders.yml'), /placeholder table would reach/);
    assert.match(reasonOf('silencing.yml'), /generate: true/);
    assert.notEqual(reasonOf('broken.yml'), '');
    await house.packs().activate({ ...by, version: 'r1' });
    assert.deepEqual([...house.world.loaded.keys()], ['packs/sigmahq/a.yml', 'packs/sigmahq/telling.yml']);
  } finally {
    await house.close();
  }
});

test('a key is trusted no longer only when nothing in force needs it; after that its versions cannot come back', async () => {
  const house = await inForce();
  try {
    const [key] = await house.packs().keys.list();
    assert.equal(key?.key, publisherKey);
    const id = key?.id ?? '';
    await assert.rejects(house.packs().keys.remove({ id, actor: ada }), coded('pack_key_in_use', /"sigmahq"/));
    await house.imported(packOf(first, { name: 'staged' }));
    await house.packs().remove(by);
    await house.packs().keys.remove({ id, actor: ada });
    assert.deepEqual([...house.world.loaded.keys()], []);
    await assert.rejects(house.packs().activate({ name: 'staged', version: 'r1', actor: ada }), coded('pack_unsigned'));
    await assert.rejects(house.packs().keys.remove({ id, actor: ada }), coded('pack_key_unknown'));
    for (const wrong of ['', 'x', `${publisherKey}x`, publisherKey.replace('example', 'other')])
      await assert.rejects(house.packs().keys.add({ key: wrong, note: 'n', actor: ada }), coded('pack_key_invalid'));
  } finally {
    await house.close();
  }
});

test('new and changed rules that would be in force are looked for in what is kept, and nothing else', async () => {
  const house = await inForce();
  try {
    await house.packs().setPolicy({ ...by, policy: { minimumLevel: 'medium', minimumStatus: 'experimental' } });
    await house.imported(
      packOf({ ...second, 'rules/b.yml': first['rules/b.yml'], 'd.yml': ruleText('d', 'four') }, { day: 2 }),
    );
    const tried = await house.packs().tryOnHistory({ ...by, version: 'r2', days: 7 });
    assert.deepEqual([tried.hunts, tried.rules], [['h1'], 2]);
    const [text = ''] = house.world.hunts;
    for (const word of ['contains: changed', 'contains: four']) assert.ok(text.includes(word), word);
    for (const word of ['contains: two', 'contains: three']) assert.ok(!text.includes(word), word);
    assert.deepEqual((await house.packs().get('sigmahq')).state.versions[0]?.tried?.ids, ['h1']);
    await assert.rejects(house.packs().tryOnHistory({ ...by, version: 'r1', days: 7 }), coded('pack_not_ready'));
  } finally {
    await house.close();
  }
});

test('a pack that another key signs may follow: what counts is that somebody trusts it', async () => {
  const house = await inForce();
  try {
    const { signer } = createSigningKey('other.example/rules', new Uint8Array(32).fill(1));
    await house.packs().keys.add({ key: formatVerifierKey(signer.verifierKey), note: 'the new one', actor: ada });
    await house.imported(packOf(second, { day: 2, signer }));
    await house.packs().activate({ ...by, version: 'r2' });
    const [old] = await house.packs().keys.list();
    await house.packs().keys.remove({ id: old?.id ?? '', actor: ada });
    assert.ok((await house.files()).includes('packs/sigmahq/rules/c.yml'));
  } finally {
    await house.close();
  }
});
