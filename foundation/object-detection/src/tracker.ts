import { intersectionOverUnion } from './box.ts';
import type { Box, Detection } from './box.ts';

/** One thing followed from frame to frame. */
export type Track = Detection & {
  /** Unique within its camera; never used again. */
  readonly track: number;
  /** Where it was seen first, and how often since. */
  readonly sinceMs: number;
  readonly sightings: number;
};

export type Tracker = {
  /** What is in this frame, with its tracks. `atMs` must not go back. */
  follow(detections: readonly Detection[], atMs: number): Track[];
  /** What was seen last and is still awaited: nothing moved since. */
  standing(): Track[];
  /** The next number to be given. */
  next(): number;
};

type Followed = { track: Track; lastMs: number; velocityX: number; velocityY: number; missing: boolean };

export type TrackerOptions = {
  readonly firstTrack?: number;
  /** A detection of at least this score begins a track; a weaker one only goes on with one. */
  readonly beginScore: number;
  /** A track unseen for this long is over: longer than somebody is behind a pillar. */
  readonly forgetAfterMs: number;
};

const leastOverlap = 0.2;
const mostTracks = 200;

/**
 * Follows boxes by overlap with where each is expected, moving on as it moved: strong detections choose first, then
 * weak ones go on with tracks that are left (ByteTrack, arXiv 2110.06864). Labels do not mix, except that vehicles of
 * one place keep the track when a model wavers: the label seen first stays.
 */
export function createTracker(options: TrackerOptions): Tracker {
  let followed: Followed[] = [];
  let nextTrack = options.firstTrack ?? 1;

  const expected = ({ track, lastMs, velocityX, velocityY }: Followed, atMs: number): Box => {
    const [x, y, width, height] = track.box;
    const passedMs = Math.min(atMs - lastMs, 1000);
    return [x + velocityX * passedMs, y + velocityY * passedMs, width, height];
  };

  /** Best pairs first; what is matched is taken out of both lists. */
  const match = (detections: readonly Detection[], candidates: readonly Followed[], atMs: number) => {
    const pairs = detections.flatMap((detection) =>
      candidates
        .filter(({ track }) => sameKind(track.label, detection.label))
        .map((candidate) => ({ detection, candidate, fit: fitOf(expected(candidate, atMs), detection.box) }))
        .filter(({ fit }) => fit > 0),
    );
    const chosen = new Map<Detection, Followed>();
    const taken = new Set<Followed>();
    for (const { detection, candidate } of pairs.toSorted((one, other) => other.fit - one.fit)) {
      if (chosen.has(detection) || taken.has(candidate)) continue;
      chosen.set(detection, candidate);
      taken.add(candidate);
    }
    return { chosen, taken };
  };

  return {
    follow(detections, atMs) {
      followed = followed.filter(({ lastMs }) => atMs - lastMs <= options.forgetAfterMs);
      for (const each of followed) each.missing = true;
      const strong = detections.filter(({ score }) => score >= options.beginScore);
      const weak = detections.filter(({ score }) => score < options.beginScore);
      const first = match(strong, followed, atMs);
      const left = followed.filter((each) => !first.taken.has(each));
      const second = match(weak, left, atMs);
      const seen: Track[] = [];
      for (const [detection, candidate] of [...first.chosen, ...second.chosen]) {
        move(candidate, detection, atMs);
        seen.push(candidate.track);
      }
      for (const detection of strong) {
        if (first.chosen.has(detection) || followed.length >= mostTracks) continue;
        const track: Track = { ...detection, track: nextTrack, sinceMs: atMs, sightings: 1 };
        nextTrack += 1;
        followed.push({ track, lastMs: atMs, velocityX: 0, velocityY: 0, missing: false });
        seen.push(track);
      }
      return seen;
    },
    standing: () => followed.filter(({ missing }) => !missing).map(({ track }) => track),
    next: () => nextTrack,
  };
}

const vehicles: ReadonlySet<string> = new Set(['car', 'truck', 'bus']);

function sameKind(one: string, other: string): boolean {
  return one === other || (vehicles.has(one) && vehicles.has(other));
}

/** Overlap; without any, nearness of things of like size, since small things jump at a few frames a second. */
function fitOf(expected: Box, seen: Box): number {
  const overlap = intersectionOverUnion(expected, seen);
  if (overlap >= leastOverlap) return 1 + overlap;
  const across = expected[0] + expected[2] / 2 - seen[0] - seen[2] / 2;
  const down = expected[1] + expected[3] / 2 - seen[1] - seen[3] / 2;
  const reach = (expected[2] + seen[2]) / 2;
  const alike = Math.min(expected[3], seen[3]) / Math.max(expected[3], seen[3]);
  const distance = Math.hypot(across, down) / reach;
  return alike > 0.6 && distance < 1 ? 1 - distance : 0;
}

function move(followed: Followed, detection: Detection, atMs: number): void {
  const passedMs = Math.max(1, atMs - followed.lastMs);
  const [x, y, width, height] = followed.track.box;
  const moved = (detection.box[0] + detection.box[2] / 2 - x - width / 2) / passedMs;
  const fell = (detection.box[1] + detection.box[3] / 2 - y - height / 2) / passedMs;
  followed.velocityX = followed.velocityX * 0.5 + moved * 0.5;
  followed.velocityY = followed.velocityY * 0.5 + fell * 0.5;
  followed.lastMs = atMs;
  followed.missing = false;
  const { track } = followed;
  followed.track = { ...track, score: detection.score, box: detection.box, sightings: track.sightings + 1 };
}
