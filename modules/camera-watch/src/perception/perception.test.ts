import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { CodedError } from '@sallyport/platform/errors';
import type { FrameBody, FramePeer } from '@sallyport/platform/frames';
import { createLog } from '@sallyport/platform/log';
import { createPerception } from './perception.ts';
import type { PerceivableFrame, PerceptionNeeds } from './perception.ts';

type Call = {
  readonly camera: unknown;
  readonly atMs: unknown;
  answer(head?: FrameBody['head'], learnt?: Uint8Array): void;
  die(): void;
};

const sight = { width: 4, height: 3, motion: 0, looked: true, learnt: true, tamper: null, next_track: 1, objects: [] };

/** A perceiver process of which each answer is given by hand. */
function setUp(scenes?: PerceptionNeeds['scenes']) {
  const calls: Call[] = [];
  const forgotten: unknown[] = [];
  const lines: string[] = [];
  const clock = createManualClock(0);
  const told: string[] = [];
  const perception = createPerception({
    processes: 1,
    clock,
    ...(scenes === undefined ? {} : { scenes }),
    deadline: () => new AbortController().signal,
    log: createLog({ clock, write: (line) => lines.push(line) }),
    async connect() {
      const { promise: closed, resolve: end } = Promise.withResolvers<void>();
      const waiting = new Set<(error: Error) => void>();
      const peer: FramePeer = {
        closed,
        notify: () => undefined,
        on: () => undefined,
        close() {
          end();
          for (const reject of waiting) reject(new CodedError('peer_gone', 'The other end is gone'));
        },
        async call(method, { head }) {
          if (method === 'hello') return { head: { model: 'test', reason: null } };
          if (method === 'forget') {
            forgotten.push(head['camera']);
            return { head: {} };
          }
          return new Promise((resolve, reject) => {
            waiting.add(reject);
            calls.push({
              camera: head['camera'],
              atMs: head['captured_ms'],
              answer: (answer = sight, payload?: Uint8Array) =>
                resolve({ head: answer, ...(payload === undefined ? {} : { payload }) }),
              die: () => peer.close(),
            });
          });
        },
      };
      return peer;
    },
  });
  perception.subscribe(({ cameraId, sequence }) => told.push(`${cameraId} ${sequence}`));
  return { perception, calls, forgotten, lines, clock, told };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function frameOf(cameraId: string, sequence: number): PerceivableFrame {
  return { cameraId, sequence, jpeg: Buffer.from([0xff, 0xd8, 0xff, 0xd9]), capturedMs: sequence };
}

test('of a camera one frame is under way, the newest waits, and those between are given up', async () => {
  const { perception, calls, told } = setUp();
  const all = [1, 2, 3, 4].map((sequence) => perception.perceive(frameOf('yard', sequence)));
  await settled();
  assert.deepEqual(
    calls.map(({ atMs }) => atMs),
    [1],
  );
  calls[0]?.answer();
  await settled();
  calls[1]?.answer();
  assert.deepEqual(
    (await Promise.all(all)).map((perceived) => perceived?.sequence),
    [1, undefined, undefined, 4],
  );
  assert.deepEqual(told, ['yard 1', 'yard 4']);
  assert.equal(perception.health().dropped, 2);
});

test('what looks is ready before the first picture, and a camera is watched from when its view is known', async () => {
  const { perception, calls, clock } = setUp();
  assert.equal(perception.watchOf('yard'), 'starting');
  perception.start();
  await settled();
  assert.equal(perception.health().state, 'up');
  assert.equal(perception.watchOf('yard'), 'learning');
  const look = async (learnt: boolean): Promise<void> => {
    const seen = perception.perceive(frameOf('yard', calls.length + 1));
    await settled();
    calls.at(-1)?.answer({ ...sight, learnt });
    assert.equal((await seen)?.learnt, learnt);
  };
  await look(false);
  assert.equal(perception.watchOf('yard'), 'learning');
  await look(true);
  assert.equal(perception.watchOf('yard'), 'watched');
  await perception.learnAnew('yard');
  assert.equal(perception.watchOf('yard'), 'learning');
  await look(true);
  // A process that is gone watches nobody, and is there again without a picture.
  void perception.perceive(frameOf('yard', 9));
  await settled();
  calls.at(-1)?.die();
  await settled();
  assert.equal(perception.watchOf('yard'), 'unwatched');
  clock.advance(1000);
  perception.start();
  await settled();
  assert.equal(perception.watchOf('yard'), 'learning');
  perception.close();
});

test('a hundred cameras at once are no hundred frames in the process, and each has its newest looked at in its turn', async () => {
  const { perception, calls } = setUp();
  const cameras = Array.from({ length: 100 }, (_, index) => `camera-${index}`);
  const ends = cameras.map((camera) => perception.perceive(frameOf(camera, 1)));
  await settled();
  assert.equal(calls.length, 8);
  const later = cameras.map((camera) => perception.perceive(frameOf(camera, 2)));
  for (let at = 0; at < calls.length; at += 1) {
    calls[at]?.answer();
    await settled();
    assert.ok(calls.length - at - 1 <= 8);
  }
  assert.equal((await Promise.all(ends)).filter((perceived) => perceived !== undefined).length, 8);
  assert.deepEqual(
    (await Promise.all(later)).map((perceived) => perceived?.sequence),
    cameras.map(() => 2),
  );
});

test('whose frames end the process is left out, its places are free again, and the others go on', async () => {
  const { perception, calls, clock } = setUp();
  for (let death = 0; death < 3; death += 1) {
    const evil = perception.perceive(frameOf('evil', death + 1));
    await settled();
    if (death === 2) break;
    calls.at(-1)?.die();
    assert.equal(await evil, undefined);
    clock.advance(20_000);
  }
  assert.equal(calls.length, 2);
  assert.deepEqual(perception.health().setAside, ['evil']);
  const good = perception.perceive(frameOf('good', 1));
  await settled();
  calls.at(-1)?.answer();
  assert.equal((await good)?.cameraId, 'good');
});

test('what a process says that was taken over is refused, and of a camera that is gone nothing is told', async () => {
  const { perception, calls, told, forgotten, lines } = setUp();
  const strange = perception.perceive(frameOf('yard', 1));
  await settled();
  calls[0]?.answer({ ...sight, width: 1e9 });
  assert.equal(await strange, undefined);
  assert.match(lines.join(''), /sight_invalid/);
  const last = perception.perceive(frameOf('yard', 2));
  const waiting = perception.perceive(frameOf('yard', 3));
  await settled();
  const gone = perception.forget('yard');
  assert.equal(await waiting, undefined);
  calls[1]?.answer();
  await last;
  await gone;
  assert.deepEqual([told, forgotten], [[], ['yard']]);
});

test('when it is closed nothing that waits is kept waiting', async () => {
  const { perception, calls } = setUp();
  const all = [1, 2].map((sequence) => perception.perceive(frameOf('yard', sequence)));
  await settled();
  perception.close();
  assert.deepEqual(await Promise.all(all), [undefined, undefined]);
  assert.equal(calls.length, 1);
});

test('what is learnt of the view before while it is being forgotten is kept nowhere', async () => {
  const kept = new Map<string, Uint8Array>([['yard', Buffer.from('the view before')]]);
  const gone = Promise.withResolvers<void>();
  const { perception, calls } = setUp({
    recall: (cameraId) => kept.get(cameraId),
    keep: (cameraId, learnt) => void kept.set(cameraId, learnt),
    async forget(cameraId) {
      kept.delete(cameraId);
      await gone.promise;
    },
  });
  const before = perception.perceive(frameOf('yard', 1));
  await settled();
  const anew = perception.learnAnew('yard');
  calls[0]?.answer(sight, Buffer.from('the view before'));
  await before;
  gone.resolve();
  await anew;
  assert.equal(kept.size, 0);
  const after = perception.perceive(frameOf('yard', 2));
  await settled();
  calls[1]?.answer(sight, Buffer.from('the view now'));
  await after;
  assert.deepEqual(
    [...kept.values()].map((learnt) => Buffer.from(learnt).toString()),
    ['the view now'],
  );
});

test('a view that could not be forgotten is the view still, and what is learnt of it is kept again', async () => {
  const kept: string[] = [];
  const { perception, calls, forgotten } = setUp({
    recall: () => undefined,
    keep: (_cameraId, learnt) => void kept.push(Buffer.from(learnt).toString()),
    forget: () => Promise.reject(new Error('The database is down')),
  });
  const first = perception.perceive(frameOf('yard', 1));
  await settled();
  await assert.rejects(perception.learnAnew('yard'), /database is down/);
  calls[0]?.answer(sight, Buffer.from('the view'));
  await first;
  assert.deepEqual([kept, forgotten], [['the view'], []]);
});
