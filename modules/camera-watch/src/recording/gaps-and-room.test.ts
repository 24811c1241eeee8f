import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segmentFile } from './recording-files.ts';
import { operator, picture, setUp, startMs } from './recording.fixture.ts';

const minute = 60_000;

test('A camera that was off stays so over a restart, until its next picture', async (t) => {
  const fixture = await setUp(t);
  const first = await fixture.open();
  await fixture.send('yard', 10_000);
  await first.cameraOff('yard');
  await first.close();
  fixture.clock.advance(minute);
  const recording = await fixture.open();
  fixture.clock.advance(minute);
  await fixture.send('yard', 10_000);
  // Off and on within one moment: on.
  const off = recording.cameraOff('yard');
  await fixture.send('yard', 10_000);
  await off;
  await recording.close();
  const { gaps } = await recording.timeline('yard', startMs, startMs + 2 * minute + 30_000);
  assert.deepEqual(
    gaps.map(({ from_ms: from, to_ms: to, why }) => [from - startMs, to - startMs, why]),
    [[10_000, 2 * minute + 10_000, 'camera_off']],
  );
});

test('What was sent and is not kept is never told as the silence of its camera', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  fixture.ledger.refuseAppends('unavailable', { times: 2 });
  await fixture.send('yard', 20_250);
  const whys = async () => (await recording.timeline('yard', startMs, startMs + minute)).gaps.map(({ why }) => why);
  assert.deepEqual(await whys(), ['lost']);
  await fixture.tick();
  assert.deepEqual(await whys(), []);

  const goOn = fixture.ledger.holdAppends();
  fixture.sendAtOnce('yard', 10_000);
  assert.deepEqual(await whys(), []);
  goOn();
  await fixture.tick();
  await recording.close();
  // Whatever keeps a segment from being kept: here its day has no key.
  const damaged = await fixture.open({ random: () => new Uint8Array(3) });
  await fixture.send('door', 10_250);
  await damaged.close();
  const { gaps } = await damaged.timeline('door', startMs, startMs + minute);
  assert.equal(gaps[0]?.why, 'lost');
});

test('Pictures take a part of the room and no more: the oldest go, and the ledger knows', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  await fixture.send('yard', 10_000);
  const names: string[] = [];
  for (let at = 0; at < 6; at += 1) {
    names.push(await recording.savePicture(picture(at, 400_000)));
    fixture.clock.advance(1000);
  }
  await recording.changeRetention({ days: 9, bytes_per_camera: 2 ** 30, bytes: 10 * 1024 * 1024 }, operator);
  await fixture.tick();
  await fixture.tick();
  const left = await Promise.all(
    names.map((name) =>
      recording.picture(name).then(
        () => true,
        () => false,
      ),
    ),
  );
  assert.deepEqual(left, [false, false, false, false, true, true]);
  const { segments } = await recording.timeline('yard', startMs, startMs + minute);
  assert.equal(segments.length, 1);
  const told = fixture.events().map((event) => JSON.stringify(event));
  assert.ok(told.some((text) => text.includes('recording.delete') && text.includes('"pictures":4')));
});

test('A file that cannot be removed holds up no other, and goes when it can', async (t) => {
  const fixture = await setUp(t);
  const { files } = fixture.needs;
  let stuck = true;
  const stubborn = segmentFile('yard', startMs);
  const remove = async (name: string): Promise<void> => {
    if (stuck && (name === stubborn || name.startsWith('pictures/'))) throw new Error('operation not permitted');
    await files.remove(name);
  };
  const recording = await fixture.open({ files: { ...files, remove } });
  await recording.savePicture(picture(1));
  await fixture.send('yard', 30_250);
  fixture.clock.advance(20 * 24 * 60 * minute);
  await fixture.tick();
  await fixture.tick();
  const left = async () => (await fixture.files.list()).filter((name) => name.startsWith('segments/'));
  assert.deepEqual(await left(), [stubborn]);
  assert.deepEqual((await recording.timeline('yard', startMs, startMs + minute)).segments, []);
  stuck = false;
  await fixture.tick();
  assert.deepEqual(await left(), []);
});
