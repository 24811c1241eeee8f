// Two providers wrap every epoch, and one of them goes away in the middle of a destruction.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { KeyVaultError } from '../errors.ts';
import type { KeyProvider } from '../key-provider.ts';
import { createSealedFileProvider } from '../sealed-file-provider.ts';
import { failingFiles, placeAt } from '../vault-testing.ts';
import type { MemoryDisk } from '../vault-testing.ts';
import { elsewhere, fillDays, openHouse, twoPeople } from './destruction-testing.ts';
import type { House } from './destruction-testing.ts';

type Call = 'create' | 'wrap' | 'destroy' | 'find';

/** Another provider, with a disk of its own, that can be away for some calls. */
function secondProvider(): { readonly provider: KeyProvider; away: readonly Call[] } {
  const disk: MemoryDisk = new Map();
  const at = placeAt('/other');
  const sealed = createSealedFileProvider({
    directories: at.directories,
    unsealing: { kind: 'file', path: at.keyFile },
    random: randomBytes,
    files: failingFiles(disk),
  });
  const held: { provider: KeyProvider; away: readonly Call[] } = { provider: sealed, away: [] };
  const reach = (call: Call): void => {
    if (held.away.includes(call)) throw new KeyVaultError('provider_unavailable', 'planted: it does not answer');
  };
  held.provider = {
    ...sealed,
    facts: async (signal) => ({ ...(await sealed.facts(signal)), kind: 'transit' }),
    async create(name, signal) {
      reach('create');
      return sealed.create(name, signal);
    },
    async wrap(key, plain, context, signal) {
      reach('wrap');
      return sealed.wrap(key, plain, context, signal);
    },
    async find(name, signal) {
      reach('find');
      return sealed.find(name, signal);
    },
    async destroy(name, permit, signal) {
      reach('destroy');
      return sealed.destroy(name, permit, signal);
    },
  };
  return held;
}

async function agreed(second: KeyProvider): Promise<{ house: House; id: string; erased: string; kept: string }> {
  const house = await openHouse({ waitMs: 0, second: ['transit', second] });
  const [erased = '', kept = ''] = fillDays(house.vault, 3);
  const { ada, grace } = await twoPeople(house.desk);
  const { id, digest } = await house.desk.propose({ kind: 'request', keyIds: [erased], reason: 'erasure 7' }, 'ada');
  for (const one of [ada, grace]) await house.desk.sign(id, one.sign(digest));
  return { house, id, erased, kept };
}
const stageOf = ({ desk }: House, id: string) => desk.overview().intents.find((intent) => intent.id === id)?.stage;

test('one that is away when the new epoch is made stops everything before a key has gone; back, it goes on', async () => {
  for (const away of ['create', 'wrap'] satisfies Call[]) {
    const second = secondProvider();
    const { house, id, erased, kept } = await agreed(second.provider);
    second.away = [away];
    await assert.rejects(elsewhere().stepWith(house.desk), { code: 'provider_unavailable' });
    assert.equal(stageOf(house, id), 'begun');
    const again = await openHouse({ ...house, waitMs: 0, second: ['transit', second.provider] });
    for (const key of [erased, kept]) assert.ok(again.vault.findKey(key) !== undefined, `${away}: nothing has gone`);
    second.away = [];
    await elsewhere().stepWith(again.desk);
    assert.equal(stageOf(again, id), 'destroyed');
    assert.ok(again.vault.isDestroyed(erased) && again.vault.findKey(kept) !== undefined);
  }
});

test('one that is away when master keys are destroyed keeps the certificate back until it says that they are gone', async () => {
  const second = secondProvider();
  const { house, id, erased, kept } = await agreed(second.provider);
  second.away = ['destroy'];
  await assert.rejects(elsewhere().stepWith(house.desk), { code: 'provider_unavailable' });
  assert.equal(stageOf(house, id), 'destroying');
  assert.throws(() => house.desk.certificate(id), { code: 'destruction_refused' });
  // A start without it: the other one opens the new epoch, and nothing of the old is had from anywhere here.
  const again = await openHouse({ ...house, waitMs: 0, second: ['transit', second.provider] });
  assert.ok(again.vault.isDestroyed(erased) && again.vault.findKey(kept) !== undefined);
  await assert.rejects(again.desk.cancel(id, { by: 'ada', reason: 'too late' }), { code: 'destruction_refused' });
  await assert.rejects(elsewhere().stepWith(again.desk), { code: 'provider_unavailable' });
  assert.throws(() => again.desk.certificate(id), { code: 'destruction_refused' });
  second.away = [];
  await elsewhere().stepWith(again.desk);
  assert.equal(stageOf(again, id), 'destroyed');
  const { statement } = again.desk.certificate(id);
  assert.equal(JSON.stringify(statement['master_keys']).match(/"presence":"absent"/g)?.length, 2);
});
