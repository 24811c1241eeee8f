import type { LegalHold } from '../destruction.ts';
import type { KeyRecord } from '../key-record.ts';
import { seriesOf } from './protected-keys.ts';
import type { Hold } from './section.ts';
import type { HoldSelector } from './shown.ts';

/** The class and day in the label of a key of blocks, CLASS/YYYY-MM-DD; undefined for any other key. */
export function classAndDay({
  purpose,
  level,
  label,
}: Pick<KeyRecord, 'purpose' | 'level' | 'label'>): { readonly class: string; readonly day: string } | undefined {
  const day = label.slice(label.lastIndexOf('/') + 1);
  if (level !== 'data' || purpose !== 'block-data' || !/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  return { class: seriesOf(label).slice(0, -1), day };
}

function isSelected(record: KeyRecord, { classes, fromDay = '', toDay = '9999-12-31' }: HoldSelector): boolean {
  const found = classAndDay(record);
  return found !== undefined && classes.includes(found.class) && found.day >= fromDay && found.day <= toDay;
}

/** The keys a hold keeps now. */
export function heldKeyIds(hold: Pick<Hold, 'keyIds' | 'selector'>, records: readonly KeyRecord[]): string[] {
  const { keyIds, selector } = hold;
  const selected = selector === undefined ? [] : records.filter((record) => isSelected(record, selector));
  return [...new Set([...keyIds, ...selected.map(({ id }) => id)])];
}

export function legalHolds(holds: readonly Hold[], records: readonly KeyRecord[]): LegalHold[] {
  return holds.map((hold) => ({
    id: hold.id,
    keyIds: heldKeyIds(hold, records),
    since: new Date(hold.atMs).toISOString(),
  }));
}
