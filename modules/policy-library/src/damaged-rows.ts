import { messageOf } from '@sallyport/platform/errors';
import { UnreadableRow } from './in-force-mark.ts';

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

/**
 * As a list has them, and of those in `wholly`, or of all, whether they open wholly: a list opens what is said of each, not its texts. Newest first.
 */
export async function readWholly<Made extends { readonly version: number }>(
  store: {
    versions(): Promise<ReadRows<Made>>;
    /** Throws `UnreadableRow`. */
    version(version: number): Promise<unknown>;
  },
  wholly?: ReadonlySet<number>,
): Promise<ReadRows<Made>> {
  const { read, damaged } = await store.versions();
  const also: DamagedVersion[] = [];
  for (const { version } of read) {
    if (wholly?.has(version) === false) continue;
    try {
      // One after the other: each may be large.
      await store.version(version);
    } catch (error) {
      if (!(error instanceof UnreadableRow)) throw error;
      also.push({ version, why: error.message });
    }
  }
  return {
    read: read.filter(({ version }) => !also.some((one) => one.version === version)),
    damaged: [...damaged, ...also].toSorted((a, b) => b.version - a.version),
  };
}
