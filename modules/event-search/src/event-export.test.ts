import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { JsonObject, Position } from '@sallyport/contracts';
import { EventSearchError } from './errors.ts';
import { exportedEvents } from './event-export.ts';
import type { SearchPage } from './search.ts';
import type { SearchRequest } from './search-request.ts';

/** `count` events, of which a page may hold at most `most`. */
function searchOver(count: number, most = 1000) {
  const asked: SearchRequest[] = [];
  return {
    asked,
    async search(request: SearchRequest): Promise<SearchPage> {
      asked.push(request);
      const limit = request.limit ?? 100;
      if (limit > most) throw new EventSearchError('query_too_large', 'The page is too large');
      const from = (request.after?.index ?? -1) + 1;
      const indexes = Array.from({ length: Math.min(limit, count - from) }, (_, at) => from + at);
      const events = indexes.map((index) => ({
        position: { log: 1, index },
        receivedAtMs: Date.UTC(2026, 0, 1),
        event:
          index % 7 === 3
            ? undefined
            : { class_uid: 1007, time: 9e15, device: { hostname: '=HOST' }, actor: { user: { name: `u${index}` } } },
      }));
      const next: Position | undefined = from + limit < count ? { log: 1, index: from + limit - 1 } : undefined;
      return { events, next, elapsedMs: 1 };
    },
  };
}

async function linesOf(search: ReturnType<typeof searchOver>, limit: number, format: 'ndjson' | 'csv') {
  let text = '';
  for await (const chunk of exportedEvents(search, { sort: 'newest', limit, format })) text += chunk;
  return text.split(format === 'csv' ? '\r\n' : '\n').slice(0, -1);
}

test('an export holds every event once, up to its limit, page by page', async () => {
  const search = searchOver(1234);
  const lines = await linesOf(search, 5000, 'ndjson');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).position),
    Array.from({ length: 1234 }, (_, index) => `1/${index}`),
  );
  assert.equal((await linesOf(searchOver(1234), 700, 'ndjson')).length, 700);
  assert.equal((await linesOf(searchOver(0), 700, 'csv')).length, 1);
  assert.equal(JSON.parse(lines[3] ?? '').event, null, 'erased content is null');
});

test('events too large for a page come in smaller ones, and one too large by itself ends it with an error', async () => {
  assert.equal((await linesOf(searchOver(300, 10), 300, 'csv')).length, 301);
  await assert.rejects(linesOf(searchOver(3, 0), 3, 'csv'), { code: 'query_too_large' });
});

test('what an event says is defused in CSV and exact in NDJSON', async () => {
  const [, first = ''] = await linesOf(searchOver(1), 1, 'csv');
  assert.match(first, /^"1\/0","2026-01-01T00:00:00.000Z","","1007",.*"'=HOST","u0"/u);
  const [exact = ''] = await linesOf(searchOver(1), 1, 'ndjson');
  assert.equal(JSON.parse(exact).event.device.hostname, '=HOST');
});

test('a finding says its title where other events say their message', async () => {
  const page = (events: SearchPage['events']) => ({ search: async () => ({ events, next: undefined, elapsedMs: 1 }) });
  const at = { position: { log: 1, index: 1 }, receivedAtMs: 0 };
  const messageOf = async (event: JsonObject): Promise<string> => {
    let text = '';
    const search = page([{ ...at, event }]);
    for await (const chunk of exportedEvents(search, { sort: 'newest', limit: 1, format: 'csv' })) text += chunk;
    return text.trimEnd().split(',').at(-2) ?? '';
  };
  assert.equal(await messageOf({ class_uid: 2004, finding_info: { title: 'Found' } }), '"Found"');
  assert.equal(await messageOf({ class_uid: 2004, finding_info: { title: '=1+1' } }), `"'=1+1"`);
  assert.equal(await messageOf({ class_uid: 2004, message: 'm', finding_info: { title: 'Found' } }), '"m"');
  for (const finding of ['Found', null, { title: 7 }])
    assert.equal(await messageOf({ class_uid: 2004, finding_info: finding }), '""');
});

test('a reader that goes away stops the search, one that waits is waited for', async () => {
  const search = searchOver(100_000);
  const stream = Readable.from(exportedEvents(search, { sort: 'newest', limit: 100_000, format: 'ndjson' }), {
    objectMode: false,
    highWaterMark: 1000,
  });
  await new Promise((resolve) => stream.once('readable', resolve));
  assert.ok(search.asked.length <= 3, `${search.asked.length} pages were fetched for nobody`);
  const closed = new Promise((resolve) => stream.once('close', resolve));
  stream.destroy();
  await closed;
  const asked = search.asked.length;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(search.asked.length, asked);
});

test('an export says of each event that it shows by another mapping than it was sealed by', async () => {
  const found = { position: { log: 1, index: 1 }, receivedAtMs: 0, event: { class_uid: 0 } };
  const remapped = { sealed: 'door@1', holds: 'remapped' as const };
  const search = { search: async () => ({ events: [{ ...found, remapped }, found], next: undefined, elapsedMs: 1 }) };
  const linesIn = async (format: 'csv' | 'ndjson'): Promise<string[]> => {
    let text = '';
    for await (const chunk of exportedEvents(search, { sort: 'newest', limit: 2, format })) text += chunk;
    return text.trimEnd().split(/\r?\n/);
  };
  const [head, first, second] = (await linesIn('csv')).map((line) => line.split(',').at(-1));
  assert.deepEqual([head, first, second], ['"remapped"', '"door@1 to none"', '""']);
  assert.deepEqual(
    (await linesIn('ndjson')).map((line) => JSON.parse(line).remapped),
    [remapped, undefined],
  );
});
