import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createVerifierKey, formatVerifierKey, parseSignedCheckpoint, parseVerifierKey } from '@sallyport/merkle-log';
import { createManualClock } from '@sallyport/platform/clock';
import { verifyEvidence } from '../evidence.ts';
import { temporaryDirectory, testStartMs } from '../ledger-testing.ts';
import type { ManualClock } from '../ledger-testing.ts';
import { troubledWitnesses } from './witness-shown.ts';
import { answer, createFakeWitness } from './witness.fixture.ts';
import type { FakeWitness } from './witness.fixture.ts';
import { admin, snapshot, startHouse } from './witnesses.fixture.ts';
import type { House } from './witnesses.fixture.ts';

type Place = { readonly directory: string; readonly clock: ManualClock; readonly outside: readonly FakeWitness[] };

function newPlace(context: TestContext, names: readonly string[] = ['w1.example']): Place {
  const clock = createManualClock(testStartMs);
  const outside = names.map((name) => createFakeWitness(name, () => clock.nowMs()));
  const directory = join(temporaryDirectory(context), 'data');
  mkdirSync(directory);
  return { directory, clock, outside };
}

/** A house with some entries that all of its witnesses have cosigned. */
async function witnessedHouse(context: TestContext, place: Place, needed = 1): Promise<House> {
  const house = await startHouse(context, place);
  await house.append(5);
  const key = await house.client.verifierKey(1);
  for (const witness of place.outside) {
    witness.trust(key);
    await house.witnesses.add({ url: witness.url, verifierKey: witness.verifierKey, actor: admin });
  }
  await house.witnesses.setPolicy({ needed, tailLimitMs: 3_600_000, actor: admin });
  await house.round();
  return house;
}

async function coverage(house: House, log = 1): Promise<number> {
  return (await house.witnesses.quorum(log))?.size ?? 0;
}

test('two of three witnesses on one checkpoint are a quorum, and evidence carries their signatures', async (context) => {
  const place = newPlace(context, ['w1.example', 'w2.example', 'w3.example']);
  const house = await witnessedHouse(context, place, 2);
  const [first, , third] = place.outside;
  assert.ok(first !== undefined && third !== undefined);
  third.isAway = true;
  await house.append(3);
  await house.round();
  const size = await coverage(house);
  assert.equal(size, house.client.head().index);
  const verified = verifyEvidence(await house.client.prove({ log: 1, index: 0 }));
  assert.ok(verified.ok);
  assert.equal(verified.treeSize, size);
  const atMs = place.clock.nowMs();
  assert.deepEqual(
    new Map(verified.witnesses.map(({ name, cosignedAtMs }) => [name, cosignedAtMs])),
    new Map([
      ['w1.example', atMs],
      ['w2.example', atMs],
    ]),
  );
  // With one answering alone there is no new quorum, and the old one stays.
  first.isAway = true;
  await house.append(1);
  await house.round();
  assert.equal(await coverage(house), size);
  const { tail } = await house.witnesses.report();
  assert.ok(tail !== undefined && tail.entries === house.client.head().index - size && !tail.isTooOld);
});

test('everything put back together is noticed at the next start: the next log names what was witnessed, and the gap', async (context) => {
  const place = newPlace(context);
  const before = await witnessedHouse(context, place);
  await before.stop();
  const putBack = snapshot(place.directory);
  const lost = await startHouse(context, place);
  await lost.append(20);
  await lost.round();
  const size = await coverage(lost);
  await lost.stop();
  putBack();
  const origins = new Set<string>();
  for (let again = 0; again < 2; again += 1) {
    const house = await startHouse(context, place);
    const { log } = house.client.head();
    assert.equal(log, 2);
    const marker = JSON.stringify(await house.records());
    assert.match(marker, /ledger\.restored/);
    assert.ok(marker.includes(`"witness":"w1.example","size":${size}`), marker.slice(-3000));
    const { checkpoint } = parseSignedCheckpoint(await house.client.checkpoint(2));
    origins.add(checkpoint.origin);
    await house.round();
    assert.ok((await house.told()).includes('witness.refused'));
    await house.append(1);
    await house.stop();
    putBack();
  }
  assert.equal(origins.size, 2, 'two histories never go by one name');
});

test('a log closed by a restore is never signed again, and what it had signed stays provable', async (context) => {
  const place = newPlace(context);
  const before = await witnessedHouse(context, place);
  await before.stop();
  const putBack = snapshot(place.directory);
  const lost = await startHouse(context, place);
  await lost.append(20);
  await lost.round();
  await lost.stop();
  putBack();
  // Held at first, since nobody is there: entries are taken that nobody signs.
  for (const witness of place.outside) witness.isAway = true;
  const held = await startHouse(context, place);
  const signed = await held.client.checkpoint(1);
  await held.append(2);
  assert.equal((await held.client.status())['signing'], 'held');
  assert.equal(await held.client.checkpoint(1), signed);
  const unsigned = held.client.head().index - 2;
  await assert.rejects(held.client.prove({ log: 1, index: unsigned }), { code: 'unsigned' });
  for (const witness of place.outside) witness.isAway = false;
  await held.round();
  // At run time the same proof closes the log, and the sealer is started again into the next.
  await until(() => held.client.head().log === 2);
  assert.equal(await held.client.checkpoint(1), signed);
  await assert.rejects(held.client.prove({ log: 1, index: unsigned }), { code: 'unsigned' });
  assert.ok(verifyEvidence(await held.client.prove({ log: 1, index: 0 })).ok);
  assert.ok(verifyEvidence(await held.client.prove({ log: 2, index: 0 })).ok);
});

test('a bare claim closes nothing: it is told, and at a start it holds the signature until somebody vouches', async (context) => {
  const place = newPlace(context);
  const before = await witnessedHouse(context, place);
  await before.stop();
  const [witness] = place.outside;
  assert.ok(witness);
  witness.lie = (body) => (body === undefined ? answer(404, '') : answer(409, '999999\n', 'text/x.tlog.size'));
  const house = await startHouse(context, place);
  await house.append(1);
  assert.deepEqual([house.client.head().log, (await house.client.status())['signing']], [1, 'held']);
  await house.round();
  await house.round();
  const told = await house.told();
  assert.deepEqual(
    told.filter((code) => code.startsWith('witness.ref') || code === 'ledger.held').toSorted(),
    ['ledger.held', 'witness.refused'],
    'once each',
  );
  await house.witnesses.signAnyway({ reason: 'The witness was set up anew', actor: admin });
  assert.equal((await house.client.status())['signing'], 'open');
  await assert.rejects(house.witnesses.signAnyway({ reason: 'Again', actor: admin }), { code: 'not_held' });
  const { checkpoint } = parseSignedCheckpoint(await house.client.checkpoint(1));
  assert.equal(checkpoint.treeSize, house.client.head().index);
  assert.ok((await house.told()).includes('ledger.sign-unasked'));
  witness.lie = undefined;
  await house.round();
  assert.equal(house.client.head().log, 1);
});

test('a start that reaches nobody takes entries and signs none, until enough have answered', async (context) => {
  const place = newPlace(context, ['w1.example', 'w2.example']);
  const before = await witnessedHouse(context, place, 2);
  await before.stop();
  const [first, second] = place.outside;
  assert.ok(first !== undefined && second !== undefined);
  first.isAway = true;
  const house = await startHouse(context, place);
  await house.append(4);
  await house.round();
  assert.equal((await house.client.status())['signing'], 'held');
  first.isAway = false;
  for (let rounds = 0; rounds < 5 && (await house.client.status())['signing'] === 'held'; rounds += 1)
    await house.round();
  assert.equal((await house.client.status())['signing'], 'open');
  await house.round();
  assert.equal(await coverage(house), house.client.head().index);
  assert.deepEqual(
    (await house.told()).filter((code) => code.startsWith('ledger.')),
    ['ledger.held', 'ledger.signed-again'],
  );
});

test('a log that no quorum ever saw is not held by a witness that is away', async (context) => {
  const place = newPlace(context);
  const before = await startHouse(context, place);
  await before.append(2);
  const [witness] = place.outside;
  assert.ok(witness);
  await before.witnesses.add({ url: witness.url, verifierKey: witness.verifierKey, actor: admin });
  const report = await before.witnesses.report();
  assert.equal(report.witnesses[0]?.standing.trouble?.kind, 'unknown_log');
  assert.deepEqual(troubledWitnesses(report), [
    { name: parseVerifierKey(witness.verifierKey).name, state: 'unknown_log' },
  ]);
  await before.stop();
  witness.isAway = true;
  const house = await startHouse(context, place);
  assert.equal((await house.client.status())['signing'], 'open');
});

test('of two copies that run, the one the witness did not see first closes its log', async (context) => {
  const place = newPlace(context);
  const original = await witnessedHouse(context, place);
  await original.stop();
  snapshot(place.directory);
  const clone = await startHouse(context, { ...place, directory: `${place.directory}-copy` });
  const first = await startHouse(context, place);
  await first.append(3);
  await first.round();
  assert.equal(first.client.head().log, 1);
  await clone.append(10);
  await clone.round();
  await until(() => clone.client.head().log === 2);
  const marker = JSON.stringify(await clone.records());
  assert.match(marker, /"reason":"forked"/);
  await clone.flushed();
  assert.ok((await clone.told()).includes('witness.refused'));
  await first.append(1);
  await first.round();
  assert.equal(await coverage(first), first.client.head().index, 'the other goes on undisturbed');
});

test('put back to the very size at which a log was closed, what follows it gives it away', async (context) => {
  const place = newPlace(context);
  const before = await witnessedHouse(context, place);
  const { origin } = parseSignedCheckpoint(await before.client.checkpoint(1)).checkpoint;
  await before.stop();
  const [witness] = place.outside;
  assert.ok(witness);
  witness.successors.set(origin, ['sallyport/x/abcd/2']);
  const house = await startHouse(context, place);
  assert.equal((await house.client.status())['signing'], 'held');
  await house.witnesses.tick();
  assert.match(JSON.stringify(await house.records()), /sallyport\/x\/abcd\/2/);
  // It goes on cosigning the old one, which is what it has: that vouches for nothing.
  for (let rounds = 0; rounds < 3; rounds += 1) await house.round();
  assert.equal((await house.client.status())['signing'], 'held');
  assert.equal(await coverage(house), (await house.store.quorum(1))?.size);
  witness.successors.clear();
  place.clock.advance(300_000);
  await house.round();
  assert.equal((await house.client.status())['signing'], 'open');
});

test('a witness that answers every address with a page of its own knows no log that follows', async (context) => {
  const place = newPlace(context);
  const before = await witnessedHouse(context, place);
  await before.stop();
  const [witness] = place.outside;
  assert.ok(witness);
  for (const page of [answer(200, '<title>Witness</title>\n', 'text/html'), answer(200, 'Nothing to see here\n')]) {
    witness.lie = (body) => (body === undefined ? page : undefined);
    const house = await startHouse(context, place);
    assert.equal((await house.client.status())['signing'], 'open');
    await house.stop();
  }
});

test('an end that stays unwitnessed is told once when it grows too old, and once when it is witnessed again', async (context) => {
  const place = newPlace(context);
  const house = await witnessedHouse(context, place);
  const [witness] = place.outside;
  assert.ok(witness);
  witness.isAway = true;
  await house.append(1);
  for (let rounds = 0; rounds < 3; rounds += 1) {
    await house.round();
    place.clock.advance(1_200_000);
  }
  await house.round();
  await house.round();
  const { tail, witnesses } = await house.witnesses.report();
  assert.ok(tail !== undefined && tail.isTooOld && tail.ageMs > 3_600_000);
  assert.equal(witnesses[0]?.standing.trouble?.kind, 'unreachable');
  witness.isAway = false;
  place.clock.advance(300_000);
  await house.round();
  await house.round();
  const told = (await house.told()).filter((code) => code.startsWith('ledger.tail'));
  assert.deepEqual(told, ['ledger.tail-unwitnessed', 'ledger.tail-witnessed']);
  // Told across a restart neither again nor lost.
  await house.stop();
  const next = await startHouse(context, place);
  await next.round();
  assert.equal((await next.told()).filter((code) => code.startsWith('ledger.tail')).length, 2);
});

test('a witness that names less than it had cosigned is told, and cosigns again', async (context) => {
  const place = newPlace(context);
  const house = await witnessedHouse(context, place);
  const [witness] = place.outside;
  assert.ok(witness);
  const back = witness.save();
  await house.append(3);
  await house.round();
  back();
  await house.append(1);
  await house.round();
  assert.equal((await house.told()).filter((code) => code === 'witness.fell-back').length, 1);
  await house.append(1);
  await house.round();
  assert.equal(await coverage(house), house.client.head().index);
});

test('a witness that turns well and bad with each answer does not fill the ledger', async (context) => {
  const place = newPlace(context);
  const house = await witnessedHouse(context, place);
  const [witness] = place.outside;
  assert.ok(witness);
  const lies = [
    answer(500, ''),
    answer(409, '99999\n', 'text/x.tlog.size'),
    // Then what is true: it has fallen back, and cosigns.
    answer(409, '1\n', 'text/x.tlog.size'),
  ];
  let cosigned = 0;
  for (let rounds = 0; rounds < 24; rounds += 1) {
    let lie = rounds % 2 === 0 ? undefined : lies[((rounds - 1) / 2) % lies.length];
    witness.lie = (body) => {
      const said = body === undefined ? undefined : lie;
      lie = undefined;
      return said;
    };
    await house.append(1);
    await house.round();
    if ((await coverage(house)) === house.client.head().index) cosigned += 1;
  }
  assert.ok(cosigned >= 6, `${cosigned}`);
  const told = (await house.told()).filter((code) => code.startsWith('witness.') && code !== 'witness.add');
  assert.deepEqual(told.filter((code) => code !== 'witness.policy').toSorted(), [
    'witness.fell-back',
    'witness.refused',
    'witness.wrong-answer',
  ]);
});

test('two people who add one key at once add one witness, and no more are asked for than there are', async (context) => {
  const place = newPlace(context, ['w1.example', 'w2.example']);
  const house = await witnessedHouse(context, place);
  const fresh = createFakeWitness('w9.example', () => place.clock.nowMs());
  const key = parseVerifierKey(fresh.verifierKey);
  const renamed = formatVerifierKey(createVerifierKey({ ...key, name: 'w8.example' }));
  const added = await Promise.allSettled(
    [fresh.verifierKey, renamed].map((verifierKey) =>
      house.witnesses.add({ url: fresh.url, verifierKey, actor: admin }),
    ),
  );
  assert.deepEqual(added.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  const { witnesses } = await house.witnesses.report();
  await Promise.allSettled([
    house.witnesses.setPolicy({ needed: witnesses.length, tailLimitMs: 60_000, actor: admin }),
    house.witnesses.remove({ id: witnesses[0]?.witness.id ?? '', actor: admin }),
  ]);
  assert.equal((await house.witnesses.report()).policy.needed, witnesses.length - 1);
});

test('a bar that is lowered counts for what is cosigned already', async (context) => {
  const place = newPlace(context, ['w1.example', 'w2.example']);
  const before = await witnessedHouse(context, place, 2);
  await before.stop();
  const [first] = place.outside;
  assert.ok(first);
  first.isAway = true;
  const house = await startHouse(context, place);
  await house.round();
  assert.equal((await house.client.status())['signing'], 'held');
  await house.witnesses.setPolicy({ needed: 1, tailLimitMs: 60_000, actor: admin });
  assert.equal((await house.client.status())['signing'], 'open');
});

test('lies are told once, count for nothing, and are asked after at growing intervals', async (context) => {
  const place = newPlace(context);
  const house = await witnessedHouse(context, place);
  const [witness] = place.outside;
  assert.ok(witness);
  const size = await coverage(house);
  witness.clockOffsetMs = 3_600_000;
  await house.append(1);
  const before = witness.requests.length;
  for (let rounds = 0; rounds < 12; rounds += 1) await house.round();
  assert.equal(await coverage(house), size);
  assert.equal((await house.told()).filter((code) => code === 'witness.wrong-answer').length, 1);
  const asked = witness.requests.length - before;
  // Twelve rounds; each time it is asked takes two requests, since it has moved on.
  assert.ok(asked >= 2 && asked <= 12, `${asked}`);
  witness.clockOffsetMs = 0;
  place.clock.advance(300_000);
  await house.round();
  assert.ok((await house.told()).includes('witness.recovered'));
});

test('one that never answers has one request under way, and keeps nobody else from cosigning', async (context) => {
  const place = newPlace(context, ['w1.example', 'w2.example']);
  const house = await witnessedHouse(context, place);
  const [first] = place.outside;
  assert.ok(first);
  first.lie = () => new Promise(() => undefined);
  const before = first.requests.length;
  for (let rounds = 0; rounds < 3; rounds += 1) {
    await house.append(1);
    place.clock.advance(10_000);
    await house.witnesses.tick();
    await until(async () => (await coverage(house)) === house.client.head().index);
  }
  assert.equal(first.requests.length - before, 1);
});

test('adding, removing and lowering the bar are audited, and what is no witness is refused', async (context) => {
  const place = newPlace(context, ['w1.example', 'w2.example']);
  const house = await witnessedHouse(context, place, 2);
  const [first] = place.outside;
  assert.ok(first);
  const [, encoded = ''] = first.verifierKey.split(/\+[0-9a-f]{8}\+/);
  assert.ok(encoded.length > 0);
  const add = (url: string, verifierKey: string) => house.witnesses.add({ url, verifierKey, actor: admin });
  await assert.rejects(add('https://other.example', first.verifierKey), { code: 'witness_known' });
  await assert.rejects(add('https://other.example', await house.client.verifierKey(1)), { code: 'witness_invalid' });
  await assert.rejects(add('https://other.example', 'nonsense'), { code: 'witness_invalid' });
  const fresh = createFakeWitness('w9.example', () => place.clock.nowMs());
  await assert.rejects(add('https://169.254.169.254/', fresh.verifierKey), { code: 'witness_invalid' });
  await assert.rejects(
    house.witnesses.add({ url: fresh.url, verifierKey: fresh.verifierKey, authorityPem: 'x', actor: admin }),
    { code: 'witness_invalid' },
  );
  await assert.rejects(house.witnesses.setPolicy({ needed: 3, tailLimitMs: 60_000, actor: admin }), {
    code: 'witness_policy_invalid',
  });
  const { witnesses } = await house.witnesses.report();
  await house.witnesses.remove({ id: witnesses[0]?.witness.id ?? '', actor: admin });
  await assert.rejects(house.witnesses.remove({ id: witnesses[0]?.witness.id ?? '', actor: admin }), {
    code: 'witness_unknown',
  });
  assert.equal((await house.witnesses.report()).policy.needed, 1);
  const records = JSON.stringify(await house.records());
  for (const action of ['witness.add', 'witness.remove', 'witness.policy']) assert.ok(records.includes(action), action);
});

async function until(look: () => boolean | Promise<boolean>): Promise<void> {
  for (let turns = 0; turns < 20_000; turns += 1) {
    if (await look()) return;
    await new Promise(setImmediate);
  }
  assert.fail('It never came about');
}
