import { messageOf } from '@sallyport/platform/errors';

/** A version that stands in the database and does not open, or is not what its seal says. */
export type DamagedVersion = { readonly version: number; readonly why: string };

export type ReadRows<Made> = { readonly read: readonly Made[]; readonly damaged: readonly DamagedVersion[] };

export function damageOf(version: number, cause: unknown): TypeError {
  return new TypeError(`version ${version} is not as it was sealed: ${messageOf(cause)}`, { cause });
}

/** Of many, one that was damaged takes no other with it. */
export function readEach<Row extends { readonly version: number }, Made>(
  rows: readonly Row[],
  read: (row: Row) => Made,
): ReadRows<Made> {
  const made: Made[] = [];
  const damaged: DamagedVersion[] = [];
  for (const row of rows) {
    try {
      made.push(read(row));
    } catch (error) {
      damaged.push({ version: row.version, why: damageOf(row.version, error).message });
    }
  }
  return { read: made, damaged };
}
