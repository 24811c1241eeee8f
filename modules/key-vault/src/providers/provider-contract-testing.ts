// What every provider of master keys promises. Loaded by the tests of each.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { codeOf } from '@sallyport/platform/errors';
import type { DestructionPermit, KeyProvider, WrapContext } from '../key-provider.ts';
import { masterKeyNamePattern } from '../key-provider.ts';

/** A place for master keys that a test may break. */
export type ProviderPlace = {
  /** A new connection to the place, as another process would have it. The test closes it. */
  open(): Promise<KeyProvider>;
  /** A connection that reaches nothing, or another account, slot or folder: it may conclude nothing. */
  openWrong(): Promise<KeyProvider>;
  /** What a place that keeps nothing about destroyed keys may do: make a key of that name again. */
  readonly forgetsDestroyed?: boolean;
};

const { signal } = new AbortController();

/** One promise: a sentence and the test of it. */
export type ContractTest = { readonly sentence: string; readonly run: (context: TestContext) => Promise<void> };

/**
 * The tests of the contract, for a test file to declare: the runner counts a test to the file that does. `start` makes a
 * place of its own for each and undoes it with the context.
 */
export function providerContract(start: (context: TestContext) => Promise<ProviderPlace>): readonly ContractTest[] {
  const tests: ContractTest[] = [];
  const promise = (sentence: string, run: ContractTest['run']): void => {
    tests.push({ sentence, run });
  };
  const vault = randomBytes(16).toString('hex');
  const nameOf = (epoch: number): string => `sallyport-${vault}-${epoch}-${randomBytes(8).toString('hex')}`;
  const contextOf = (epoch: number): WrapContext => ({ format: 'sallyport-epoch@v2', vault, epoch });
  const neverUsed = (masterName: string): DestructionPermit => ({
    name: masterName,
    vaultGeneration: 1,
    exportHash: undefined,
    why: 'never-used',
  });
  const opened = async (context: TestContext, place: ProviderPlace): Promise<KeyProvider> => {
    const provider = await place.open();
    context.after(async () => provider.close());
    return provider;
  };

  promise('what one connection wraps, another unwraps, and says honestly what it is', async (context) => {
    const place = await start(context);
    const provider = await opened(context, place);
    const facts = await provider.facts(signal);
    assert.ok(facts.identity.length > 0 && facts.algorithm.length > 0 && facts.maxMasters >= 2);
    if (facts.destruction !== 'provable') assert.ok(facts.notPromised.length > 0, 'says what it cannot promise');
    const masterName = nameOf(1);
    assert.match(masterName, masterKeyNamePattern);
    const key = await provider.create(masterName, signal);
    assert.equal(key.name, masterName);
    const plain = randomBytes(32);
    const wrapped = await provider.wrap(key, plain, contextOf(1), signal);
    assert.equal(wrapped.includes(plain), false);
    const other = await opened(context, place);
    assert.deepEqual(await other.unwrap(key, wrapped, contextOf(1), signal), plain);
    assert.deepEqual((await other.facts(signal)).identity, facts.identity);
    assert.deepEqual(await other.find(masterName, signal), { kind: 'usable' });
  });

  promise('making a key again finds the same one, also at the same time and without its reference', async (context) => {
    const place = await start(context);
    const provider = await opened(context, place);
    const masterName = nameOf(1);
    const first = await provider.create(masterName, signal);
    const wrapped = await provider.wrap(first, Buffer.alloc(32, 7), contextOf(1), signal);
    const other = await opened(context, place);
    const again = await other.create(masterName, signal);
    assert.deepEqual(await other.unwrap(again, wrapped, contextOf(1), signal), Buffer.alloc(32, 7));
    assert.deepEqual(
      await other.unwrap({ name: masterName, reference: '' }, wrapped, contextOf(1), signal),
      Buffer.alloc(32, 7),
    );
    const listed = await other.list(vault, signal);
    assert.deepEqual(
      listed.map((entry) => [entry.name, entry.presence.kind]),
      [[masterName, 'usable']],
    );
    assert.deepEqual(await other.list('0'.repeat(32), signal), []);
  });

  promise('changed bytes, another context and another key are damage', async (context) => {
    const provider = await opened(context, await start(context));
    const key = await provider.create(nameOf(1), signal);
    const otherKey = await provider.create(nameOf(2), signal);
    const wrapped = await provider.wrap(key, Buffer.alloc(32, 1), contextOf(1), signal);
    const changed = Buffer.from(wrapped);
    changed[changed.length - 5] = (changed[changed.length - 5] ?? 0) ^ 1;
    await assert.rejects(provider.unwrap(key, changed, contextOf(1), signal), { code: 'unseal_failed' });
    await assert.rejects(provider.unwrap(key, wrapped, contextOf(2), signal), { code: 'unseal_failed' });
    await assert.rejects(provider.unwrap(key, wrapped, { ...contextOf(1), vault: '0'.repeat(32) }, signal), {
      code: 'unseal_failed',
    });
    await assert.rejects(provider.unwrap(otherKey, wrapped, contextOf(1), signal), { code: 'unseal_failed' });
    await assert.rejects(provider.unwrap(key, Buffer.alloc(3), contextOf(1), signal), { code: 'unseal_failed' });
  });

  promise('a destroyed key opens nothing, is not made by wrapping, and destroying again reports', async (context) => {
    const place = await start(context);
    const provider = await opened(context, place);
    const [kept, gone] = [await provider.create(nameOf(1), signal), await provider.create(nameOf(2), signal)];
    const keptBytes = await provider.wrap(kept, Buffer.alloc(32, 1), contextOf(1), signal);
    const goneBytes = await provider.wrap(gone, Buffer.alloc(32, 2), contextOf(2), signal);
    const receipt = await provider.destroy(gone.name, neverUsed(gone.name), signal);
    assert.equal(receipt.name, gone.name);
    assert.ok(receipt.done.length > 0);
    assert.ok(receipt.presence.kind === 'absent' || receipt.presence.kind === 'pending', receipt.presence.kind);
    const other = await opened(context, place);
    for (const connection of [provider, other]) {
      await assert.rejects(connection.unwrap(gone, goneBytes, contextOf(2), signal), { code: 'master_absent' });
      await assert.rejects(connection.wrap(gone, Buffer.alloc(32, 3), contextOf(2), signal), {
        code: 'master_absent',
      });
      assert.notEqual((await connection.find(gone.name, signal)).kind, 'usable');
      assert.deepEqual(await connection.unwrap(kept, keptBytes, contextOf(1), signal), Buffer.alloc(32, 1));
    }
    const repeated = await other.destroy(gone.name, neverUsed(gone.name), signal);
    assert.equal(repeated.presence.kind, receipt.presence.kind);
    if (place.forgetsDestroyed !== true)
      await assert.rejects(other.create(gone.name, signal), { code: 'master_absent' });
  });

  promise('a permit for another key destroys nothing', async (context) => {
    const provider = await opened(context, await start(context));
    const key = await provider.create(nameOf(1), signal);
    await assert.rejects(provider.destroy(key.name, neverUsed(nameOf(2)), signal), { code: 'destruction_refused' });
    assert.deepEqual(await provider.find(key.name, signal), { kind: 'usable' });
  });

  promise('a wrong place is never taken for an absent key, nor an unreachable one for damage', async (context) => {
    const place = await start(context);
    const provider = await opened(context, place);
    const key = await provider.create(nameOf(1), signal);
    const wrapped = await provider.wrap(key, Buffer.alloc(32, 1), contextOf(1), signal);
    const wrong = await place.openWrong();
    context.after(async () => wrong.close());
    assert.equal((await wrong.find(key.name, signal)).kind, 'unknown');
    const failure = await wrong.unwrap(key, wrapped, contextOf(1), signal).then(
      () => 'opened',
      (error: unknown) => (typeof error === 'object' && error !== null && 'code' in error ? error.code : error),
    );
    const codes: readonly unknown[] = ['provider_unavailable', 'provider_refused', 'provider_changed'];
    assert.ok(codes.includes(failure), String(failure));
    assert.deepEqual(await provider.find(key.name, signal), { kind: 'usable' });
  });

  promise('a call given up is made again without harm', async (context) => {
    const place = await start(context);
    const provider = await opened(context, place);
    const givenUp = AbortSignal.abort();
    const ignore = (): undefined => undefined;
    const masterName = nameOf(1);
    await provider.create(masterName, givenUp).catch(ignore);
    const key = await provider.create(masterName, signal);
    await provider.wrap(key, Buffer.alloc(32, 5), contextOf(1), givenUp).catch(ignore);
    const wrapped = await provider.wrap(key, Buffer.alloc(32, 5), contextOf(1), signal);
    await provider.unwrap(key, wrapped, contextOf(1), givenUp).catch(ignore);
    assert.deepEqual(await provider.unwrap(key, wrapped, contextOf(1), signal), Buffer.alloc(32, 5));
    assert.equal((await provider.list(vault, signal)).filter((entry) => entry.name === masterName).length, 1);
    await provider.create(nameOf(2), signal);
    await provider.destroy(masterName, neverUsed(masterName), givenUp).catch(ignore);
    const { presence } = await provider.destroy(masterName, neverUsed(masterName), signal);
    assert.ok(presence.kind === 'absent' || presence.kind === 'pending', presence.kind);
  });

  promise('two who make a key at once get one key, or are told that there are two', async (context) => {
    const place = await start(context);
    const [one, two] = [await opened(context, place), await opened(context, place)];
    const masterName = nameOf(1);
    const made = await Promise.allSettled([one.create(masterName, signal), two.create(masterName, signal)]);
    const keys = made.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const [first, second] = keys;
    if (first !== undefined && second !== undefined) {
      const wrapped = await one.wrap(first, Buffer.alloc(32, 9), contextOf(1), signal);
      assert.deepEqual(await two.unwrap(second, wrapped, contextOf(1), signal), Buffer.alloc(32, 9));
      return;
    }
    const codes = made.flatMap((result) => (result.status === 'rejected' ? [codeOf(result.reason)] : []));
    assert.ok(
      codes.every((code) => code === 'master_ambiguous' || code === 'provider_unavailable'),
      codes.join(),
    );
    await one.create(masterName, signal).then(
      async (key) =>
        two.unwrap(key, await one.wrap(key, Buffer.alloc(32, 9), contextOf(1), signal), contextOf(1), signal),
      (error: unknown) => assert.equal(codeOf(error), 'master_ambiguous'),
    );
  });
  return tests;
}
