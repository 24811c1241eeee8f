import type { ColumnCipher } from './column-cipher.ts';
import { EncryptedColumnError } from './encrypted-column-error.ts';
import { rowIdOf } from './rewrite-condition.ts';
import type { OpenedOutput, RowPlan } from './rewrite-selections.ts';

type Row = Record<string, unknown>;

/**
 * Rows as they were asked for. A value that does not open, or a row whose blind index is not that of its value, throws; with
 * `onDamaged` it is handed over and its row left out. Rows a short index found by chance are left out.
 */
export function openRows(
  rows: readonly Row[],
  plan: RowPlan,
  needs: { readonly cipher: ColumnCipher; readonly onDamaged?: (damage: EncryptedColumnError) => void },
): Row[] {
  const hidden = new Set(plan.hidden);
  return rows.flatMap((row) => {
    try {
      const opened = new Map<string, string | null>();
      for (const output of plan.opened) {
        const text = openOutput(row, output, needs.cipher);
        if (!isSought(row, output, text)) return [];
        opened.set(output.output, text);
      }
      const entries = Object.entries(row).filter(([name]) => !hidden.has(name));
      return [Object.fromEntries(entries.map(([name, value]) => [name, opened.has(name) ? opened.get(name) : value]))];
    } catch (error) {
      if (!(error instanceof EncryptedColumnError) || needs.onDamaged === undefined) throw error;
      needs.onDamaged(error);
      return [];
    }
  });
}

function openOutput(row: Row, { output, table, column, rowOutput }: OpenedOutput, cipher: ColumnCipher): string | null {
  const stored = row[output];
  if (stored === null || stored === undefined) return null;
  const id = rowIdOf(row[rowOutput]);
  if (typeof stored !== 'string' || id === undefined) {
    throw new EncryptedColumnError(
      'value_not_sealed',
      `Cannot read ${table}.${column}: must be sealed text in a row with an id`,
      {
        details: { table, column },
      },
    );
  }
  return cipher.open({ table, column, row: id }, stored);
}

function isSought(row: Row, { sought, table, column, rowOutput }: OpenedOutput, text: string | null): boolean {
  const missed = sought.filter(({ values, normalise }) => text === null || !values.has(normalise(text)));
  if (missed.length === 0) return true;
  if (missed.every(({ exact }) => !exact)) return false;
  const id = rowIdOf(row[rowOutput]) ?? '';
  throw new EncryptedColumnError(
    'index_mismatch',
    `Cannot trust row "${id}" of ${table}: it was found by a blind index that is not that of its "${column}"`,
    { details: { table, column, row: id } },
  );
}
