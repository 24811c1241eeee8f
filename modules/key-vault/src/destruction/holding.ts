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

type BlockKey = { readonly id: string; readonly day: string; /** Counted over all of them. */ readonly at: number };

/** Keys of blocks by their class: labels are read once for many holds. */
export function blockKeysByClass(records: readonly KeyRecord[]): ReadonlyMap<string, readonly BlockKey[]> {
  const byClass = new Map<string, BlockKey[]>();
  let at = 0;
  for (const record of records) {
    const found = classAndDay(record);
    if (found === undefined) continue;
    const key = { id: record.id, day: found.day, at };
    at += 1;
    const known = byClass.get(found.class);
    if (known === undefined) byClass.set(found.class, [key]);
    else known.push(key);
  }
  return byClass;
}

/** The keys a selector finds, each once. */
export function selectedKeys(
  byClass: ReadonlyMap<string, readonly BlockKey[]>,
  { classes, fromDay = '', toDay = '9999-12-31' }: HoldSelector,
): readonly BlockKey[] {
  return [...new Set(classes)].flatMap((name) =>
    (byClass.get(name) ?? []).filter(({ day }) => day >= fromDay && day <= toDay),
  );
}

/** The keys a hold keeps now. */
export function heldKeyIds(hold: Pick<Hold, 'keyIds' | 'selector'>, records: readonly KeyRecord[]): string[] {
  return keysOf(hold, blockKeysByClass(hold.selector === undefined ? [] : records));
}

export function legalHolds(holds: readonly Hold[], records: readonly KeyRecord[]): LegalHold[] {
  const byClass = blockKeysByClass(records);
  return holds.map((hold) => ({
    id: hold.id,
    keyIds: keysOf(hold, byClass),
    since: new Date(hold.atMs).toISOString(),
  }));
}

function keysOf(
  { keyIds, selector }: Pick<Hold, 'keyIds' | 'selector'>,
  byClass: ReadonlyMap<string, readonly BlockKey[]>,
): string[] {
  const found = new Set(keyIds);
  if (selector !== undefined) for (const { id } of selectedKeys(byClass, selector)) found.add(id);
  return [...found];
}
