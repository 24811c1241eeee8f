import type { KeyEvent } from './key-record.ts';
import type { EpochHistory, VaultEpoch } from './vault-format.ts';

/** Writes into the histories which epochs are new and which changed their stage. */
export function noteStages(
  kept: readonly EpochHistory[],
  epochs: readonly VaultEpoch[],
  event: Pick<KeyEvent, 'atMs' | 'by' | 'reason'>,
): EpochHistory[] {
  const { atMs, by, reason } = event;
  return epochs.map(({ epoch, stage }) => {
    const known = kept.find((one) => one.epoch === epoch);
    const entry = { atMs, by, reason, stage };
    if (known === undefined) return { epoch, createdAtMs: atMs, compromised: false, history: [entry], receipts: [] };
    const last = known.history.findLast((one) => one.stage !== 'compromised');
    return last?.stage === stage ? known : { ...known, history: [...known.history, entry] };
  });
}
