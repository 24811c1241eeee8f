import { createHash } from 'node:crypto';
import { formatVerifierKey, parseVerifierKey } from '@sallyport/merkle-log';
import { messageOf } from '@sallyport/platform/errors';
import type { Principal } from '@sallyport/platform/http';
import { RulePackError } from './errors.ts';
import type { RulePacksNeeds } from './needs.ts';
import { packEvent } from './pack-events.ts';
import type { PackStore, TrustedKey } from './pack-store.ts';
import { versionOf } from './pack-state.ts';

const maxKeys = 50;

/** Whose packs are taken. */
export type TrustedKeys = {
  list(): Promise<readonly TrustedKey[]>;
  /** The same key again changes its note. Throws `RulePackError` `pack_key_invalid`, `packs_full`. */
  add(asked: { readonly key: string; readonly note: string; readonly actor: Principal }): Promise<TrustedKey>;
  /** Throws `RulePackError` `pack_key_unknown`, and `pack_key_in_use` while a version it signed is in force. */
  remove(asked: { readonly id: string; readonly actor: Principal }): Promise<void>;
};

export function createTrustedKeys(
  needs: Pick<RulePacksNeeds, 'database' | 'outbox' | 'clock'> & { readonly store: PackStore },
): TrustedKeys {
  const { database, outbox, clock, store } = needs;

  return {
    list: () => store.keys(),
    async add({ key, note, actor }) {
      const text = readKey(key);
      const keys = await store.keys();
      const id = createHash('sha256').update(text).digest('hex').slice(0, 16);
      if (keys.length >= maxKeys && !keys.some((known) => known.id === id))
        throw new RulePackError('packs_full', `Cannot trust another key: there are ${maxKeys} already`);
      const { kind, name } = actor;
      const nowMs = clock.nowMs();
      const trusted: TrustedKey = { id, key: text, note, by: { kind, id: actor.id, name }, atMs: nowMs };
      await database.transaction().execute(async (transaction) => {
        await store.saveKey(transaction, trusted);
        await outbox.record(transaction, packEvent({ nowMs, actor, action: 'trust', target: text, details: { note } }));
      });
      await outbox.flushed();
      return trusted;
    },
    async remove({ id, actor }) {
      const key = (await store.keys()).find((known) => known.id === id);
      if (key === undefined) throw new RulePackError('pack_key_unknown', `Cannot find key "${id}": it is not trusted`);
      const { packs } = await store.packs();
      const dependent = packs.filter((state) => versionOf(state, state.inForce)?.key === key.key);
      if (dependent.length > 0)
        throw new RulePackError(
          'pack_key_in_use',
          `Cannot stop trusting "${key.key}": it signed what is in force of ${dependent.map(({ name }) => `"${name}"`).join(', ')}`,
          { hint: 'put a version that another key signed into force, or remove the pack, and then the key' },
        );
      const nowMs = clock.nowMs();
      await database.transaction().execute(async (transaction) => {
        await store.removeKey(transaction, id);
        await outbox.record(transaction, packEvent({ nowMs, actor, action: 'distrust', target: key.key }));
      });
      await outbox.flushed();
    },
  };
}

function readKey(text: string): string {
  const hint = 'it looks like example.com/rules+1234abcd+AX…: the second line that "sallyport rules pack key" prints';
  try {
    const key = parseVerifierKey(text.trim());
    if (key.kind === 'ed25519') return formatVerifierKey(key);
  } catch (error) {
    throw new RulePackError('pack_key_invalid', messageOf(error), { cause: error, hint });
  }
  throw new RulePackError('pack_key_invalid', 'Cannot trust the key: it must be of Ed25519, not of a cosigner', {
    hint,
  });
}
