// What is left when a log is closed, a witness is removed, or one signs with ML-DSA-44.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { verifyEvidence } from '../evidence.ts';
import { temporaryDirectory, testStartMs } from '../ledger-testing.ts';
import { createFakeWitness } from './witness.fixture.ts';
import type { FakeWitness } from './witness.fixture.ts';
import { admin, snapshot, startHouse } from './witnesses.fixture.ts';
import type { House } from './witnesses.fixture.ts';

function newPlace(context: TestContext, keys: readonly ('ed25519' | 'ml-dsa-44')[] = ['ed25519']) {
  const clock = createManualClock(testStartMs);
  const outside = keys.map((kind, at) => {
    const { privateKey } = kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ml-dsa-44');
    return createFakeWitness(`w${at + 1}.example`, () => clock.nowMs(), privateKey);
  });
  const directory = join(temporaryDirectory(context), 'data');
  mkdirSync(directory);
  return { directory, clock, outside };
}

async function add(house: House, witness: FakeWitness): Promise<void> {
  witness.trust(await house.client.verifierKey(house.client.head().log));
  await house.witnesses.add({ url: witness.url, verifierKey: witness.verifierKey, actor: admin });
}

test('a witness that signs with ML-DSA-44 counts like any other, in rounds and in evidence', async (context) => {
  const place = newPlace(context, ['ed25519', 'ml-dsa-44']);
  const house = await startHouse(context, place);
  await house.append(3);
  for (const witness of place.outside) await add(house, witness);
  await house.witnesses.setPolicy({ needed: 2, tailLimitMs: 3_600_000, actor: admin });
  await house.round();
  const evidence = await house.client.prove({ log: 1, index: 0 });
  const verified = verifyEvidence(evidence);
  assert.ok(verified.ok, JSON.stringify(verified));
  assert.deepEqual(
    new Set(verified.witnesses.map(({ verifierKey }) => verifierKey)),
    new Set(place.outside.map(({ verifierKey }) => verifierKey)),
  );
  // Each signature counts: one changed letter in either, and the file does not verify.
  const lines = evidence.split('\n');
  for (const [at, line] of lines.entries()) {
    if (!line.startsWith('— w')) continue;
    const changed = lines.with(at, `${line.slice(0, -9)}${line.at(-9) === 'A' ? 'B' : 'A'}${line.slice(-8)}`);
    assert.equal(verifyEvidence(changed.join('\n')).ok, false, line.slice(0, 20));
  }
});

test('the two keys of one witness are one witness', async (context) => {
  const place = newPlace(context);
  const house = await startHouse(context, place);
  const [witness] = place.outside;
  assert.ok(witness !== undefined);
  await add(house, witness);
  const other = createFakeWitness('w1.example', () => 0, generateKeyPairSync('ml-dsa-44').privateKey);
  const wanted = { url: witness.url, verifierKey: other.verifierKey, actor: admin };
  await assert.rejects(house.witnesses.add(wanted), { code: 'witness_known' });
});

test('the last checkpoint of a closed log still goes round, and what nobody ever sees of it is said', async (context) => {
  const place = newPlace(context, ['ed25519', 'ed25519']);
  const [first, second] = place.outside;
  assert.ok(first !== undefined && second !== undefined);
  const before = await startHouse(context, place);
  await before.append(5);
  await add(before, first);
  await before.round();
  await before.append(2);
  await before.stop();
  const putBack = snapshot(place.directory);
  const lost = await startHouse(context, place);
  await lost.append(20);
  await lost.round();
  await lost.stop();
  putBack();
  const house = await startHouse(context, place);
  assert.equal(house.client.head().log, 2);
  await house.round();
  const [closed] = (await house.witnesses.report()).closed;
  assert.ok(closed !== undefined);
  // The witness that closed it holds more and will not go back.
  assert.deepEqual([closed.number, closed.end], [1, 'never']);
  assert.ok(closed.witnessedSize < closed.size && closed.signedSize === closed.size);
  first.trust(await house.client.verifierKey(2));
  await house.append(1);
  place.clock.advance(600_000);
  await house.round();
  assert.equal((await house.witnesses.report()).closed[0]?.end, 'fixed-by-next');
  // Another, which never saw the other history, can still cosign what was signed.
  second.trust(await house.client.verifierKey(1));
  await add(house, second);
  place.clock.advance(600_000);
  await house.round();
  await house.round();
  await until(async () => (await house.witnesses.report()).closed[0]?.end === 'whole');
  assert.equal((await house.witnesses.quorum(1))?.size, closed.signedSize);
});

test('the last witness is not removed while a log waits for its word: somebody must give theirs first, and then it goes on', async (context) => {
  const place = newPlace(context);
  const [witness] = place.outside;
  assert.ok(witness !== undefined);
  const before = await startHouse(context, place);
  await before.append(2);
  await add(before, witness);
  await before.round();
  await before.stop();
  witness.isAway = true;
  const house = await startHouse(context, place);
  await house.append(1);
  await house.round();
  assert.equal((await house.client.status())['signing'], 'held');
  const [known] = (await house.witnesses.report()).witnesses;
  assert.ok(known !== undefined);
  const removal = { id: known.witness.id, actor: admin };
  await assert.rejects(house.witnesses.remove(removal), { code: 'log_held' });
  await house.witnesses.signAnyway({ reason: 'The witness is gone for good', actor: admin });
  await house.witnesses.remove(removal);
  assert.equal((await house.client.status())['signing'], 'open');
  const told = await house.told();
  assert.ok(told.includes('ledger.sign-unasked') && told.includes('witness.remove'));
});

test('what was wrong with a witness or a log is forgotten with it', async (context) => {
  const place = newPlace(context);
  const [witness] = place.outside;
  assert.ok(witness !== undefined);
  const house = await startHouse(context, place);
  await house.append(2);
  await add(house, witness);
  await house.witnesses.setPolicy({ needed: 1, tailLimitMs: 60_000, actor: admin });
  witness.lie = () => ({ status: 200, contentType: 'text/plain', body: Buffer.from('nonsense\n') });
  await house.append(1);
  place.clock.advance(120_000);
  await house.round();
  await house.round();
  assert.ok((await house.store.alarms()).size >= 2, JSON.stringify([...(await house.store.alarms())]));
  const [known] = (await house.witnesses.report()).witnesses;
  await house.witnesses.remove({ id: known?.witness.id ?? '', actor: admin });
  assert.deepEqual([...(await house.store.alarms())], []);
});

test('a start waits for whoever is slow only until enough have cosigned', async (context) => {
  const place = newPlace(context, ['ed25519', 'ed25519']);
  const [, slow] = place.outside;
  assert.ok(slow !== undefined);
  const before = await startHouse(context, place);
  await before.append(2);
  for (const witness of place.outside) await add(before, witness);
  await before.round();
  await before.stop();
  // It never answers; without an end of the waiting, neither would the start.
  slow.lie = () => new Promise(() => undefined);
  const house = await startHouse(context, {
    ...place,
    deadline: (ms) => (ms < 1000 ? AbortSignal.abort() : new AbortController().signal),
  });
  assert.equal((await house.client.status())['signing'], 'open');
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(setImmediate);
}
