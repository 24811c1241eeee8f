import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject, parseFinding, parseJson } from '@sallyport/contracts';
import type { Finding } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { MemoryLedger } from '@sallyport/testing/memory-ledger';
import { append, catchUp, setUp } from './detection.fixture.ts';
import { startWindowClock } from './window-clock.ts';

const rules = [
  'title: Failed sign-in',
  'id: r-failed',
  'logsource: { product: sallyport, service: audit }',
  'detection:',
  '    selection:',
  '        metadata.event_code: sign-in.failed',
  '    condition: selection',
  '---',
  'title: Few and no more',
  'id: c-few',
  'correlation:',
  '    type: event_count',
  '    rules: [r-failed]',
  '    group-by: [src_endpoint.ip]',
  '    timespan: 2m',
  '    condition: { lt: 3 }',
].join('\n');

const failed = (address: string) => ({
  class_uid: 3002,
  metadata: { version: '1.8.0', log_name: 'audit', event_code: 'sign-in.failed' },
  src_endpoint: { ip: address },
});

function findingsIn(ledger: MemoryLedger): Finding[] {
  return ledger
    .events()
    .flatMap(({ classUid, body }) =>
      classUid === 2004 ? [parseFinding(parseJson(new TextDecoder().decode(body))) ?? assert.fail()] : [],
    );
}

const words = (ledger: MemoryLedger): number => ledger.events().filter(({ classUid }) => classUid === 0).length;
/** Lets what was begun come to its end: everything here is in memory. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** What is done every so often, done when it is said. */
function byHand() {
  const tasks: (() => void)[] = [];
  return {
    every(_: number, task: () => void) {
      tasks.push(task);
      return () => void tasks.splice(tasks.indexOf(task), 1);
    },
    async look(): Promise<void> {
      for (const task of tasks) task();
      await settled();
    },
  };
}

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('on a silent system a window that is over is told by a word of the ledger, once, whoever looks at it again', async () => {
    const { database } = await open();
    const { every, look } = byHand();
    const { ledger, directory, restart, clock } = await setUp(database, { every });
    directory.write('few.yml', rules);
    const detection = await restart();
    await append(ledger, [failed('192.0.2.7'), failed('192.0.2.8')]);
    await catchUp(detection.projection, ledger);
    clock.advance(60_000);
    await look();
    assert.equal(words(ledger), 0);
    // Two minutes, and ten more in which events of that time may still come in.
    clock.advance(661_000);
    await look();
    await look();
    assert.equal(words(ledger), 1);
    const range = await ledger.read({ log: 1, index: 0 }, { maxEvents: 100, maxBytes: 1e6 });
    await catchUp(detection.projection, ledger);
    const told = findingsIn(ledger)
      .map(({ rule, input }) => [rule.id, input.index] as const)
      .toSorted(([, left], [, right]) => left - right);
    assert.deepEqual(told, [
      ['c-few', range.events[0]?.position.index],
      ['c-few', range.events[1]?.position.index],
    ]);
    // Nothing waits any more: nothing is said.
    clock.advance(3_600_000);
    await look();
    assert.equal(words(ledger), 1);
    await catchUp((await restart()).projection, ledger);
    assert.equal(findingsIn(ledger).length, 2);
  });

  test('windows that were open at a restart, or when something was erased, are over without an event coming too', async () => {
    const { database } = await open();
    const { every, look } = byHand();
    const { ledger, directory, restart, clock } = await setUp(database, { every });
    directory.write('few.yml', rules);
    await append(ledger, [failed('192.0.2.7'), failed('192.0.2.8')]);
    const before = await restart();
    await catchUp(before.projection, ledger);
    await before.close();
    const detection = await restart();
    await detection.projection.load(ledger.head());
    clock.advance(721_000);
    await look();
    assert.equal(words(ledger), 1);
    await catchUp(detection.projection, ledger);
    assert.equal(findingsIn(ledger).length, 2);
    const [erased] = await append(ledger, [failed('192.0.2.7'), failed('192.0.2.8')]);
    assert.ok(erased);
    await catchUp(detection.projection, ledger);
    assert.equal(await detection.forget([{ log: erased.log, from: erased.index, to: erased.index + 1 }]), 1);
    clock.advance(721_000);
    await look();
    assert.equal(words(ledger), 2);
    await catchUp(detection.projection, ledger);
    assert.equal(findingsIn(ledger).length, 3);
  });

  test('a rule that matches everything does not wind the clock up: the word that time went on opens no window', async () => {
    const { database } = await open();
    const { every, look } = byHand();
    const { ledger, directory, restart, clock } = await setUp(database, { every });
    const everything = [
      'title: Anything',
      'id: r-any',
      'logsource: { category: any }',
      'detection: { selection: { class_uid|gte: 0 }, condition: selection }',
      '---',
      'title: Anything at all',
      'id: c-any',
      'correlation: { type: event_count, rules: [r-any], group-by: [class_uid], timespan: 10s, condition: { lt: 9 } }',
    ].join('\n');
    directory.write('any.yml', everything);
    const detection = await restart();
    assert.equal(detection.health().rulesRefused, 0);
    await append(ledger, [{ class_uid: 1007, metadata: { version: '1.8.0' }, raw_data: 'no JSON' }]);
    await catchUp(detection.projection, ledger);
    for (let hour = 0; hour < 4; hour += 1) {
      clock.advance(3_600_000);
      await look();
      await catchUp(detection.projection, ledger);
    }
    assert.equal(words(ledger), 1);
    assert.deepEqual(
      findingsIn(ledger).map(({ rule }) => rule.id),
      ['c-any'],
    );
    // One from outside that says the same is an event like any other.
    const forged = ledger.events().find(({ classUid }) => classUid === 0);
    const claim = parseJson(new TextDecoder().decode(forged?.body)) ?? assert.fail();
    assert.ok(isJsonObject(claim));
    await append(ledger, [{ ...claim, raw_data: 'no JSON' }]);
    const before = detection.health().matches;
    await catchUp(detection.projection, ledger);
    assert.equal(detection.health().matches, before + 1);
  });

  test('two groups that come true with one event are two findings, also when it is looked at twice', async () => {
    const { database } = await open();
    const { ledger, directory, restart } = await setUp(database);
    const either = [
      'title: Either side',
      'id: c-either',
      'correlation:',
      '    type: event_count',
      '    rules: [r-from, r-to]',
      '    group-by: [peer]',
      '    timespan: 2m',
      '    condition: { gte: 2 }',
      '    aliases:',
      '        peer: { r-from: src_endpoint.ip, r-to: dst_endpoint.ip }',
    ].join('\n');
    const rule = (id: string): string =>
      rules.slice(0, rules.indexOf('\n---')).replace('r-failed', id).replace('Failed sign-in', id);
    directory.write('either.yml', [rule('r-from'), rule('r-to'), either].join('\n---\n'));
    const event = { ...failed('192.0.2.7'), dst_endpoint: { ip: '192.0.2.9' } };
    const [, second] = await append(ledger, [event, event]);
    await catchUp((await restart()).projection, ledger);
    const found = findingsIn(ledger);
    assert.deepEqual(
      found.map(({ input }) => input),
      [second, second],
    );
    assert.deepEqual(
      found.map(({ matched }) => matched[0]?.value ?? '').toSorted((a, b) => (a < b ? -1 : 1)),
      ['192.0.2.7', '192.0.2.9'],
    );
    assert.equal(new Set(found.map(({ uid }) => uid)).size, 2);
    const range = await ledger.read({ log: 1, index: 0 }, { maxEvents: 2, maxBytes: 1e6 });
    const again = await restart();
    // As after a crash that lost cursor and counts, and nothing of the ledger.
    await again.projection.load({ log: 1, index: 0 });
    await again.projection.apply(range);
    assert.deepEqual(findingsIn(ledger), found);
  });
});

test('while ledger time does not follow the clock, words are few and fewer', async () => {
  let task: () => void = () => assert.fail();
  let nowMs = 0;
  let appended = 0;
  let isFull = true;
  const stop = startWindowClock({
    every: (_, given) => {
      task = given;
      return () => undefined;
    },
    clock: { nowMs: () => nowMs },
    ledger: {
      head: () => ({ log: 1, index: appended }),
      append: async () => {
        if (isFull) throw new Error('full');
        appended += 1;
        return [];
      },
    },
    wouldClose: () => true,
    isCaughtUp: () => true,
  });
  const lookForAnHour = async (): Promise<void> => {
    for (const endMs = nowMs + 3_600_000; nowMs < endMs; nowMs += 1_000) {
      task();
      await settled();
    }
  };
  await lookForAnHour();
  // A ledger that took nothing for an hour is told within a second of taking something again.
  isFull = false;
  task();
  await settled();
  assert.equal(appended, 1);
  await lookForAnHour();
  assert.ok(appended >= 8 && appended <= 15, String(appended));
  // The clock goes back: it does not wait for what it said before.
  nowMs = -10_000_000;
  const before = appended;
  task();
  await settled();
  assert.equal(appended, before + 1);
  stop();
});
