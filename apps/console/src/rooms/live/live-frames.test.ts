import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLiveFrames } from './live-frames.ts';
import type { LineSocket } from './live-frames.ts';

type Drawn = { readonly name: string; isClosed: boolean; close(): void };

/** A page with its line, where the test decides when things arrive, are decoded and are painted. */
function createPage() {
  const sockets: (LineSocket & { readonly sent: string[] })[] = [];
  const decoding: { name: string; done: (drawn: Drawn) => void; fail: (error: Error) => void }[] = [];
  const drawn: Drawn[] = [];
  let paints: (() => void)[] = [];
  let timers: { run: () => void }[] = [];
  const frames = createLiveFrames<Drawn>({
    open() {
      const sent: string[] = [];
      const socket = {
        sent,
        send: (text: string) => void sent.push(text),
        close: () => undefined,
        onOpen: () => undefined,
        onMessage: () => undefined,
        onClose: () => undefined,
      };
      sockets.push(socket);
      return socket;
    },
    decode: (jpeg) => new Promise((done, fail) => decoding.push({ name: new TextDecoder().decode(jpeg), done, fail })),
    beforePaint: (paint) => void paints.push(paint),
    later(run) {
      const timer = { run };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    nowMs: () => 0,
  });
  const settle = (): Promise<void> => new Promise((done) => setImmediate(done));
  return {
    frames,
    line: () => sockets.at(-1),
    lines: () => sockets.length,
    decoding,
    drawn,
    said: () => (sockets.at(-1)?.sent ?? []).map((text): unknown => JSON.parse(text)),
    async decoded(name: string) {
      const picture: Drawn = {
        name,
        isClosed: false,
        close() {
          picture.isClosed = true;
        },
      };
      drawn.push(picture);
      decoding.find((one) => one.name === name)?.done(picture);
      await settle();
    },
    async failed(name: string) {
      decoding.find((one) => one.name === name)?.fail(new Error('No picture'));
      await settle();
    },
    arrive(name: string, sequence: number, camera = 'yard') {
      const header = new TextEncoder().encode(JSON.stringify({ camera, sequence, captured_ms: 0, sent_ms: 0 }));
      const body = new TextEncoder().encode(name);
      const bytes = new Uint8Array(4 + header.length + body.length);
      new DataView(bytes.buffer).setUint32(0, header.length);
      bytes.set(header, 4);
      bytes.set(body, 4 + header.length);
      sockets.at(-1)?.onMessage(bytes.buffer);
    },
    paint() {
      const due = paints;
      paints = [];
      for (const run of due) run();
    },
    tick() {
      const due = timers;
      timers = [];
      for (const { run } of due) run();
    },
  };
}

const yard = { camera: 'yard', perSecond: 5 };

test('The server is asked for what tiles want, and for the next picture only when one was painted', async () => {
  const page = createPage();
  const shown: string[] = [];
  page.frames.watch(yard, ({ name }) => shown.push(name));
  page.frames.watch({ ...yard, perSecond: 8 }, () => undefined);
  page.line()?.onOpen();
  assert.deepEqual(page.said()[0], { type: 'watch', cameras: [{ id: 'yard', per_second: 8 }] });
  const before = page.said().length;
  page.arrive('one', 1);
  await page.decoded('one');
  assert.equal(page.said().length, before);
  page.paint();
  assert.deepEqual(shown, ['one']);
  assert.deepEqual(page.said().at(-1), { type: 'shown', camera: 'yard', sequence: 1 });
});

test('Pictures never queue: of those that come while one is decoded only the newest is, and none is left open', async () => {
  const page = createPage();
  const shown: string[] = [];
  page.frames.watch(yard, ({ name }) => shown.push(name));
  page.line()?.onOpen();
  for (const [at, name] of ['one', 'two', 'three', 'four'].entries()) page.arrive(name, at);
  assert.deepEqual(
    page.decoding.map(({ name }) => name),
    ['one'],
  );
  await page.decoded('one');
  assert.deepEqual(
    page.decoding.map(({ name }) => name),
    ['one', 'four'],
  );
  // Both are decoded before anything is painted: the older is never seen.
  await page.decoded('four');
  page.paint();
  assert.deepEqual(shown, ['four']);
  assert.deepEqual(
    page.drawn.map(({ isClosed }) => isClosed),
    [true, false],
  );
  page.frames.close();
  assert.ok(page.drawn.every(({ isClosed }) => isClosed));
});

test('While nobody looks nothing is painted, and so nothing is asked for', async () => {
  const page = createPage();
  page.frames.watch(yard, () => undefined);
  page.line()?.onOpen();
  page.arrive('one', 1);
  await page.decoded('one');
  assert.ok(!page.said().some((message) => JSON.stringify(message).includes('shown')));
  page.frames.rest();
  assert.equal(page.frames.state(), 'resting');
  page.frames.wake();
  assert.equal(page.lines(), 2);
});

test('What is no picture is passed over; what is of no camera here is thrown away', async () => {
  const page = createPage();
  page.frames.watch(yard, () => assert.fail('Nothing can be shown'));
  page.line()?.onOpen();
  page.arrive('broken', 9);
  await page.failed('broken');
  assert.deepEqual(page.said().at(-1), { type: 'shown', camera: 'yard', sequence: 9 });
  page.arrive('other', 1, 'cellar');
  assert.equal(page.decoding.length, 1);
  page.line()?.onMessage('{not JSON');
  page.line()?.onMessage(new ArrayBuffer(3));
});

test('A tile that comes anew in another size never waits for a picture that went to the old one', async () => {
  const page = createPage();
  const end = page.frames.watch(yard, () => undefined);
  page.line()?.onOpen();
  page.arrive('one', 1);
  end();
  page.frames.watch({ ...yard, perSecond: 8 }, () => undefined);
  await page.decoded('one');
  assert.deepEqual(page.said().at(-1), { type: 'shown', camera: 'yard', sequence: 1 });
  page.arrive('two', 2);
  await page.decoded('two');
  page.paint();
  assert.deepEqual(page.said().at(-1), { type: 'shown', camera: 'yard', sequence: 2 });
});

test('A cut line is said at once and opened again, with the same wishes', () => {
  const page = createPage();
  const states: string[] = [];
  page.frames.onState(() => states.push(page.frames.state()));
  page.frames.watch(yard, () => undefined);
  page.line()?.onOpen();
  page.line()?.onClose();
  page.tick();
  page.line()?.onOpen();
  assert.deepEqual(states, ['open', 'cut', 'open']);
  assert.equal(page.lines(), 2);
  assert.deepEqual(page.said()[0], { type: 'watch', cameras: [{ id: 'yard', per_second: 5 }] });
});
