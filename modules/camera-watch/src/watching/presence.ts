import type { Box } from '@sallyport/object-detection';
import { createTokenBucket } from '@sallyport/platform/token-bucket';
import type { TokenBucket } from '@sallyport/platform/token-bucket';
import type { PerceivedObject } from '../perception/perceived.ts';
import type { CameraNotice, LeftWhy, Sighting } from './camera-notice.ts';
import type { LabelClass } from './label-class.ts';
import { isNight, placeOf } from './zone.ts';
import type { WatchPlan, Zone } from './zone.ts';

/** A moment by both clocks: the wall clock says when, the other how long. */
export type Moment = { readonly wallMs: number; readonly monotonicMs: number };

/**
 * What stands in the picture of one camera. A thing appears once it was seen often enough, is told once for each place, and
 * left once it was unseen for long enough: what flickers in between is the same appearance. Never `left` without
 * `appeared`. How many appearances are told is bounded for each place; those beyond are counted and told as `crowded`.
 */
export type Presence = {
  /** `isNew`: the model looked; else these are still where they were seen last. */
  see(
    seen: { readonly objects: readonly PerceivedObject[]; readonly isNew: boolean },
    plan: WatchPlan,
    at: Moment,
  ): CameraNotice[];
  /** Time goes by without a picture. */
  pass(at: Moment): CameraNotice[];
  /** The camera sends no more: nobody knows who is still there. */
  end(at: Moment): CameraNotice[];
  /** Told and not over. */
  told(): readonly Sighting[];
  nextId(): number;
};

type Followed = {
  readonly key: string;
  readonly zone: Zone | undefined;
  readonly label: string;
  readonly labelClass: LabelClass;
  isWatched: boolean;
  track: number;
  box: Box | undefined;
  score: number;
  hits: number;
  readonly since: Moment;
  lastMonotonicMs: number;
  lastWallMs: number;
  sighting: Sighting | undefined;
  /** There was no room to tell it. */
  isHeldBack: boolean;
};

type Crowd = { readonly zone: Zone | undefined; heldBack: number; since: Moment };

const limits = {
  /** Seen so often before it is told, the unsure more often. */
  hits: 2,
  hitsWhenUnsure: 3,
  sureScore: 0.5,
  leastScore: 0.25,
  confirmMs: 250,
  /** A thing that is not sure yet and unseen for this long was none. */
  forgetMs: 2500,
  leaveMs: { person: 6000, animal: 6000, weapon_class: 6000, vehicle: 20_000, bag: 20_000 },
  /** Of a camera at once. */
  followed: 128,
  /** Appearances told of one place: so many at once, then 45 a minute. A yard with nine people was measured: 38. */
  burst: 60,
  perSecond: 45 / 60,
  crowdedEveryMs: 60_000,
} as const;

export function createPresence(kept: {
  readonly sightings: readonly Sighting[];
  readonly nextId: number;
  readonly at: Moment;
}): Presence {
  let nextId = kept.nextId;
  const buckets = new Map<string, TokenBucket>();
  const crowds = new Map<string, Crowd>();
  const followed = new Set<Followed>(kept.sightings.map((sighting) => resumed(sighting, kept.at)));

  /** By its track, else what was near in the picture and is missing in it now. */
  function known(object: PerceivedObject, key: string, at: Moment): Followed | undefined {
    const candidates = [...followed].filter(
      (one) => one.key === key && (one.lastMonotonicMs < at.monotonicMs || one.box === undefined),
    );
    return (
      candidates.find(({ track }) => track === object.track) ??
      candidates.find(({ box }) => box === undefined) ??
      candidates.find(({ box }) => box !== undefined && isNear(box, object.box))
    );
  }

  function follow(object: PerceivedObject, isNew: boolean, plan: WatchPlan, at: Moment): void {
    const place = placeOf(plan, object, at.wallMs);
    const labelClass = object.group;
    // Bags stand about everywhere: they matter where somebody asked for them.
    if (place === 'ignored' || (labelClass === 'bag' && place.zone === undefined)) return;
    const { zone, isWatched } = place;
    const key = `${zone?.id ?? ''}/${labelClass}`;
    const before = known(object, key, at);
    if (before === undefined) {
      if (followed.size >= limits.followed) return;
      followed.add({
        key,
        zone,
        label: object.label,
        labelClass,
        isWatched,
        track: object.track,
        box: object.box,
        score: object.score,
        hits: 1,
        since: at,
        lastMonotonicMs: at.monotonicMs,
        lastWallMs: at.wallMs,
        sighting: undefined,
        isHeldBack: false,
      });
      return;
    }
    before.track = object.track;
    before.box = object.box;
    before.score = Math.max(before.score, object.score);
    if (isNew) before.hits += 1;
    before.isWatched = isWatched;
    before.lastMonotonicMs = at.monotonicMs;
    before.lastWallMs = at.wallMs;
  }

  function tell(one: Followed, plan: WatchPlan, at: Moment): CameraNotice[] {
    // The time of a zone may begin while somebody stands in it: that is told as well.
    const isNew = one.sighting === undefined || (one.isWatched && !one.sighting.isWatched);
    if (!isNew || !isSure(one, at)) return [];
    const place = one.zone?.id ?? '';
    const bucket =
      buckets.get(place) ?? createTokenBucket({ perSecond: limits.perSecond, burst: limits.burst }, at.monotonicMs);
    buckets.set(place, bucket);
    if (!bucket.take(at.monotonicMs, 1)) {
      if (one.isHeldBack) return [];
      one.isHeldBack = true;
      const crowd = crowds.get(place) ?? { zone: one.zone, heldBack: 0, since: at };
      crowd.heldBack += 1;
      crowds.set(place, crowd);
      return [];
    }
    const ended = one.sighting === undefined ? [] : [leftOf(one, one.sighting, 'gone')];
    one.sighting = {
      id: nextId,
      label: one.label,
      labelClass: one.labelClass,
      ...(one.zone === undefined ? {} : { zone: { id: one.zone.id, name: one.zone.name } }),
      isWatched: one.isWatched,
      isNight: isNight(plan, at.wallMs),
      score: one.score,
      sinceMs: ended.length > 0 ? at.wallMs : one.since.wallMs,
    };
    nextId += 1;
    return [...ended, { event: 'camera.appeared', sighting: one.sighting }];
  }

  function leave(at: Moment): CameraNotice[] {
    return [...followed].flatMap((one) => {
      const isToldOrSure = one.sighting !== undefined || one.isHeldBack;
      const waitMs = isToldOrSure ? limits.leaveMs[one.labelClass] : limits.forgetMs;
      if (at.monotonicMs - one.lastMonotonicMs <= waitMs) return [];
      followed.delete(one);
      return one.sighting === undefined ? [] : [leftOf(one, one.sighting, 'gone')];
    });
  }

  function tellCrowds(at: Moment): CameraNotice[] {
    return [...crowds].flatMap(([place, crowd]) => {
      if (at.monotonicMs - crowd.since.monotonicMs < limits.crowdedEveryMs) return [];
      crowds.delete(place);
      return [crowdedOf(crowd)];
    });
  }

  return {
    see({ objects, isNew }, plan, at) {
      // The surest first: it has the first choice of what was there before.
      const seen = objects.filter(({ score }) => score >= limits.leastScore);
      for (const object of seen.toSorted((one, other) => other.score - one.score)) follow(object, isNew, plan, at);
      const told = [...followed]
        .filter(({ lastMonotonicMs }) => lastMonotonicMs === at.monotonicMs)
        .flatMap((one) => tell(one, plan, at));
      return [...told, ...leave(at), ...tellCrowds(at)];
    },
    pass: (at) => [...leave(at), ...tellCrowds(at)],
    end() {
      const left = [...followed].flatMap((one) =>
        one.sighting === undefined ? [] : [leftOf(one, one.sighting, 'camera_offline')],
      );
      const told = [...crowds.values()].map(crowdedOf);
      followed.clear();
      crowds.clear();
      return [...left, ...told];
    },
    told: () => [...followed].flatMap(({ sighting }) => (sighting === undefined ? [] : [sighting])),
    nextId: () => nextId,
  };
}

function isSure({ hits, score, since }: Followed, at: Moment): boolean {
  const wanted = score >= limits.sureScore ? limits.hits : limits.hitsWhenUnsure;
  return hits >= wanted && at.monotonicMs - since.monotonicMs >= limits.confirmMs;
}

function leftOf(one: Followed, sighting: Sighting, why: LeftWhy): CameraNotice {
  const told = { ...sighting, score: one.score };
  // Of a wall clock that was set back nothing longer than nothing is told.
  return { event: 'camera.left', sighting: told, dwellMs: Math.max(0, one.lastWallMs - sighting.sinceMs), why };
}

function crowdedOf({ zone, heldBack, since }: Crowd): CameraNotice {
  return {
    event: 'camera.crowded',
    ...(zone === undefined ? {} : { zone: { id: zone.id, name: zone.name } }),
    heldBack,
    sinceMs: since.wallMs,
  };
}

/** Within its own size of where it was. */
function isNear(one: Box, other: Box): boolean {
  const across = Math.abs(one[0] + one[2] / 2 - other[0] - other[2] / 2);
  const down = Math.abs(one[1] + one[3] / 2 - other[1] - other[3] / 2);
  return across <= Math.max(one[2], other[2]) && down <= Math.max(one[3], other[3]);
}

/** It was told before a restart and may still be there. */
function resumed(sighting: Sighting, at: Moment): Followed {
  const { zone, label, labelClass, isWatched, score } = sighting;
  return {
    key: `${zone?.id ?? ''}/${labelClass}`,
    zone: zone === undefined ? undefined : { ...zone, points: [], labels: [], kind: 'watch' },
    label,
    labelClass,
    isWatched,
    track: 0,
    box: undefined,
    score,
    hits: limits.hitsWhenUnsure,
    since: at,
    lastMonotonicMs: at.monotonicMs,
    lastWallMs: at.wallMs,
    sighting,
    isHeldBack: false,
  };
}
