import { createHmac, createSecretKey } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LedgerError } from './errors.ts';
import type { LedgerKeys } from './needs.ts';
import { sourceIdOf } from './range/source-opening.ts';

/** Stands for a name wherever it would lie in clear: a keyed hash, 16 bytes. */
export type NameIds = ((kind: 'stream' | 'collector', name: string) => Buffer) & {
  /** What shows that the id of a collector is this name's and no other's; see `range/source-opening.ts`. */
  openingOf(name: string): Buffer;
  /** A collector's id in entries of before there were openings. */
  formerIdOf(name: string): Buffer;
};

/** Names remembered with their ids. One audit event is one stream, so names never stop coming. */
const maxRemembered = 20_000;

/** The key is made once, with the ledger: under another, nothing recorded would be found again. */
export function createNameIds(needs: {
  readonly directory: string;
  readonly vault: Pick<LedgerKeys, 'ensureKey'>;
  readonly random: (bytes: number) => Buffer;
}): NameIds {
  const { bytes: nameKey } = needs.vault.ensureKey('stream-name', 'streams', () => {
    if (!existsSync(join(needs.directory, 'instance'))) return needs.random(32);
    throw new LedgerError('ledger_corrupt', 'Cannot open the ledger: the vault does not hold its keys', {
      hint: 'put back the vault that belongs to this ledger',
    });
  });
  // Made once: from bytes it would be for each name, which takes longer than the hash.
  const secret = createSecretKey(nameKey);
  const keyed = (text: string): Buffer => createHmac('sha256', secret).update(text).digest();
  const openingOf = (name: string): Buffer => keyed(`collector-opening\n${name}`);
  const formerIdOf = (name: string): Buffer => keyed(`collector\n${name}`).subarray(0, 16);
  const ids = new Map<string, Buffer>();
  const idOf = (kind: 'stream' | 'collector', name: string): Buffer => {
    const key = `${kind}\n${name}`;
    const known = ids.get(key);
    if (known !== undefined) return known;
    if (ids.size > maxRemembered) ids.clear();
    const id = kind === 'stream' ? keyed(key).subarray(0, 16) : sourceIdOf(name, openingOf(name));
    ids.set(key, id);
    return id;
  };
  return Object.assign(idOf, { openingOf, formerIdOf });
}
