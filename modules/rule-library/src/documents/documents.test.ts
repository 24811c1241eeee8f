import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@sallyport/platform/errors';
import { ada, bob, everyText, openLibrary, ruleText, started, uuid } from './documents.fixture.ts';
import type { RuleTest } from './document.ts';

const refusedWith = (code: string) => (error: unknown) => codeOf(error) === code;
const holds: RuleTest = { name: 'the tool', expect: 'match', event: started('evil') };
const library = await openLibrary();

test('a draft becomes a version, is staged and put into force; each step is in the ledger with the hashes of both versions', async () => {
  const { documents, detection } = await library.start();
  const { document, checked, results } = await documents.create({ text: ruleText('evil'), cases: [holds] }, ada);
  assert.deepEqual([document.state, document.version, document.name], ['draft', 1, 'Tool evil']);
  assert.deepEqual(checked.refusals, []);
  assert.deepEqual(
    results.map(({ passed }) => passed),
    [true],
  );
  await documents.stage(document.id, 1, bob);
  assert.equal(detection.ruleSet().rules.length, 0);
  const active = await documents.activate(document.id, 1, ada);
  assert.deepEqual([active.state, active.activeVersion, active.stagedVersion], ['active', 1, undefined]);
  assert.deepEqual(
    detection.ruleSet().rules.map(({ id, file }) => [id, file]),
    [[uuid(1), `library/${document.id}/1.yml`]],
  );
  assert.equal(documents.inForce(document.id).version, 1);
  const saved = await documents.save(document.id, { text: ruleText('evil2'), cases: [], note: 'wider' }, 1, bob);
  assert.deepEqual([saved.document.state, saved.document.version, saved.document.activeVersion], ['active', 2, 1]);
  await documents.stage(document.id, 2, ada);
  await documents.activate(document.id, 2, ada);
  assert.equal(documents.inForce(document.id).version, 2);
  const retired = await documents.retire(document.id, ada);
  assert.deepEqual([retired.state, detection.ruleSet().rules.length], ['retired', 0]);
  const audited = library.audited();
  assert.deepEqual(
    audited.map(({ message }) => message),
    ['create', 'stage', 'activate', 'save', 'stage', 'activate', 'retire'].map((step) => `rule_document.${step}`),
  );
  const last = JSON.stringify(audited.at(-2));
  assert.ok(last.includes(saved.document.head.textHash) && last.includes(document.head.textHash));
  assert.equal(last.includes('endswith'), false, 'texts stay sealed');
  const versions = await documents.versions(document.id);
  assert.deepEqual(
    versions.map(({ version, author, note }) => [version, author.name, note]),
    [
      [2, 'Bob', 'wider'],
      [1, 'Ada', ''],
    ],
  );
});

test('of two who save at once the second is told, and nothing of the first is lost', async () => {
  const { documents } = await library.start();
  const { document } = await documents.create({ text: ruleText('first', uuid(2)), cases: [] }, ada);
  const both = await Promise.allSettled([
    documents.save(document.id, { text: ruleText('of-ada', uuid(2)), cases: [] }, 1, ada),
    documents.save(document.id, { text: ruleText('of-bob', uuid(2)), cases: [] }, 1, bob),
  ]);
  const refused = both.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  assert.equal(refused.length, 1);
  assert.equal(codeOf(refused[0]), 'rule_document_conflict');
  assert.match(String(refused[0]), /Ada saved version 2/);
  assert.match((await documents.version(document.id, 2))?.text ?? '', /of-ada/);
  await assert.rejects(documents.stage(document.id, 1, bob), refusedWith('rule_document_conflict'));
});

test('what is refused, whose tests fail, or that has the id of a rule in force comes neither to staging nor into force', async () => {
  const { documents } = await library.start();
  const wrong = await documents.create(
    { text: ruleText('a', uuid(3)).replace('condition: sel', 'condition: other'), cases: [] },
    ada,
  );
  assert.ok((wrong.checked.refusals[0]?.line ?? 0) > 1);
  await assert.rejects(documents.stage(wrong.document.id, 1, ada), refusedWith('rule_document_refused'));
  const failing = await documents.create(
    { text: ruleText('a', uuid(3)), cases: [{ ...holds, event: started('another') }] },
    ada,
  );
  await assert.rejects(documents.stage(failing.document.id, 1, ada), refusedWith('rule_tests_failed'));
  const nameless = await documents.create({ text: ruleText('a').replace(/^id:.*$/m, ''), cases: [] }, ada);
  await assert.rejects(documents.stage(nameless.document.id, 1, ada), refusedWith('rule_document_refused'));
  const sound = await documents.create({ text: ruleText('a', uuid(4)), cases: [] }, ada);
  await assert.rejects(documents.activate(sound.document.id, 1, ada), refusedWith('rule_document_conflict'));
  await documents.stage(sound.document.id, 1, ada);
  await documents.activate(sound.document.id, 1, ada);
  const copy = await documents.create({ text: ruleText('a', uuid(4)), cases: [] }, ada);
  await assert.rejects(documents.stage(copy.document.id, 1, ada), refusedWith('rule_document_refused'));
  await assert.rejects(documents.remove(sound.document.id, ada), refusedWith('rule_document_in_force'));
  await documents.retire(sound.document.id, ada);
  await documents.remove(sound.document.id, ada);
  await assert.rejects(documents.get(sound.document.id), refusedWith('rule_document_unknown'));
});

test('a process that dies between the change and the reload has the rule in force at its next start', async () => {
  const { documents, detection, restart } = await library.start();
  const { document } = await documents.create({ text: ruleText('later', uuid(5)), cases: [] }, ada);
  await documents.stage(document.id, 1, ada);
  // As after a kill: the change is recorded, and nobody reloads.
  detection.reload = () => Promise.reject(new Error('killed'));
  await assert.rejects(documents.activate(document.id, 1, ada), /killed/);
  assert.equal(documents.inForce(document.id).version, undefined);
  const next = await restart();
  assert.equal(next.documents.inForce(document.id).version, 1);
  await next.documents.retire(document.id, ada);
});

test('texts, tests, names and notes are sealed, and a row put in place of another does not open', async () => {
  const { documents } = await library.start();
  const { document } = await documents.create(
    {
      text: ruleText('marsupial', uuid(6)),
      cases: [{ ...holds, name: 'of wombat', event: started('wombat') }],
      note: 'quokka',
    },
    ada,
  );
  const other = await documents.create({ text: ruleText('other', uuid(7)), cases: [] }, ada);
  const kept = await everyText(library.database, ['rule_documents', 'rule_versions']);
  for (const word of ['marsupial', 'wombat', 'quokka']) assert.equal(kept.includes(word), false, word);
  const tables = library.database.withTables<{ rule_versions: { document_id: string; sealed_text: string } }>();
  const from = await tables
    .selectFrom('rule_versions')
    .select('sealed_text')
    .where('document_id', '=', document.id)
    .executeTakeFirstOrThrow();
  await tables.updateTable('rule_versions').set(from).where('document_id', '=', other.document.id).execute();
  await assert.rejects(documents.version(other.document.id, 1));
  await documents.remove(other.document.id, ada);
});

test('versions are bounded, and the one in force outlives those saved on top of it', async () => {
  const { documents } = await library.start();
  const { document } = await documents.create({ text: ruleText('v1', uuid(8)), cases: [] }, ada);
  await documents.stage(document.id, 1, ada);
  await documents.activate(document.id, 1, ada);
  for (let version = 1; version <= 102; version += 1)
    await documents.save(document.id, { text: ruleText(`v${version + 1}`, uuid(8)), cases: [] }, version, ada);
  const versions = (await documents.versions(document.id)).map(({ version }) => version);
  assert.equal(versions.length, 101);
  assert.deepEqual([versions[0], versions.at(-2), versions.at(-1)], [103, 4, 1]);
  await documents.retire(document.id, ada);
});
