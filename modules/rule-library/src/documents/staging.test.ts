import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditEvent } from '@sallyport/ledger';
import { ada, openLibrary, ruleText, started, uuid } from './documents.fixture.ts';
import { shownStaging } from './document-schema.ts';

const library = await openLibrary();
const correlation = (id: string, rule: string): string =>
  `title: Three times\nid: ${id}\ndescription: d\ntags: [attack.t1059]\ncorrelation:\n  type: event_count\n  rules: [${rule}]\n  group-by: [Computer]\n  timespan: 1h\n  condition: { gte: 3 }\nlevel: high\n`;

async function staged(id: string) {
  const { documents } = await library.start();
  return (await documents.staged.report(id))?.rules.map(({ title, matches }) => [title, matches]);
}

test('a staged rule is counted on the stream from then on, and makes no finding', async () => {
  const { documents, detection } = await library.start();
  await library.send([started('evil')]);
  const { document } = await documents.create({ text: ruleText('evil'), cases: [] }, ada);
  await documents.stage(document.id, 1, ada);
  await library.send([started('evil'), started('other'), started('evil')]);
  await library.catchUp(detection.projection, documents.projection);
  assert.deepEqual(await staged(document.id), [['Tool evil', 2]]);
  assert.equal(library.findings(), 0);
  const report = await documents.staged.report(document.id);
  assert.equal(report?.newest.length, 2);
  assert.ok((report.newest[0]?.position.index ?? 0) > (report.newest[1]?.position.index ?? 0), 'newest first');
  await documents.unstage(document.id, ada);
  assert.equal(await documents.staged.report(document.id), undefined);
});

test('a range that is applied again after a crash is counted once, and places are bounded', async () => {
  const first = await library.start();
  const { document } = await first.documents.create({ text: ruleText('many', uuid(2)), cases: [] }, ada);
  await first.documents.stage(document.id, 1, ada);
  await library.send(Array.from({ length: 30 }, () => started('many')));
  await library.catchUp(first.documents.projection);
  const next = await first.restart();
  await library.catchUp(next.documents.projection);
  assert.deepEqual(await staged(document.id), [['Tool many', 30]]);
  assert.equal((await next.documents.staged.report(document.id))?.newest.length, 20);
  await next.documents.retire(document.id, ada);
});

test('a rule in staging feeds no correlation in force; a correlation in staging counts a rule in force', async () => {
  const { documents, detection } = await library.start();
  const base = await documents.create({ text: ruleText('base', uuid(3)), cases: [] }, ada);
  await documents.stage(base.document.id, 1, ada);
  await documents.activate(base.document.id, 1, ada);
  const counting = await documents.create({ text: correlation(uuid(4), uuid(3)), cases: [] }, ada);
  assert.deepEqual(counting.checked.refusals, []);
  await documents.stage(counting.document.id, 1, ada);
  await library.send(Array.from({ length: 3 }, () => started('base', { Computer: 'pc-1' })));
  const before = library.findings();
  await library.catchUp(detection.projection, documents.projection);
  assert.deepEqual(await staged(counting.document.id), [['Three times', 1]]);
  // The rule in force tells of itself, three times; nothing of the correlation.
  assert.equal(library.findings() - before, 3);
  await documents.activate(counting.document.id, 1, ada);
  // A newer version of the rule is in staging: what that matches is not counted in force.
  const wider = ruleText('wide', uuid(3));
  await documents.save(base.document.id, { text: wider, cases: [] }, 1, ada);
  await documents.stage(base.document.id, 2, ada);
  const between = library.findings();
  await library.send(Array.from({ length: 5 }, () => started('wide', { Computer: 'pc-2' })));
  await library.catchUp(detection.projection, documents.projection);
  assert.deepEqual(await staged(base.document.id), [['Tool wide', 5]]);
  assert.equal(library.findings(), between);
  await documents.retire(counting.document.id, ada);
  await documents.retire(base.document.id, ada);
});

test('places of audit records are for who may read the audit trail, and erased events leave none', async () => {
  const { documents } = await library.start();
  const text = `title: Key made\nid: ${uuid(5)}\ndescription: d\ntags: [attack.t1059]\nlogsource:\n  product: sallyport\n  service: audit\ndetection:\n  sel:\n    message: key.create\n  condition: sel\nlevel: low\n`;
  const { document } = await documents.create(
    { text, cases: [{ name: 'kept', expect: 'no_match', event: { a: 1 }, origin: { log: 1, index: 7 } }] },
    ada,
  );
  await documents.stage(document.id, 1, ada);
  const actor = { kind: 'user', id: 'u9', name: 'Eve' };
  const target = { type: 'key', id: 'k' };
  const { event } = auditEvent({
    nowMs: 0,
    actor,
    action: 'key.create',
    classUid: 3004,
    activityId: 1,
    outcome: 'success',
    target,
  });
  const body = Buffer.from(JSON.stringify(event));
  const entries = [{ classUid: 3004, body, stream: 'audit', sequence: 1 }];
  const [position] = await library.ledger.append({ collector: 'audit', priority: 'control', entries });
  await library.catchUp(documents.projection);
  const report = await documents.staged.report(document.id);
  assert.ok(report !== undefined && position !== undefined);
  assert.deepEqual([shownStaging(report, false).newest.length, shownStaging(report, false).hidden], [0, 1]);
  assert.equal(shownStaging(report, true).newest.length, 1);
  const range = { log: position.log, from: position.index, to: position.index + 1 };
  assert.equal(await documents.forget([{ log: 1, from: 7, to: 8 }, range]), 2);
  assert.deepEqual((await documents.staged.report(document.id))?.newest, []);
  assert.deepEqual((await documents.version(document.id, 1))?.cases, []);
});

test('what is recorded while a document is being staged is counted, its own audit record included', async () => {
  const { documents } = await library.start();
  const text = `title: Staged\nid: ${uuid(6)}\ndescription: d\ntags: [attack.t1059]\nlogsource:\n  product: sallyport\n  service: audit\ndetection:\n  sel:\n    message: rule_document.stage\n  condition: sel\nlevel: low\n`;
  const { document } = await documents.create({ text, cases: [] }, ada);
  await library.catchUp(documents.projection);
  let isOver = false;
  const following = (async () => {
    while (!isOver) {
      await library.catchUp(documents.projection);
      await new Promise((resolve) => void setImmediate(resolve));
    }
  })();
  await documents.stage(document.id, 1, ada);
  isOver = true;
  await following;
  await library.catchUp(documents.projection);
  assert.deepEqual(await staged(document.id), [['Staged', 1]]);
  await documents.retire(document.id, ada);
});

test('a test of an event that was erased does not come back with an editor that has it still', async () => {
  const { documents } = await library.start();
  await library.send([started('gone')]);
  const { position } = library.ledger.events().at(-1) ?? assert.fail();
  const cases = [{ name: 'from an event', expect: 'match' as const, event: started('gone'), origin: position }];
  const text = ruleText('gone', uuid(7));
  const { document } = await documents.create({ text, cases }, ada);
  library.ledger.erase(position);
  assert.equal(await documents.forget([{ log: position.log, from: position.index, to: position.index + 1 }]), 1);
  await assert.rejects(documents.save(document.id, { text, cases }, 1, ada), /test 1: the event .* was erased/);
  await assert.rejects(documents.create({ text, cases }, ada), /was erased/);
  assert.equal((await documents.get(document.id)).version, 1);
});
