import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFilming } from './filming.ts';
import { createPacing } from './pacing.ts';

function setUp() {
  const due = new Set<() => void>();
  const grabs: PromiseWithResolvers<undefined>[] = [];
  const pictures: number[] = [];
  const stream = Object.create(null);
  const filming = createFilming({
    openCamera: async () => ({
      stream,
      hasSound: false,
      isSoundRefused: false,
      torch: async () => false,
      close: () => undefined,
    }),
    show: async () => undefined,
    async grab() {
      const made = Promise.withResolvers<undefined>();
      grabs.push(made);
      await made.promise;
      return { jpeg: Uint8Array.of(0xff, 0xd8, 0xff), width: 2, height: 2 };
    },
    captureSound: async () => ({ stop: () => undefined }),
    link: {
      start: () => undefined,
      offerPicture: ({ sequence }) => void pictures.push(sequence),
      offerSound: () => undefined,
      say: () => true,
      networkChanged: () => undefined,
      stop: () => undefined,
    },
    pacing: createPacing(),
    segments: {
      add: () => undefined,
      delivered: () => undefined,
      connected: () => undefined,
      disconnected: () => undefined,
      tick: () => undefined,
      flush: () => undefined,
    },
    speak: async () => true,
    siren: { start: () => true, stop: () => undefined },
    nowMs: () => 1000,
    offsetMs: () => 0,
    after(_ms, work) {
      due.add(work);
      return () => void due.delete(work);
    },
    onChange: () => undefined,
  });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { filming, due, grabs, pictures, settled };
}

const wish = { facing: 'environment', sound: false } as const;

test('Stopped and begun anew while a picture is made, one chain of pictures goes on and no more', async () => {
  const { filming, due, grabs, pictures, settled } = setUp();
  for (let again = 0; again < 3; again += 1) {
    await filming.start(wish);
    filming.stop();
  }
  await filming.start(wish);
  for (const made of grabs) made.resolve(undefined);
  await settled();
  assert.equal(pictures.length, 1);
  assert.equal(due.size, 1);
  filming.stop();
  assert.equal(due.size, 0);
});

test('A picture that cannot be made is one picture less, not the last one', async () => {
  const { filming, due, grabs, pictures, settled } = setUp();
  await filming.start(wish);
  grabs[0]?.reject(new DOMException('the graphics are gone', 'InvalidStateError'));
  await settled();
  assert.equal(pictures.length, 0);
  const [next] = due;
  due.clear();
  next?.();
  grabs[1]?.resolve(undefined);
  await settled();
  assert.equal(pictures.length, 1);
  filming.stop();
});
