import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LedgerError } from './errors.ts';
import type { LedgerKeys } from './needs.ts';

/** Stands for a name wherever it would lie in clear: a keyed hash, 16 bytes. */
export type NameIds = (kind: 'stream' | 'collector', name: string) => Buffer;

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
  const ids = new Map<string, Buffer>();
  return (kind, name) => {
    const key = `${kind}\n${name}`;
    const known = ids.get(key);
    if (known !== undefined) return known;
    if (ids.size > maxRemembered) ids.clear();
    const id = createHmac('sha256', nameKey).update(key).digest().subarray(0, 16);
    ids.set(key, id);
    return id;
  };
}
