import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFinding } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import type { LedgerRange } from '@sallyport/ledger';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { MemoryLedger } from '@sallyport/testing/memory-ledger';
import { append, catchUp, dayMs, setUp, signIn } from './behaviour.fixture.ts';
import { createEntityBook } from './entity-book.ts';
import { createIdCache } from './entity-ids.ts';
import { createEntity, entityState, observeSignal } from './entity.ts';
import { erasedBy } from './erased-ranges.ts';
import { createLearner } from './learner.ts';
import { nameOf, signalsOf } from './signals.ts';

type Rig = Awaited<ReturnType<typeof setUp>>;

function levelsTold(ledger: MemoryLedger): string[] {
  return ledger.events().flatMap(({ classUid, body }) => {
    if (classUid !== 2004) return [];
    const value: JsonValue = JSON.parse(new TextDecoder().decode(body));
    const finding = parseFinding(value) ?? assert.fail('a finding of ours does not parse');
    return `${finding.user} ${finding.level}`;
  });
}

async function everyDay(rig: Rig, days: number, user = 'ada'): Promise<void> {
  for (let day = 0; day < days; day += 1) {
    await append(
      rig.ledger,
      Array.from({ length: 12 }, () => signIn(user)),
    );
    rig.clock.advance(dayMs);
  }
}

const stranger = (user: string) => signIn(user, { ip: '203.0.113.9', agent: 'curl' });

forEachDatabase((name, open) => {
  // What is tried here the kinds of database share.
  if (name !== 'SQLite') return;
  test(`a fact about risk is as old as what was learnt from: while learning is behind or away it goes stale, on ${name}`, async () => {
    const { database } = await open();
    const { behaviour, clock, ledger } = await setUp(database);
    assert.equal(behaviour.risk('user', 'ada').asOfMs, 0, 'nothing was read yet');
    await append(ledger, [signIn('ada')]);
    await catchUp(behaviour, ledger);
    const known = behaviour.risk('user', 'ada');
    assert.deepEqual([known.asOfMs, typeof known.entityId], [clock.nowMs(), 'string']);
    assert.equal(behaviour.risk('user', 'nobody').entityId, undefined);
    const learntMs = clock.nowMs();
    await append(ledger, [signIn('ada')]);
    clock.advance(600_000);
    const behind = behaviour.risk('user', 'ada');
    assert.ok(behind.asOfMs <= learntMs && behind.freshUntilMs < clock.nowMs());
    await catchUp(behaviour, ledger);
    assert.ok(behaviour.risk('user', 'ada').freshUntilMs > clock.nowMs());
  });

  test(`a range whose finding cannot be stored is neither saved nor lost, whoever saves meanwhile, on ${name}`, async () => {
    const { database } = await open();
    const rig = await setUp(database);
    await everyDay(rig, 25);
    await catchUp(rig.behaviour, rig.ledger);
    const { cursor } = rig.behaviour.health();
    await append(rig.ledger, [stranger('ada')]);
    const range = await rig.ledger.read(cursor, { maxEvents: 100, maxBytes: 1e6 });
    rig.ledger.refuseAppends('unavailable');
    await assert.rejects(rig.behaviour.projection.apply(range), { code: 'unavailable' });
    // Not loaded again: what is in memory is not what comes before any position.
    await assert.rejects(rig.behaviour.projection.apply(range), { code: 'learning_interrupted' });
    await rig.behaviour.forget([]);
    await rig.behaviour.close();
    assert.deepEqual(levelsTold(rig.ledger), []);
    await catchUp(rig.restart(), rig.ledger);
    assert.equal(levelsTold(rig.ledger).length, 1);
  });

  test(`what is to be forgotten before the first load, or once more after a failure, does not come back on ${name}`, async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const [eve] = await append(rig.ledger, [signIn('eve')]);
    const [bob] = await append(rig.ledger, [signIn('bob')]);
    await append(rig.ledger, [signIn('ada')]);
    assert.ok(eve && bob);
    await catchUp(rig.behaviour, rig.ledger);
    await rig.behaviour.close();
    const range = ({ log, index }: { log: number; index: number }) => ({ log, from: index, to: index + 1 });
    assert.ok((await rig.restart().forget([range(eve)])) >= 1, 'a start that has not loaded yet');
    let failures = 1;
    const failing = rig.restart({
      random: (length) => {
        if (failures-- > 0) throw new Error('planted');
        return new Uint8Array(length).fill(1);
      },
    });
    await failing.projection.load(rig.ledger.head());
    const [extra] = await append(rig.ledger, [signIn('ada')]);
    assert.ok(extra);
    await failing.projection.apply(await rig.ledger.read(failing.health().cursor, { maxEvents: 9, maxBytes: 1e6 }));
    await assert.rejects(failing.forget([range(bob)]), /planted/);
    assert.ok((await failing.forget([range(bob)])) >= 1, 'the second time it does what the first could not');
    const after = rig.restart();
    await after.projection.load(rig.ledger.head());
    assert.deepEqual(
      after.entities({ limit: 10 }).entities.map((one) => one.name),
      ['ada'],
    );
  });

  test(`killed anywhere and started again, it tells and keeps the same as one never stopped, also when full, on ${name}`, async () => {
    const [one, other] = [await open(), await open()];
    const limits = { entities: 7, stateCharacters: 14_000, checkpointEvents: 60, checkpointMs: 1e12 };
    const rigs = [await setUp(one.database, { limits }), await setUp(other.database, { limits })] as const;
    for (let day = 0; day < 24; day += 1) {
      for (const { ledger, clock } of rigs) {
        // Guests come in the same second, more than there is room for, and some again: who goes depends on the order they came in.
        const guests = Array.from({ length: day < 3 ? 0 : 6 }, (_, at) => `guest-${(day * 7 + at * 5) % 11}`);
        const events = ['ada', 'bob', ...guests.slice(0, 3), 'eve', ...guests.slice(3)].flatMap((user, at) => {
          const isOdd = day > 19 && (day + at) % 3 === 0;
          const usual = Array.from({ length: user.startsWith('guest') ? 1 : 12 }, () => signIn(user));
          return isOdd ? [...usual, stranger(user)] : usual;
        });
        await append(ledger, events);
        clock.advance(dayMs);
      }
    }
    const [steady, killed] = rigs;
    await catchUp(steady.behaviour, steady.ledger);
    let last = killed.behaviour;
    for (let ranges = 5; ; ranges += 2) {
      // Never closed: what stands after the last checkpoint is learnt again by the next.
      last = killed.restart();
      let { cursor } = await last.projection.load(killed.ledger.head());
      let range: LedgerRange | undefined;
      for (let count = 0; count < ranges; count += 1) {
        range = await killed.ledger.read(cursor, { maxEvents: 23, maxBytes: 1e6 });
        if (range.events.length === 0 && range.to.index === cursor.index) break;
        await last.projection.apply(range);
        cursor = range.to;
      }
      if (range?.events.length === 0) break;
    }
    await catchUp(last, killed.ledger);
    assert.ok(levelsTold(steady.ledger).length > 2);
    assert.deepEqual(levelsTold(killed.ledger), levelsTold(steady.ledger));
    assert.ok(steady.behaviour.health().evicted > 0);
    const known = (behaviour: typeof last) =>
      behaviour.entities({ limit: 10 }).entities.map(({ id }) => {
        const { reasons, ...rest } = behaviour.entity(id);
        return { ...rest, reasons: reasons.map(({ points, reason }) => ({ points, reason })) };
      });
    assert.deepEqual(known(last), known(steady.behaviour));
  });
});

test('a flood of made-up names, each busy for hours, displaces nobody known for days', () => {
  const book = createEntityBook(50);
  const meet = (name: string, atMs: number): void => {
    const found = book.get(name);
    const entity = found ?? createEntity({ kind: 'user', name, atMs, event: { log: 1, index: 0 } });
    entity.events += 1;
    entity.lastSeenMs = atMs;
    book.keep(name, entity);
  };
  for (let at = 0; at < 30; at += 1) for (const friend of ['ada', 'bob']) meet(friend, (at * dayMs) / 10);
  for (let number = 0; number < 200; number += 1)
    for (let at = 0; at < 30; at += 1) meet(`made-up-${number}`, 3 * dayMs + at * 1000);
  assert.ok(book.get('ada') && book.get('bob'));
  assert.equal(book.size(), 50);
  // Full of names that were kept busy for days and then left: who is new becomes known all the same.
  for (const at of [3, 5])
    for (let number = 0; number < 50; number += 1)
      for (let count = 0; count < 20; count += 1) meet(`left-${number}`, at * dayMs);
  for (let day = 6; day < 9; day += 1)
    for (let at = 0; at < 20; at += 1) for (const one of ['eve', 'kim']) meet(one, day * dayMs);
  for (let number = 0; number < 200; number += 1) meet(`made-up-${number}`, 9 * dayMs);
  assert.ok(book.get('eve') && book.get('kim'));
});

test('what is known of an agent stays, however many names are made up beside it', () => {
  const book = createEntityBook(50);
  const place = { log: 1, index: 0 };
  book.keep('courier', createEntity({ kind: 'agent', name: 'courier', atMs: dayMs, event: place }));
  for (let number = 0; number < 500; number += 1)
    book.keep(`h-${number}`, createEntity({ kind: 'host', name: `h-${number}`, atMs: dayMs + number, event: place }));
  assert.ok(book.get('courier'));
  assert.equal(book.size(), 50);
});

test('entities made as large as can be are bounded together, and displace nobody known for days', () => {
  const most = 100_000;
  const book = createEntityBook(1_000, most);
  const learn = (name: string, values: number, atMs: number): void => {
    for (let at = 0; at < values; at += 1) {
      const position = { log: 1, index: at };
      const entity = book.get(name) ?? createEntity({ kind: 'user', name, atMs, event: position });
      entity.events += 1;
      entity.lastSeenMs = atMs;
      const value = `${name}-${at}`.padEnd(200, 'x');
      observeSignal(
        entity,
        { topic: 'sign-in', aspect: 'client', kind: 'value', value },
        { timeMs: atMs, event: position },
      );
      book.keep(name, entity);
    }
  };
  for (const day of [0, 1, 2]) for (const friend of ['ada', 'bob']) learn(friend, 10, day * dayMs);
  for (let number = 0; number < 150; number += 1) learn(`made-up-${number}`, 64, 3 * dayMs);
  const characters = (): number => book.entries().reduce((sum, [, entity]) => sum + entityState(entity).length, 0);
  // What an entity gains between two times it is measured comes on top.
  assert.ok(characters() < 2 * most, `${characters()}`);
  assert.ok(book.evicted() > 100 && book.size() > 2);
  assert.ok(book.get('ada') && book.get('bob'));
});

test('who fails to sign in teaches nothing about, and adds nothing to, whom they claim to be', () => {
  const failure = { class_uid: 3002, activity_id: 1, status_id: 2, user: { name: 'ada' }, raw_data: '' };
  assert.deepEqual(signalsOf(failure, 0), []);
});

test('a name cut in the middle of a character is whole, keeps no long string, and is found by the long name', () => {
  const long = `${'x'.repeat(199)}😀${'y'.repeat(9000)}`;
  const [found] = signalsOf({ class_uid: 3002, activity_id: 1, user: { name: long }, raw_data: '' }, 0);
  assert.ok(found !== undefined && found.name.isWellFormed() && found.name.length === 200);
  assert.equal(nameOf('a\uD800'), 'a\uFFFD');
  const { idOf } = createIdCache(new Uint8Array(32));
  assert.equal(idOf('user', long), idOf('user', found.name));
});

test('what only begins to be odd does not hide what becomes of it within the hour', () => {
  const learner = createLearner({ book: createEntityBook(10), idOf: (kind, name) => `${kind} ${name}` });
  let index = 0;
  const tell = (atMs: number): string[] => {
    const body = new TextEncoder().encode(JSON.stringify(signIn('ada')));
    index += 1;
    return learner
      .observe({ position: { log: 1, index }, receivedAtMs: atMs, classUid: 3002, body })
      .map((entry) => parseFinding(JSON.parse(new TextDecoder().decode(entry.body)))?.level ?? 'none');
  };
  for (let hour = 0; hour < 24 * 28; hour += 1) assert.deepEqual(tell(hour * 3_600_000), []);
  const told = Array.from({ length: 3000 }, (_, at) => tell(24 * 28 * 3_600_000 + at)).flat();
  assert.deepEqual(told, ['low', 'medium', 'high']);
});

test('an erased position is found among ranges in any order, also ones that overlap', () => {
  const isErased = erasedBy([
    { log: 2, from: 5, to: 6 },
    { log: 1, from: 30, to: 31 },
    { log: 1, from: 0, to: 20 },
    { log: 1, from: 3, to: 4 },
  ]);
  const erased = Array.from({ length: 40 }, (_, index) => index).filter((index) => isErased({ log: 1, index }));
  assert.deepEqual(erased, [...Array.from({ length: 20 }, (_, index) => index), 30]);
  assert.ok(!isErased({ log: 2, index: 4 }) && isErased({ log: 2, index: 5 }) && !isErased({ log: 3, index: 0 }));
});
