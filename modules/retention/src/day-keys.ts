import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';

const dayMs = 86_400_000;

/** The key of one class and receive day; several when it was rotated that day. */
export type DayKey = {
  readonly id: string;
  readonly class: string;
  /** YYYY-MM-DD, UTC, by ledger time. */
  readonly day: string;
  readonly isDestroyed: boolean;
};

/** Class and day in the label of a key of blocks; undefined for any other. */
export function parseDayLabel(label: string): { readonly class: string; readonly day: string } | undefined {
  const found = /^([a-z][a-z0-9-]{0,30})\/(\d{4}-\d{2}-\d{2})$/.exec(label);
  const [, name, day] = found ?? [];
  return name === undefined || day === undefined || Number.isNaN(startOfDayMs(day)) ? undefined : { class: name, day };
}

/** The keys of blocks in the inventory of the vault. */
export function dayKeysIn(inventory: JsonObject): DayKey[] {
  const { keys: listed } = inventory;
  const keys: readonly unknown[] = Array.isArray(listed) ? listed : [];
  return keys.flatMap((key) => {
    if (!isJsonObject(key) || key['level'] !== 'data' || key['purpose'] !== 'block-data') return [];
    const { id, label, state } = key;
    const found = typeof label === 'string' ? parseDayLabel(label) : undefined;
    return found === undefined || typeof id !== 'string' ? [] : [{ id, ...found, isDestroyed: state === 'destroyed' }];
  });
}

export function startOfDayMs(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

/** When everything received on this day has been kept for so long. */
export function expiryMs(day: string, keepDays: number): number {
  return startOfDayMs(day) + (1 + keepDays) * dayMs;
}
