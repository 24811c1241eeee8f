import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeSegment } from '@sallyport/segment-format';
import { createRecordingFiles } from './recording-files.ts';
import { failingFiles, operator, picture, setUp, startMs } from './recording.fixture.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

function sealedFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.sealed'))
    .map((name) => join(directory, name))
    .toSorted();
}

test('What cameras send is sealed in segments whose hashes are in the ledger, and opens as it came', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  await fixture.send('yard', 25_000);
  await recording.close();
  const { segments, gaps } = await recording.timeline('yard', startMs, startMs + minute);
  assert.deepEqual(
    segments.map(({ start_ms: from, end_ms: to, frames }) => [from - startMs, to - startMs, frames]),
    [
      [0, 9750, 40],
      [10_000, 19_750, 40],
      [20_000, 24_750, 20],
    ],
  );
  assert.deepEqual(gaps, []);
  const bytes = await recording.segment('yard', startMs);
  const segment = decodeSegment(bytes);
  assert.equal(segment.frames, 40);
  assert.ok(segment.audio >= 39);
  assert.deepEqual([...(segment.records[0]?.payload ?? [])], [...picture(startMs)]);
  const told = fixture.events().filter(({ metadata }) => metadata.event_code === 'recording.segment');
  assert.deepEqual(
    told.map(({ unmapped }) => unmapped.sallyport['recording']?.['plain_sha256']),
    segments.map((row) => row.plain_sha256),
  );
  assert.ok(segments.every(({ position }) => /^1\/\d+$/.test(position)));
});

test('Nothing of a picture stands on the disk in clear', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  await fixture.send('yard', 12_000);
  await recording.savePicture(picture(1));
  await recording.close();
  const files = sealedFiles(fixture.recordingsDirectory);
  assert.equal(files.length, 3);
  const pieces = [picture(startMs).slice(3, 35), picture(1).slice(3, 35), Buffer.from('SPSEG1'), Buffer.from('"yard"')];
  for (const file of files)
    for (const piece of pieces) assert.equal(readFileSync(file).includes(Buffer.from(piece)), false, file);
});

test('A changed or swapped file is refused, told once and shown as a gap', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  await fixture.send('yard', 30_000);
  await fixture.send('door', 9000);
  await recording.close();
  const { segments } = await recording.timeline('yard', startMs, startMs + minute);
  const [first, second, third] = segments.map(({ start_ms: from }) => from);
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const fileOf = (from: number): string =>
    sealedFiles(fixture.recordingsDirectory).find((file) => file.endsWith(`/${from}.sealed`)) ?? '';
  const [one, two] = [readFileSync(fileOf(first)), readFileSync(fileOf(second))];
  writeFileSync(fileOf(first), two);
  writeFileSync(fileOf(second), one);
  for (const from of [first, second, first])
    await assert.rejects(recording.segment('yard', from), { code: 'recording_unreadable' });
  const third0 = readFileSync(fileOf(third));
  third0[40] = (third0[40] ?? 0) ^ 1;
  writeFileSync(fileOf(third), third0);
  await assert.rejects(recording.segment('yard', third), { code: 'recording_unreadable' });
  assert.equal(fixture.events().filter(({ metadata }) => metadata.event_code === 'recording.missing').length, 3);
  const after = await recording.timeline('yard', startMs, startMs + 30_000);
  assert.deepEqual(after.segments, []);
  assert.deepEqual(
    after.gaps.map(({ why }) => why),
    ['lost'],
  );
  await recording.segment('door', startMs + 30_000);
});

test('A picture is kept once, named by its content; any other name finds nothing', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  const [one, again] = await Promise.all([recording.savePicture(picture(1)), recording.savePicture(picture(1))]);
  assert.equal(one, again);
  assert.deepEqual([...(await recording.picture(one))], [...picture(1)]);
  for (const name of ['0'.repeat(64), '../control.db', `${one}/..`])
    await assert.rejects(recording.picture(name), { code: 'picture_unknown' });
  for (const [file] of [sealedFiles(fixture.recordingsDirectory)]) writeFileSync(file ?? '', 'x'.repeat(600));
  await assert.rejects(recording.picture(one), { code: 'recording_unreadable' });
});

test('The name of a file is never a way out of its folder', async (t) => {
  const fixture = await setUp(t);
  const files = createRecordingFiles(fixture.recordingsDirectory);
  for (const name of ['../x', '/etc/passwd', 'a/../b', 'a//b', '', 'a/', 'A', 'a\0b', '.hidden'])
    await assert.rejects(async () => files.write(name, new Uint8Array()), TypeError);
  const recording = await fixture.open();
  await fixture.send('..', 1000);
  await recording.close();
  assert.deepEqual((await recording.timeline('..', startMs, startMs + minute)).segments, []);
});

test('Time without pictures is a gap with its reason, and a camera that pauses is not one recording', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  await fixture.send('yard', 10_000);
  fixture.clock.advance(minute);
  await fixture.tick();
  await fixture.send('yard', 10_000);
  await recording.cameraOff('yard');
  fixture.clock.advance(minute);
  await fixture.send('yard', 10_000);
  await recording.close();
  const { gaps, segments } = await recording.timeline('yard', 0, startMs + 10 * minute);
  assert.equal(segments.length, 3);
  assert.deepEqual(
    gaps.map(({ from_ms: from, to_ms: to, why }) => [from - startMs, to - startMs, why]),
    [
      [9750, 70_000, 'offline'],
      [80_000, 140_000, 'camera_off'],
    ],
  );
  assert.deepEqual((await recording.timeline('never', 0, startMs + minute)).gaps, []);
});

test('A full disk loses the segment and nothing else, and the time says so', async (t) => {
  const fixture = await setUp(t);
  const files = failingFiles(fixture.needs.files);
  const recording = await fixture.open({ files });
  files.failNext(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
  await fixture.send('yard', 10_250);
  await fixture.tick();
  await fixture.send('yard', 10_000);
  await fixture.tick();
  fixture.disk.freeBytes = 1024;
  await fixture.send('yard', 10_000);
  await recording.close();
  const { segments, gaps } = await recording.timeline('yard', startMs, startMs + minute);
  assert.deepEqual(
    segments.map(({ start_ms: from }) => from - startMs),
    [10_000],
  );
  assert.deepEqual(
    gaps.map(({ why }) => why),
    ['lost', 'lost'],
  );
  assert.equal((await recording.status()).state, 'disk_full');
  await assert.rejects(recording.savePicture(picture(3)), { code: 'recording_low_disk' });
});

test('A running segment is bounded: a camera that sends much has shorter ones', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open({ limits: { runningBytes: 20_000, memoryBytes: 50_000 } });
  fixture.sendAtOnce('yard', 10_000, { bytes: 3000 });
  await recording.close();
  const { segments, gaps } = await recording.timeline('yard', startMs, startMs + minute);
  assert.ok(segments.every(({ bytes }) => bytes < 21_000));
  const kept = segments.reduce((sum, { frames }) => sum + frames, 0);
  // What came while two segments waited for the disk was given up, and that is said.
  assert.ok(segments.length >= 2 && kept < 40);
  assert.ok(gaps.every(({ why }) => why === 'lost') && gaps.length > 0);
});

test('A ledger that does not answer delays what counts as kept, and loses nothing', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  fixture.ledger.refuseAppends('unavailable', { times: 1 });
  fixture.ledger.refuseAppends('unavailable', { times: 1, recorded: true });
  await fixture.send('yard', 20_250);
  assert.equal((await recording.timeline('yard', startMs, startMs + minute)).segments.length, 0);
  assert.equal((await recording.status()).waiting_segments, 2);
  await fixture.tick();
  assert.equal((await recording.timeline('yard', startMs, startMs + minute)).segments.length, 2);
  assert.equal(fixture.events().length, 2);
  assert.equal((await recording.status()).waiting_segments, 0);
});

test('Retention deletes what is older than it may be and nothing younger, and the ledger knows', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  await fixture.send('yard', 20_000);
  await fixture.tick();
  const kept = await recording.savePicture(picture(1));
  fixture.clock.advance(2 * day);
  await fixture.tick();
  await fixture.send('yard', 10_000);
  await recording.changeRetention({ days: 2, bytes_per_camera: 2 ** 30, bytes: 2 ** 30 }, operator);
  await fixture.tick();
  fixture.clock.advance(10_000);
  await fixture.tick();
  const { segments, gaps } = await recording.timeline('yard', startMs, startMs + 3 * day);
  assert.deepEqual(
    segments.map(({ start_ms: from }) => from - startMs),
    [2 * day + 20_000],
  );
  assert.deepEqual(
    gaps.map(({ why }) => why),
    ['deleted', 'offline', 'offline'],
  );
  assert.equal(sealedFiles(fixture.recordingsDirectory).length, 1);
  await assert.rejects(recording.picture(kept), { code: 'picture_unknown' });
  const codes = new Set(fixture.events().map(({ metadata }) => metadata.event_code));
  assert.ok(codes.has('recording.delete') && codes.has('recording.change-retention'));
});

test('What a legal hold keeps is deleted for no reason, and opens; while holds cannot be told nothing is deleted', async (t) => {
  const fixture = await setUp(t);
  let holds: () => Promise<{ fromMs: number; toMs: number }[]> = async () => [
    { fromMs: startMs + 15_000, toMs: startMs + day },
  ];
  const recording = await fixture.open({ heldTimes: () => holds() });
  await fixture.send('yard', 30_000);
  await fixture.tick();
  fixture.clock.advance(15_000);
  await fixture.tick();
  const kept = await recording.savePicture(picture(1));
  await recording.changeRetention({ days: 1, bytes_per_camera: 1024 * 1024, bytes: 1024 * 1024 }, operator);
  fixture.clock.advance(3 * day);
  fixture.disk.freeBytes = 0;
  await fixture.tick();
  const left = async (): Promise<number[]> =>
    (await recording.timeline('yard', startMs, startMs + day)).segments.map(({ start_ms: from }) => from - startMs);
  assert.deepEqual(await left(), [10_000, 20_000]);
  assert.deepEqual(Buffer.from(await recording.picture(kept)), Buffer.from(picture(1)));
  holds = async () => Promise.reject(new Error('the vault is away'));
  await fixture.tick();
  assert.deepEqual(await left(), [10_000, 20_000]);
  assert.match(fixture.lines.join(), /the vault is away/);
  holds = async () => [];
  await fixture.tick();
  assert.deepEqual(await left(), []);
  await assert.rejects(recording.picture(kept), { code: 'picture_unknown' });
});

test('A wall clock that jumps a year ahead deletes nothing', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  await fixture.send('yard', 10_000);
  fixture.clock.advance(minute);
  await fixture.tick();
  fixture.clock.setWall(startMs + 365 * day);
  await fixture.tick();
  assert.equal((await recording.timeline('yard', startMs, startMs + minute)).segments.length, 1);
  assert.equal(sealedFiles(fixture.recordingsDirectory).length, 1);
});

test('A camera that floods loses its own oldest recordings, not those of others; a filling disk keeps the last day', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  await fixture.send('quiet', 10_000);
  await fixture.send('loud', 80_000, { bytes: 40_000 });
  await fixture.tick();
  await fixture.tick();
  const before = await recording.status();
  const limit = 8 * 1024 * 1024;
  assert.ok(before.bytes > limit);
  await recording.changeRetention({ days: 9, bytes_per_camera: 2 ** 40, bytes: limit }, operator);
  await fixture.tick();
  await fixture.tick();
  const after = await recording.status();
  assert.ok(after.bytes <= limit);
  const use = (status: typeof after, camera: string) => status.cameras.find((row) => row.camera === camera)?.bytes;
  assert.equal(use(after, 'quiet'), use(before, 'quiet'));
  const { segments } = await recording.timeline('loud', startMs, startMs + 10 * minute);
  const newest = segments.at(-1)?.start_ms ?? 0;
  assert.ok(newest >= startMs + 70_000, 'the newest stays');
  fixture.disk.freeBytes = 1.5 * 2 ** 30;
  await fixture.tick();
  assert.equal((await recording.status()).bytes, after.bytes);
  assert.equal((await recording.status()).state, 'disk_low');
});

test('Sound stands at its own moment, also where one segment ends and the next begins, and none is lost', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  const sent: number[] = [];
  for (let passed = 0; passed < 25_000; passed += 50) {
    const nowMs = fixture.clock.nowMs();
    if (passed % 100 === 0)
      fixture.hub.offer({ cameraId: 'yard', jpeg: picture(nowMs), capturedMs: nowMs, receivedMs: nowMs });
    // A piece of a quarter second, which comes when its last sample is there and stays on the way a little.
    if (passed % 250 === 0 && passed > 500) {
      sent.push(nowMs - 400);
      fixture.hub.offerAudio({
        cameraId: 'yard',
        pcm: new Uint8Array(8000),
        capturedMs: nowMs - 400,
        receivedMs: nowMs,
      });
    }
    fixture.clock.advance(50);
    if (passed % 5000 === 0) await recording.settled();
  }
  await recording.close();
  const { segments } = await recording.timeline('yard', 0, startMs + minute);
  const heard: number[] = [];
  for (const [at, { start_ms: from, end_ms: to }] of segments.entries()) {
    assert.ok(to < (segments[at + 1]?.start_ms ?? Infinity));
    const { records } = decodeSegment(await recording.segment('yard', from));
    heard.push(...records.filter(({ kind }) => kind === 'audio').map(({ atMs }) => atMs));
  }
  assert.equal(segments.length, 3);
  assert.deepEqual(heard, sent);
});

test('A camera whose sound ends keeps its last segments all the same', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  fixture.sendAtOnce('yard', 9000);
  for (let passed = 0; passed < 2000; passed += 250) {
    const nowMs = fixture.clock.nowMs();
    fixture.hub.offer({ cameraId: 'yard', jpeg: picture(nowMs), capturedMs: nowMs, receivedMs: nowMs });
    fixture.clock.advance(250);
  }
  fixture.clock.advance(1500);
  await fixture.tick();
  const { segments } = await recording.timeline('yard', 0, startMs + minute);
  assert.deepEqual(
    segments.map(({ start_ms: from, frames }) => [from - startMs, frames]),
    [[0, 40]],
  );
});
