import type { EventRow } from '../../api/queries.ts';

/** A field some of the events have, under the name search knows it by. */
export type SeenField = { readonly field: string; readonly count: number; readonly sample: string };

const maxDepth = 6;
const maxFields = 300;
/** Of one event; what has more is a bag of anything. */
const maxFieldsOfOne = 400;
const maxSampleLength = 80;
/** In every event, or the whole event again. */
const passedOver = new Set(['raw_data', 'metadata.reporter', 'unmapped.sallyport']);

/** What every OCSF event has by its form, and the original again: it says less than the rest. */
function isFrame(field: string): boolean {
  return /^(metadata|raw)\.|_(id|uid)$|^time$/.test(field);
}

/** How many of the events have each field, most frequent first, what says the most before what all have. Lists count as one field; what search cannot ask for is left out. */
export function seenFields(rows: readonly Pick<EventRow, 'event'>[]): SeenField[] {
  const counts = new Map<string, { count: number; sample: string }>();
  for (const { event } of rows) {
    const found = new Map<string, string>();
    collect(event, '', 0, found);
    for (const [field, sample] of found) {
      const known = counts.get(field);
      if (known !== undefined) known.count += 1;
      else if (counts.size < maxFields) counts.set(field, { count: 1, sample });
    }
  }
  return [...counts]
    .map(([field, seen]) => ({ field, ...seen }))
    .toSorted(
      (a, b) =>
        b.count - a.count || Number(isFrame(a.field)) - Number(isFrame(b.field)) || a.field.localeCompare(b.field),
    );
}

function collect(value: unknown, path: string, depth: number, found: Map<string, string>): void {
  if (value === null || value === undefined || passedOver.has(path) || found.size >= maxFieldsOfOne) return;
  if (typeof value === 'object' && !Array.isArray(value) && depth < maxDepth) {
    for (const [name, inner] of Object.entries(value)) {
      // A name with a dot, a space or the like cannot be asked for by its path.
      if (/^\w[\w-]*$/.test(name)) collect(inner, path === '' ? name : `${path}.${name}`, depth + 1, found);
    }
    return;
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (path !== '' && text !== '') found.set(searchName(path), text.slice(0, maxSampleLength));
}

/** Original fields are searched as `raw.`. */
function searchName(path: string): string {
  return path.replace(/^unmapped\.record\./, 'raw.');
}
