import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { createLateUploads } from './late-uploads.ts';
import { segmentFile } from './recording-files.ts';
import { defaultLimits } from './recording-needs.ts';
import { createRecordingStore } from './recording-store.ts';
import { setUp, startMs } from './recording.fixture.ts';

const minute = 60_000;

test('What a camera recorded while it was cut off fills its gap, which says so', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  const phone = fixture.addDevice('phone');
  await fixture.send('phone', 10_000);
  fixture.clock.advance(10 * minute);
  await fixture.tick();
  await fixture.send('phone', 10_000);
  // Out of order, and each of them twice: the answer was lost.
  const segments = [40_000, 20_000, 30_000, 20_000, 40_000].map((from) => phone.lateSegment(startMs + from, 9500));
  for (const segment of segments) assert.deepEqual(await recording.takeLate(segment), { state: 'kept' });
  await recording.close();
  const timeline = await recording.timeline('phone', startMs, startMs + 15 * minute);
  assert.deepEqual(
    timeline.segments.map(({ start_ms: from, late }) => [from - startMs, late]),
    [
      [0, false],
      [20_000, true],
      [30_000, true],
      [40_000, true],
      [10 * minute + 10_000, false],
    ],
  );
  assert.deepEqual(
    timeline.gaps.map(({ from_ms: from, to_ms: to, why }) => [from - startMs, to - startMs, why]),
    [
      [9750, 20_000, 'offline'],
      [20_000, 49_500, 'uploaded_later'],
      [49_500, 10 * minute + 10_000, 'offline'],
    ],
  );
  const bytes = await recording.segment('phone', startMs + 20_000);
  assert.deepEqual([...bytes], [...(segments[1]?.piece ?? [])]);
});

test('A segment comes in pieces: a piece at the wrong place is answered with the right one', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  const whole = fixture.addDevice('phone').lateSegment(startMs - minute);
  const part = (from: number, to: number) => ({ ...whole, offset: from, piece: whole.piece.subarray(from, to) });
  assert.deepEqual(await recording.takeLate(part(0, 100)), { state: 'partial', receivedBytes: 100 });
  assert.deepEqual(await recording.takeLate(part(0, 100)), { state: 'partial', receivedBytes: 100 });
  assert.deepEqual(await recording.takeLate(part(50, 200)), { state: 'partial', receivedBytes: 100 });
  assert.deepEqual(await recording.takeLate(part(100, 100)), { state: 'partial', receivedBytes: 100 });
  const [first, second] = await Promise.allSettled([
    recording.takeLate(part(100, 150)),
    recording.takeLate(part(100, 150)),
  ]);
  assert.equal(first.status, 'fulfilled');
  assert.equal(second.status === 'rejected' && second.reason.code, 'uploads_busy');
  assert.deepEqual(await recording.takeLate(part(150, whole.bytes)), { state: 'kept' });
  const { segments } = await recording.timeline('phone', startMs - 2 * minute, startMs);
  assert.equal(segments.length, 1);
});

test('What the camera did not sign, or did not sign so, is refused and takes no memory', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  const phone = fixture.addDevice('phone');
  const other = fixture.addDevice('other');
  const good = phone.lateSegment(startMs - minute);
  const foreign = other.lateSegment(startMs - minute);
  const unsigned = [
    { ...good, signature: foreign.signature },
    { ...good, camera: 'other' },
    { ...good, camera: 'nobody' },
    { ...good, startedMs: good.startedMs - 1 },
    { ...good, endedMs: good.endedMs + 1 },
    { ...good, host: 'elsewhere.test' },
    { ...good, plainSha256: '0'.repeat(64) },
    { ...good, signature: 'A'.repeat(86) },
    { ...good, signature: '' },
  ];
  for (const piece of unsigned)
    await assert.rejects(recording.takeLate(piece), { code: 'segment_signature_invalid' }, piece.signature);
  assert.deepEqual((await recording.timeline('phone', 0, startMs + minute)).segments, []);
  // The own key over the recording of another camera, and over bytes that are no segment.
  const swapped = phone.lateSegment(startMs - minute, 1000, 'other');
  await assert.rejects(recording.takeLate(swapped), { code: 'segment_invalid' });
  const junk = new TextEncoder().encode('no segment');
  const plainSha256 = createHash('sha256').update(junk).digest('hex');
  const claim = phone.signed({ camera: 'phone', startedMs: startMs - minute, endedMs: startMs, plainSha256 });
  await assert.rejects(recording.takeLate({ ...claim, bytes: junk.length, offset: 0, piece: junk }), {
    code: 'segment_invalid',
  });
  const changed = Uint8Array.from(good.piece);
  changed[80] = (changed[80] ?? 0) ^ 1;
  await assert.rejects(recording.takeLate({ ...good, piece: changed }), { code: 'segment_invalid' });
  for (const bad of [
    phone.lateSegment(startMs + 10 * minute),
    { ...good, bytes: 17 * 1024 * 1024 },
    { ...good, endedMs: good.startedMs + 121_000 },
  ])
    await assert.rejects(recording.takeLate(bad), { code: 'segment_invalid' });
  assert.equal(fixture.events().length, 0);
});

test('What the server recorded itself is not replaced, and one moment is not told twice', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  const phone = fixture.addDevice('phone');
  await fixture.send('phone', 30_250);
  assert.deepEqual(await recording.takeLate(phone.lateSegment(startMs + 2000, 15_000)), { state: 'covered' });
  fixture.clock.advance(minute);
  await fixture.tick();
  const kept = phone.lateSegment(startMs + 40_000);
  assert.deepEqual(await recording.takeLate(kept), { state: 'kept' });
  // Other pictures for a time it has sent already: none of these can both be true.
  for (const from of [startMs + 40_000, startMs + 45_000, startMs + 38_000]) {
    const other = phone.lateSegment(from, 9000);
    await assert.rejects(recording.takeLate(other), { code: 'segment_conflict' });
  }
  const live = phone.lateSegment(startMs, 12_000);
  await assert.rejects(recording.takeLate({ ...phone.lateSegment(startMs + 40_000, 500) }), {
    code: 'segment_conflict',
  });
  assert.deepEqual(await recording.takeLate(live), { state: 'covered' });
  assert.equal((await recording.timeline('phone', startMs, startMs + 5 * minute)).segments.length, 5);
});

test('What retention deleted does not come back', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  const phone = fixture.addDevice('phone');
  const segment = phone.lateSegment(startMs - minute);
  await recording.takeLate(segment);
  fixture.clock.advance(15 * 24 * 60 * minute);
  await fixture.tick();
  assert.deepEqual((await recording.timeline('phone', 0, startMs)).segments, []);
  assert.deepEqual(await recording.takeLate(segment), { state: 'expired' });
});

test('A late segment counts as kept when the ledger has it, not before', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  const segment = fixture.addDevice('phone').lateSegment(startMs - minute);
  fixture.ledger.refuseAppends('unavailable');
  await assert.rejects(recording.takeLate(segment), { code: 'uploads_busy' });
  assert.deepEqual((await recording.timeline('phone', 0, startMs)).segments, []);
  assert.deepEqual(await recording.takeLate(segment), { state: 'kept' });
  assert.equal((await recording.timeline('phone', 0, startMs)).segments.length, 1);
});

test('A segment that an attempt under way passed by is not said to be kept before the ledger has it', async (t) => {
  const fixture = await setUp(t);
  const store = createRecordingStore(fixture.database);
  const segment = fixture.addDevice('phone').lateSegment(startMs - minute);
  const { camera, startedMs, endedMs, plainSha256 } = segment;
  const times = { startMs: startedMs, endMs: endedMs };
  const row = { camera, ...times, frames: 21, audio: 0, isLate: true, plainBytes: segment.bytes, plainSha256 };
  await store.begin({ ...row, sealedSha256: 'f'.repeat(64) });
  const uploads = createLateUploads({
    store,
    keeper: { keep: async () => 'waiting', resume: async () => undefined, isMissing: () => false },
    isSignedBy: fixture.needs.isSignedBy,
    oldestKeptMs: async () => 0,
    heldSince: () => undefined,
    nowMs: () => fixture.clock.nowMs(),
    limits: defaultLimits,
  });
  await assert.rejects(uploads.take(segment), { code: 'uploads_busy' });
  await store.keep(row, { log: 1, index: 1 });
  assert.deepEqual(await uploads.take(segment), { state: 'kept' });
});

test('A recording whose file is gone covers nothing: the camera is asked for its own', async (t) => {
  const fixture = await setUp(t);
  const phone = fixture.addDevice('phone');
  const first = await fixture.open();
  await fixture.send('phone', 10_250);
  await first.close();
  await fixture.files.remove(segmentFile('phone', startMs));
  const recording = await fixture.open();
  assert.deepEqual(await recording.takeLate(phone.lateSegment(startMs + 500, 9000)), { state: 'kept' });
});

test('A time the server holds and has not sealed is neither taken again nor said to be safe', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.openUnclosed({});
  const phone = fixture.addDevice('phone');
  fixture.sendAtOnce('phone', 6000);
  const segment = phone.lateSegment(startMs, 5500);
  await assert.rejects(recording.takeLate(segment), { code: 'uploads_busy' });
  // Killed now: what was held in memory alone is taken from the phone.
  const afterwards = await fixture.open();
  assert.deepEqual(await afterwards.takeLate(segment), { state: 'kept' });
  await recording.close();
});

test('Sealed meanwhile, it is covered, and the phone may forget its own', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  const phone = fixture.addDevice('phone');
  fixture.sendAtOnce('phone', 6000);
  const segment = phone.lateSegment(startMs, 5500);
  await assert.rejects(recording.takeLate(segment), { code: 'uploads_busy' });
  fixture.clock.advance(5000);
  await fixture.tick();
  assert.deepEqual(await recording.takeLate(segment), { state: 'covered' });
  assert.equal((await recording.timeline('phone', startMs, startMs + minute)).segments.length, 1);
});

test('A short time the server has is covered though two clocks tell it a little apart', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  const phone = fixture.addDevice('phone');
  await fixture.send('phone', 1250);
  fixture.clock.advance(5000);
  await fixture.tick();
  assert.deepEqual(await recording.takeLate(phone.lateSegment(startMs - 40, 1000)), { state: 'covered' });
  assert.deepEqual(await recording.takeLate(phone.lateSegment(startMs + 200, 1000)), { state: 'covered' });
  assert.deepEqual(await recording.takeLate(phone.lateSegment(startMs + 800, 1500)), { state: 'kept' });
});

test('What is sealed between the look at what is held and the look at what is stored is not taken twice', async (t) => {
  const fixture = await setUp(t);
  const phone = fixture.addDevice('phone');
  const store = createRecordingStore(fixture.database);
  let isHeld = true;
  const uploads = createLateUploads({
    store: {
      ...store,
      // As slow as a database may be: the segment is on the disk before the answer is read.
      async between(...asked) {
        const found = await store.between(...asked);
        isHeld = false;
        return found;
      },
    },
    keeper: { keep: async () => 'kept', resume: async () => undefined, isMissing: () => false },
    isSignedBy: fixture.needs.isSignedBy,
    oldestKeptMs: async () => 0,
    heldSince: () => (isHeld ? startMs - 10_000 : undefined),
    nowMs: () => fixture.clock.nowMs(),
    limits: defaultLimits,
  });
  await assert.rejects(uploads.take(phone.lateSegment(startMs - 9000, 5000)), { code: 'uploads_busy' });
});

test('What was held as the server was stopped is sealed by then, and covers what the phone kept of it', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  const phone = fixture.addDevice('phone');
  fixture.sendAtOnce('phone', 6000);
  await recording.close();
  const afterwards = await fixture.open();
  assert.deepEqual(await afterwards.takeLate(phone.lateSegment(startMs, 5500)), { state: 'covered' });
});

test('A short time across two segments of the server is covered; one that reaches out of them is not', async (t) => {
  const fixture = await setUp(t);
  const recording = await fixture.open();
  const phone = fixture.addDevice('phone');
  await fixture.send('phone', 10_000);
  await fixture.send('phone', 5000);
  fixture.clock.advance(5000);
  await fixture.tick();
  const { segments } = await recording.timeline('phone', startMs, startMs + minute);
  assert.equal(segments[1]?.start_ms, startMs + 10_000);
  assert.deepEqual(await recording.takeLate(phone.lateSegment(startMs + 8800, 2500)), { state: 'covered' });
  // Of this one less than half is there.
  assert.deepEqual(await recording.takeLate(phone.lateSegment(startMs + 14_000, 2000)), { state: 'kept' });
});

test('A time that waits for the ledger is not taken a second time', async (t) => {
  const fixture = await setUp(t);
  let isDown = true;
  const ledger: typeof fixture.needs.ledger = {
    ...fixture.needs.ledger,
    append: async (...given) => {
      if (isDown) throw new Error('The ledger is down');
      return fixture.needs.ledger.append(...given);
    },
  };
  const recording = await fixture.open({ ledger });
  const phone = fixture.addDevice('phone');
  fixture.sendAtOnce('phone', 6000);
  fixture.clock.advance(5000);
  await fixture.tick();
  const segment = phone.lateSegment(startMs, 5500);
  await assert.rejects(recording.takeLate(segment), { code: 'uploads_busy' });
  isDown = false;
  await fixture.tick();
  assert.deepEqual(await recording.takeLate(segment), { state: 'covered' });
  const { segments } = await recording.timeline('phone', startMs, startMs + minute);
  assert.deepEqual(
    segments.map(({ late }) => late),
    [false],
  );
});
