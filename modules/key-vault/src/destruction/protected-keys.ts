import type { KeyRecord } from '../key-record.ts';

/** Entries of the vault's own stream: without them no certificate and no restore could show what was destroyed. */
export const custodyClass = 'custody';

/** Why a key must not be destroyed, by its id; keys that may be are not in it. */
export function protectedKeys(records: readonly KeyRecord[]): ReadonlyMap<string, string> {
  const newest = new Map<string, string>();
  for (const { level, purpose, label } of records) {
    if (level !== 'data') continue;
    const series = `${purpose} ${seriesOf(label)}`;
    if (label > (newest.get(series) ?? '')) newest.set(series, label);
  }
  const found = new Map<string, string>();
  for (const record of records) {
    const why = whyProtected(record, newest.get(`${record.purpose} ${seriesOf(record.label)}`));
    if (why !== undefined) found.set(record.id, why);
  }
  return found;
}

/**
 * Nothing could go on without keys that sign or name, or without secrets. Of each class of blocks, and of the pages of
 * subjects' keys, the newest may still be added to, unless another version took its place. A page made for subjects that are to be erased is closed from the start.
 */
function whyProtected({ level, purpose, label, state }: KeyRecord, newest: string | undefined): string | undefined {
  if (level !== 'data') return 'it wraps other keys';
  const isErasing = purpose === 'subject-page' && seriesOf(label) === 'erasing/';
  if (purpose !== 'block-data' && purpose !== 'subject-page') return `it is for "${purpose}"`;
  if (purpose === 'block-data' && seriesOf(label) === `${custodyClass}/`) return 'it sealed records of destructions';
  const isClosed = state === 'retired' || state === 'compromised' || isErasing;
  return label === newest && !isClosed ? `it is the newest of "${seriesOf(label)}"` : undefined;
}

/** `events/2026-11-22` is of the series `events/`. */
export function seriesOf(label: string): string {
  return label.slice(0, label.lastIndexOf('/') + 1);
}
