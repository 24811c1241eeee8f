import { ocsfClass } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Principal } from '@sallyport/platform/http';
import type { Departure } from '../cameras/cameras.ts';
import { CameraWatchError } from '../errors.ts';
import type { TamperKind } from '../perception/perceived.ts';
import type { Pictures } from './camera-event.ts';
import { unknownStanding } from './camera-notice.ts';
import type { CameraNotice } from './camera-notice.ts';
import { createCameraWatcher } from './camera-watcher.ts';
import type { CameraWatcher } from './camera-watcher.ts';
import { createFrameMemory } from './frame-memory.ts';
import { createMomentStore } from './moment-store.ts';
import type { MomentFilter } from './moment-store.ts';
import type { SeenMoment } from './moment.ts';
import { createPictureKeeper } from './picture-keeper.ts';
import { emptyPlan, planDocument } from './plan-schema.ts';
import type { Moment } from './presence.ts';
import { createTeller } from './teller.ts';
import { createWatchStore } from './watch-store.ts';
import type { KeptPlan } from './watch-store.ts';
import { checkTold, viewAccepted } from './view-acceptance.ts';
import { defaultWatchingLimits } from './watching-needs.ts';
import type { WatchedCamera, WatchedPicture, WatchingNeeds } from './watching-needs.ts';
import { checkPlan } from './zone.ts';
import type { WatchPlan } from './zone.ts';

/** Looks at what perception makes of each camera's pictures, and tells of it what matters. */
export type Watching = {
  /** What people chose for a camera. Throws `camera_unknown`. */
  plan(cameraId: string): KeptPlan;
  /** Durable, with its audit event, before it resolves. Throws `camera_unknown`, `zone_invalid`, `zones_changed`. */
  changePlan(change: {
    readonly cameraId: string;
    readonly plan: WatchPlan;
    readonly revision?: number | undefined;
    readonly actor: Principal;
  }): Promise<KeptPlan>;
  /** Newest first. */
  moments(filter: MomentFilter): Promise<SeenMoment[]>;
  /** Of one camera, oldest first: what touches a time. */
  momentsBetween(cameraId: string, fromMs: number, toMs: number): Promise<SeenMoment[]>;
  /** Durable, with its audit event, before it resolves; the same when somebody saw it already. Throws `moment_unknown`. */
  see(request: { readonly id: string; readonly actor: Principal }): Promise<SeenMoment>;
  /**
   * What the camera shows now is its view from now on, and what was told of it is over. On record, with the picture, before
   * anything is done. `tampered` is what its author saw told of it; throws `camera_unknown`, `view_changed` when it is told
   * something else by now. Gives what was told.
   */
  acceptView(request: {
    readonly cameraId: string;
    readonly tampered: TamperKind | undefined;
    readonly actor: Principal;
  }): Promise<TamperKind | undefined>;
  /** Where a camera stands now. */
  siteOf(cameraId: string): string | undefined;
  findMoment(id: string): Promise<SeenMoment | undefined>;
  /** What is being done to a camera now. */
  tamperOf(cameraId: string): TamperKind | undefined;
  /** A camera stops, for a reason that is known; of one that was `removed` nothing is kept but its moments. */
  depart(cameraId: string, why: Departure): Promise<void>;
  health(): { readonly cameras: number; readonly tampered: number; readonly waiting: number };
  /** Resolves when what was noticed so far is in the ledger, or waits for it. */
  settled(): Promise<void>;
  close(): Promise<void>;
};

const passEveryMs = 1000;
/** Longer between two passes: this process slept. */
const sleptMs = 4000;
/** An older picture is one of a clock that is wrong. */
const oldestMs = 60_000;

export async function createWatching(needs: WatchingNeeds): Promise<Watching> {
  const { clock, database, outbox } = needs;
  const limits = { ...defaultWatchingLimits, ...needs.limits };
  const store = createWatchStore(needs);
  const moments = createMomentStore({ ...needs, ...limits });
  await moments.takeOver();
  const plans = await store.plans();
  const standings = await store.standings();
  const watchers = new Map<string, CameraWatcher>();
  const frames = createFrameMemory();
  const pictures = createPictureKeeper({ ...needs, timeoutMs: limits.pictureMs });
  const teller = createTeller({
    ...needs,
    store,
    moments,
    nowMs: () => clock.nowMs(),
    maxWaiting: limits.waiting,
  });
  let passedMs = clock.monotonicMs();

  const now = (): Moment => ({ wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() });

  function watcherOf(cameraId: string): CameraWatcher {
    const known = watchers.get(cameraId);
    if (known !== undefined) return known;
    const made = createCameraWatcher({
      kept: standings.get(cameraId) ?? unknownStanding,
      at: now(),
      othersLive: () => othersLive(cameraId),
    });
    watchers.set(cameraId, made);
    return made;
  }

  /** Cameras of the same site that send; without a site, of all. */
  function othersLive(cameraId: string): number {
    const site = needs.findCamera(cameraId)?.site;
    return [...watchers].filter(
      ([id, watcher]) =>
        id !== cameraId &&
        watcher.standing().connection === 'live' &&
        (site === undefined || needs.findCamera(id)?.site === site),
    ).length;
  }

  const planOf = (cameraId: string): KeptPlan =>
    plans.get(cameraId) ?? { plan: emptyPlan(needs.timeZone), revision: 0 };

  function tell(
    camera: WatchedCamera,
    notices: readonly CameraNotice[],
    picture?: Pick<WatchedPicture, 'jpeg' | 'capturedMs' | 'model'>,
  ): void {
    if (notices.length === 0) return;
    const standing = watcherOf(camera.id).standing();
    const nowMs = clock.nowMs();
    const timeMs = picture === undefined ? nowMs : Math.min(nowMs, Math.max(picture.capturedMs, nowMs - oldestMs));
    for (const notice of notices)
      teller.tell({
        camera,
        notice,
        timeMs,
        standing,
        model: picture?.model,
        pictures: picturesOf(camera.id, notice, picture?.jpeg),
      });
  }

  function picturesOf(cameraId: string, { event }: CameraNotice, jpeg: Uint8Array | undefined): Promise<Pictures> {
    if (event === 'camera.left' || event === 'camera.connected' || event === 'camera.untold')
      return Promise.resolve({});
    return pictures.keep({
      picture: jpeg ?? frames.newest(cameraId),
      picture_before: event === 'camera.tampered' ? frames.before(cameraId) : undefined,
    });
  }

  const unsubscribeFrames = needs.subscribeFrames((frame) => {
    const camera = needs.findCamera(frame.cameraId);
    if (camera === undefined) return;
    frames.hear(frame);
    tell(camera, watcherOf(camera.id).hear(frame.jpeg, now()));
  });

  const unsubscribePictures = needs.subscribePictures((picture) => {
    const camera = needs.findCamera(picture.cameraId);
    if (camera === undefined) return;
    const at = now();
    const watcher = watcherOf(camera.id);
    const notices = watcher.see(picture, planOf(camera.id).plan, at);
    if (picture.learnt && picture.tamper === undefined && watcher.isClear())
      frames.sawClear(camera.id, picture.jpeg, at.monotonicMs);
    else frames.sawOther(camera.id);
    tell(camera, notices, picture);
  });

  function pass(): void {
    const at = now();
    const sinceMs = at.monotonicMs - passedMs;
    passedMs = at.monotonicMs;
    if (sinceMs > sleptMs) for (const watcher of watchers.values()) watcher.excuse(sinceMs);
    for (const [cameraId, watcher] of watchers) {
      const camera = needs.findCamera(cameraId);
      if (camera !== undefined) tell(camera, watcher.pass(at));
    }
    teller.retry();
  }

  // Cameras that were there before a restart are missed when they do not come back.
  for (const cameraId of standings.keys()) if (needs.findCamera(cameraId) !== undefined) watcherOf(cameraId);
  const stop = needs.every(passEveryMs, pass);

  function known(cameraId: string): WatchedCamera {
    const camera = needs.findCamera(cameraId);
    if (camera === undefined) throw new CameraWatchError('camera_unknown', `Cannot find camera "${cameraId}"`);
    return camera;
  }

  return {
    plan: (cameraId) => planOf(known(cameraId).id),
    async changePlan({ cameraId, plan, revision, actor }) {
      const { id, name } = known(cameraId);
      checkPlan(plan);
      const before = planOf(id);
      const kept = await database.transaction().execute(async (transaction) => {
        const current = await store.revisionOf(transaction, id);
        if (revision !== undefined && revision !== current)
          throw new CameraWatchError(
            'zones_changed',
            `Cannot change the zones of "${name}": somebody changed them since revision ${revision}, must be made on revision ${current}`,
            { details: { revision: current } },
          );
        const changed = { plan, revision: current + 1 };
        await store.savePlan(transaction, id, changed);
        const event = auditEvent({
          nowMs: clock.nowMs(),
          actor: { kind: actor.kind, id: actor.id, name: actor.name },
          action: 'camera.zones.change',
          classUid: ocsfClass.entityManagement,
          activityId: 3,
          outcome: 'success',
          target: { type: 'camera', id, name },
          details: { before: planDocument(before.plan), after: planDocument(plan) },
        });
        await outbox.record(transaction, event);
        return changed;
      });
      plans.set(id, kept);
      await outbox.flushed();
      return kept;
    },
    moments: (filter) => moments.list(filter),
    findMoment: (id) => moments.find(database, id),
    siteOf: (cameraId) => needs.findCamera(cameraId)?.site,
    momentsBetween: (cameraId, fromMs, toMs) => moments.between(cameraId, fromMs, toMs),
    async see({ id, actor }) {
      const seen = await database.transaction().execute(async (transaction) => {
        const moment = await moments.find(transaction, id);
        if (moment === undefined) throw new CameraWatchError('moment_unknown', `Cannot find moment "${id}"`);
        if (moment.state === 'seen') return moment;
        const by = { id: actor.id, name: actor.name };
        await moments.markSeen(transaction, moment, by);
        const event = auditEvent({
          nowMs: clock.nowMs(),
          actor: { kind: actor.kind, ...by },
          action: 'camera.moment.seen',
          classUid: ocsfClass.entityManagement,
          activityId: 3,
          outcome: 'success',
          target: { type: 'camera-moment', id },
          details: { camera: moment.cameraId, kind: moment.kind, from_ms: moment.fromMs, to_ms: moment.toMs },
        });
        await outbox.record(transaction, event);
        const result: SeenMoment = { ...moment, state: 'seen', by };
        return result;
      });
      await outbox.flushed();
      return seen;
    },
    async acceptView({ cameraId, tampered, actor }) {
      const camera = known(cameraId);
      const looked = { camera, tampered };
      checkTold(watchers.get(camera.id), looked);
      const shown = await pictures.keep({ picture: frames.newest(camera.id), picture_before: undefined });
      const was = await database.transaction().execute(async (transaction) => {
        // Keeping the picture took a moment, in which another hand may have come.
        const told = checkTold(watchers.get(camera.id), looked);
        await outbox.record(transaction, viewAccepted({ nowMs: clock.nowMs(), actor, camera, told, shown }));
        return told;
      });
      await needs.learnAnew(camera.id);
      tell(camera, watcherOf(camera.id).acceptView());
      await teller.settled();
      await outbox.flushed();
      return was;
    },
    tamperOf: (cameraId) => watchers.get(cameraId)?.standing().tamper?.kind,
    async depart(cameraId, why) {
      // To whoever watches it falls silent: not everybody who can close a page may switch a camera off.
      if (why === 'page_closed') return;
      const camera = needs.findCamera(cameraId);
      const watcher = watchers.get(cameraId);
      if (camera !== undefined && watcher !== undefined) tell(camera, watcher.depart(why, now()));
      // Nothing comes from it any more; the pictures told of are kept already.
      if (why !== 'said_goodbye') frames.forget(cameraId);
      if (why !== 'removed') return;
      await teller.settled();
      watchers.delete(cameraId);
      standings.delete(cameraId);
      plans.delete(cameraId);
      await database.transaction().execute((transaction) => store.forget(transaction, cameraId));
    },
    health: () => ({
      cameras: watchers.size,
      tampered: [...watchers.values()].filter((watcher) => watcher.standing().tamper !== undefined).length,
      waiting: teller.waiting(),
    }),
    settled: () => teller.settled(),
    async close() {
      stop();
      unsubscribeFrames();
      unsubscribePictures();
      await teller.settled();
    },
  };
}
