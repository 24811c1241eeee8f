import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readServerSentEvents, type ServerSentEvent } from './server-sent-events.ts';

async function read(text: string, chunkBytes: number): Promise<ServerSentEvent[]> {
  const bytes = Buffer.from(text);
  const chunks = async function* (): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  };
  const events: ServerSentEvent[] = [];
  for await (const event of readServerSentEvents(chunks())) events.push(event);
  return events;
}

test('fields, comments, several data lines and every line end are read as the specification says', async () => {
  const text =
    ': hello\n\nid: 7\nevent: alert\ndata: a\ndata:  b\n\ndata\r\n\r\nid:8\rdata:c\r\runknown: x\ndata: é\n\ndata: unfinished';
  for (const chunkBytes of [1, 2, 3, 1000]) {
    assert.deepEqual(await read(text, chunkBytes), [
      { event: 'alert', data: 'a\n b', lastEventId: '7' },
      { event: 'message', data: '', lastEventId: '7' },
      { event: 'message', data: 'c', lastEventId: '8' },
      { event: 'message', data: 'é', lastEventId: '8' },
    ]);
  }
});

test('any text is read the same however it is cut', async () => {
  const line = fc.constantFrom('data: x', 'id: 1', 'event: e', ':c', '', '', 'data', '\0');
  await fc.assert(
    fc.asyncProperty(
      fc.array(line),
      fc.constantFrom('\n', '\r\n'),
      fc.integer({ min: 1, max: 9 }),
      async (lines, lineEnd, chunkBytes) => {
        const text = lines.map((part) => part + lineEnd).join('');
        assert.deepEqual(await read(text, chunkBytes), await read(text, text.length + 1));
      },
    ),
  );
});

test('a message without an end is refused instead of held', async () => {
  await assert.rejects(read(`data: ${'x'.repeat(5 * 1024 * 1024)}`, 65_536), RangeError);
  await assert.rejects(read('data: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n'.repeat(110_000), 65_536), RangeError);
});
