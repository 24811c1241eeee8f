import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SegmentVerdict } from '@sallyport/camera-watch/clip';
import { createFilm } from './film.ts';

const none = new Uint8Array();

/** A segment of pictures a second apart, with sound at its first. */
function verified(startedMs: number, frames: number): SegmentVerdict {
  const endedMs = startedMs + (frames - 1) * 1000;
  const records = Array.from({ length: frames }, (_, at) => ({
    kind: 'frame' as const,
    atMs: startedMs + at * 1000,
    payload: none,
  }));
  return {
    ok: true,
    claimed: { start_ms: startedMs, end_ms: endedMs, frames, late: false, plain_sha256: '' },
    segment: {
      camera: 'yard',
      startedMs,
      endedMs,
      frames,
      audio: 1,
      records: [{ kind: 'audio', atMs: startedMs, payload: none }, ...records],
    },
    proof: {
      ok: true,
      event: null,
      index: 0,
      treeSize: 1,
      origin: '',
      receivedAtMs: 0,
      classUid: 6002,
      verifierKey: '',
      keyGiven: false,
      witnesses: [],
      closed: 0,
      timeStamps: [],
      stamped: '',
    },
  };
}

function refused(startedMs: number, endedMs: number): SegmentVerdict {
  const claimed = { start_ms: startedMs, end_ms: endedMs, frames: 1, late: false, plain_sha256: '' };
  return { ok: false, claimed, reason: 'Its bytes are others' };
}

test('A film shows the newest picture of a moment, steps from one to the next, and plays each sound once', () => {
  const film = createFilm({
    verdicts: [verified(20_000, 3), verified(10_000, 10)],
    gaps: [],
    fromMs: 10_000,
    toMs: 22_000,
    shortestGapMs: 3000,
  });
  assert.equal(film.frameAt(12_500)?.atMs, 12_000);
  assert.equal(film.blankAt(12_500), undefined);
  assert.equal(film.step(12_500, 1), 13_000);
  assert.equal(film.step(12_500, -1), 11_000);
  assert.equal(film.step(10_000, -1), 10_000);
  assert.equal(film.step(22_000, 1), 22_000);
  assert.deepEqual(
    film.soundBetween(9000, 20_000).map(({ atMs }) => atMs),
    [10_000, 20_000],
  );
  assert.deepEqual(film.soundBetween(20_000, 21_000), []);
});

test('A gap is told with its reason, and one the clip does not tell of is found by looking', () => {
  const film = createFilm({
    verdicts: [verified(10_000, 3), verified(30_000, 3), verified(60_000, 1)],
    gaps: [{ from_ms: 12_000, to_ms: 30_000, why: 'offline' }],
    fromMs: 10_000,
    toMs: 60_000,
    shortestGapMs: 3000,
  });
  assert.deepEqual(film.blankAt(20_000), { kind: 'gap', fromMs: 12_000, toMs: 30_000, reason: 'offline' });
  assert.deepEqual(film.blankAt(40_000), { kind: 'gap', fromMs: 32_000, toMs: 60_000, reason: '' });
});

test('What does not verify is never shown, nor the picture before in its place', () => {
  const film = createFilm({
    verdicts: [verified(10_000, 10), refused(19_500, 29_000), verified(30_000, 3)],
    gaps: [],
    fromMs: 10_000,
    toMs: 32_000,
    shortestGapMs: 3000,
  });
  for (const ms of [19_500, 20_000, 25_000, 29_000]) {
    assert.equal(film.frameAt(ms), undefined);
    assert.equal(film.blankAt(ms)?.kind, 'refused');
  }
  assert.equal(film.frameAt(19_400)?.atMs, 19_000);
});

test('A film of nothing shows nothing', () => {
  const film = createFilm({ verdicts: [], gaps: [], fromMs: 0, toMs: 1, shortestGapMs: 3000 });
  assert.equal(film.frameAt(0), undefined);
  assert.equal(film.step(0, 1), 0);
});
