import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pageRows, startOf } from './search-queries.ts';

/** A list of so many events as the server holds it, newest first, and its answer to what a page asks for. */
function list(count: number) {
  const all = Array.from({ length: count }, (_, at) => ({ position: `1/${count - at}` }));
  const place = (position: string): number => all.findIndex((event) => event.position === position);
  const pageAt = (page: number) => all.slice(page * pageRows, (page + 1) * pageRows);
  return {
    pageAt,
    ask({ offset = 0, after, sort }: ReturnType<typeof startOf>) {
      if (after === undefined) return all.slice(offset, offset + pageRows);
      const at = place(after);
      return sort === 'oldest' ? all.slice(Math.max(0, at - pageRows), at) : all.slice(at + 1, at + 1 + pageRows);
    },
  };
}

test('A page holds the same events whether it is counted to or reached from a neighbour that is known', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1050 }),
      fc.nat(11),
      fc.boolean(),
      fc.boolean(),
      (count, page, newerIsKnown, olderIsKnown) => {
        const events = list(count);
        const start = startOf(page, {
          newer: newerIsKnown && page > 0 ? events.pageAt(page - 1) : [],
          older: olderIsKnown ? events.pageAt(page + 1) : [],
        });
        assert.deepEqual(events.ask(start), events.pageAt(page));
      },
    ),
  );
});

test('Nothing is passed over next to a page that is known, and a page that is not full leads nowhere', () => {
  const full = Array.from({ length: pageRows }, (_, at) => ({ position: `1/${500 - at}` }));
  assert.deepEqual(startOf(7, { newer: full, older: [] }), { after: '1/401' });
  assert.deepEqual(startOf(7, { newer: [], older: full }), { after: '1/500', sort: 'oldest' });
  assert.deepEqual(startOf(7, { newer: full.slice(1), older: [] }), { offset: 7 * pageRows });
  assert.deepEqual(startOf(0, { newer: full, older: full }), {});
});
