import type { JournalEntry, JournalValue } from './entry.ts';

/**
 * An entry as `journalctl --all -o json` writes it, on one line: bytes that are not UTF-8 as a list of numbers, several values
 * of a field as a list of these. `parseJournalJson` reads the same entry out of it.
 */
export function journalJson(entry: JournalEntry): string {
  const fields = [...entry.fields].map(([name, values]): [string, unknown] => {
    const [first] = values;
    return [
      name,
      values.length === 1 && first !== undefined ? jsonValue(first) : values.map((value) => jsonValue(value)),
    ];
  });
  return JSON.stringify(Object.fromEntries(fields));
}

function jsonValue(value: JournalValue): string | number[] {
  return typeof value === 'string' ? value : [...value];
}
