import type { Clock } from '@sallyport/platform/clock';
import { codeOf } from '@sallyport/platform/errors';
import { errorFields } from '@sallyport/platform/log';
import type { Log } from '@sallyport/platform/log';
import type { FramePeer } from '@sallyport/platform/frames';
import type { Frame } from '../frames/frame.ts';
import type { Perceived, PerceptionHealth, WatchState } from './perceived.ts';
import { createPerceiverClient } from './perceiver-client.ts';
import type { PerceiverClient } from './perceiver-client.ts';
import { processHealth, watchStateOf } from './perceiver-health.ts';
import { createPlaces } from './places.ts';
import type { Places } from './places.ts';
import { formatRequest, maxLearntBytes, readSight } from './perceiver-protocol.ts';
import { createRate } from './rate.ts';
import type { Scenes } from './scenes.ts';
import { createSuspects } from './suspects.ts';
import type { Suspects } from './suspects.ts';

export type PerceptionNeeds = {
  /** Starts a perceiver process (see `createPerceiver`). When its connection is closed, the process must be ended. */
  connect(): Promise<FramePeer>;
  /** Processes that share the cameras, each camera with one of them. */
  readonly processes: number;
  readonly clock: Clock;
  /** Aborts after a while. */
  deadline(milliseconds: number): AbortSignal;
  readonly log: Log;
  /** Keeps what cameras usually see over restarts of the server; without it, it is learnt anew after each. */
  readonly scenes?: Pick<Scenes, 'recall' | 'keep' | 'forget'>;
};

export type PerceivableFrame = Pick<Frame, 'cameraId' | 'sequence' | 'jpeg' | 'capturedMs'>;

export type Perception = {
  /**
   * There are cameras: what looks at pictures is got ready before the first one comes, and again when it has ended. To be
   * called now and then.
   */
  start(): void;
  /** Of a camera nobody has looked at yet, too. */
  watchOf(cameraId: string): WatchState;
  /**
   * One frame of a camera is under way at a time and the newest waits. Undefined for a frame that a newer one replaced,
   * that is no picture, or that nobody could look at; never throws, so that nobody has to wait for it.
   */
  perceive(frame: PerceivableFrame): Promise<Perceived | undefined>;
  /** Hears everything that was perceived, in the order of each camera. */
  subscribe(listener: (perceived: Perceived) => void): () => void;
  /**
   * What a camera usually sees is learnt anew: somebody has moved it on purpose. Ends its tampering. Rejects when what was
   * kept of it is still there.
   */
  learnAnew(cameraId: string): Promise<void>;
  /** A camera that is no more: nothing is kept of it once it resolves, and what is under way is told to nobody. */
  forget(cameraId: string): Promise<void>;
  health(): PerceptionHealth;
  close(): void;
};

type Watched = {
  readonly post: Post;
  nextTrack: number;
  /** What the process had learnt of it, and which start of the process knows it. */
  learnt: Uint8Array;
  knownSince: number;
  /** Which start of the process knows what is usual in its view. */
  learntSince: number | undefined;
  /** Counts how often it was learnt anew: what was under way then is of the view before. */
  views: number;
  /** How often it is being made to learn anew: what it learns meanwhile is kept nowhere. */
  learningAnew: number;
  busy: boolean;
  waiting:
    | { readonly frame: PerceivableFrame; readonly resolve: (perceived: Perceived | undefined) => void }
    | undefined;
};

const nothing = new Uint8Array(0);

/**
 * More frames at once would wait for each other in the process, which looks at one at a time, until it counts as stuck: with
 * so many, one may take two seconds. Cameras whose turn has not come have their newest frame wait here.
 */
const mostUnderWay = 8;

/** A process, and which of its cameras end it. */
type Post = { readonly client: PerceiverClient; readonly suspects: Suspects; readonly places: Places };

/**
 * Looks at frames in processes of their own. A frame that ends the process takes the other cameras' frames that are under
 * way with it and nothing else; the camera it came from is left out for a minute when it happens again.
 */
export function createPerception(needs: PerceptionNeeds): Perception {
  const posts: Post[] = Array.from({ length: Math.max(1, needs.processes) }, () => ({
    client: createPerceiverClient(needs),
    suspects: createSuspects(),
    places: createPlaces(mostUnderWay),
  }));
  const watched = new Map<string, Watched>();
  const listeners = new Set<(perceived: Perceived) => void>();
  const rate = createRate(needs.clock);
  let dropped = 0;
  let unreadable = 0;
  let saidReason: string | undefined;

  const watchedOf = (cameraId: string): Watched => {
    const known = watched.get(cameraId);
    if (known !== undefined) return known;
    const counts = posts.map((post) => [...watched.values()].filter((each) => each.post === post).length);
    const post = posts[counts.indexOf(Math.min(...counts))];
    if (post === undefined) throw new TypeError('There is no perceiver process');
    const learnt = needs.scenes?.recall(cameraId) ?? nothing;
    const fresh = { nextTrack: 1, knownSince: 0, learntSince: undefined, views: 0, learningAnew: 0 };
    const camera: Watched = { post, learnt, ...fresh, busy: false, waiting: undefined };
    watched.set(cameraId, camera);
    return camera;
  };

  /** Says once what there is to look with, and again when that has changed. */
  const sayState = (client: PerceiverClient): void => {
    const { model, reason } = client.state();
    const said = `${model ?? ''} ${reason ?? ''}`;
    if (said === saidReason) return;
    saidReason = said;
    if (model === undefined) {
      needs.log.error('No model to see with: cameras tell motion and tampering only', { reason: reason ?? 'unknown' });
    } else {
      const instead = `${reason ?? ''}; ${model} is used instead. See content/models/README.md`;
      needs.log.info('Cameras are looked at', { model, ...(reason === undefined ? {} : { note: instead }) });
    }
  };

  async function look(camera: Watched, frame: PerceivableFrame): Promise<Perceived | undefined> {
    const startedMs = needs.clock.monotonicMs();
    const { client, suspects } = camera.post;
    const { cameraId, sequence, capturedMs, jpeg } = frame;
    if (!suspects.admit(cameraId, startedMs)) return undefined;
    // A process that was started since then knows nothing of this camera but what it is told with the frame.
    const { views } = camera;
    const learnt = client.state().isUp && camera.knownSince === client.state().starts ? nothing : camera.learnt;
    const { head, payload } = await client.call('perceive', {
      head: formatRequest({ camera: cameraId, capturedMs, firstTrack: camera.nextTrack, learntBytes: learnt.length }),
      payload: learnt.length === 0 ? jpeg : Buffer.concat([learnt, jpeg]),
    });
    camera.knownSince = client.state().starts;
    // It may have been shown the view before once more.
    if (views !== camera.views) await forgetIn(client, cameraId);
    const isNews = payload !== undefined && payload.length > 0 && payload.length <= maxLearntBytes;
    const isOfThisView = views === camera.views && camera.learningAnew === 0 && watched.get(cameraId) === camera;
    if (isNews && isOfThisView) {
      // A copy: the payload is a view of all that came with it.
      camera.learnt = Uint8Array.from(payload);
      needs.scenes?.keep(cameraId, camera.learnt);
    }
    const { nextTrack, objects, tamper, ...sight } = readSight(head);
    camera.nextTrack = Math.max(camera.nextTrack, nextTrack);
    camera.learntSince = sight.learnt && views === camera.views ? camera.knownSince : undefined;
    suspects.clear(cameraId);
    sayState(client);
    rate.count();
    return {
      cameraId,
      sequence,
      capturedMs,
      jpeg,
      ...sight,
      objects: objects.map((object) => ({
        ...object,
        confidence: object.group === 'weapon_class' ? 'low' : 'usual',
      })),
      ...(tamper === undefined ? {} : { tamper }),
      model: client.state().model,
      tookMs: needs.clock.monotonicMs() - startedMs,
    };
  }

  function failed(cameraId: string, { suspects }: Post, error: unknown): void {
    switch (codeOf(error)) {
      case 'perceiver_died':
        if (suspects.blame(cameraId, needs.clock.monotonicMs())) {
          needs.log.error('A camera is left out for a minute: its frames end the perceiver process', {
            camera: cameraId,
          });
        }
        return;
      case 'perceiver_down':
        suspects.release(cameraId);
        return;
      case 'picture_unreadable':
        suspects.clear(cameraId);
        unreadable += 1;
        return;
      default:
        suspects.clear(cameraId);
        needs.log.warn('A frame could not be looked at', { camera: cameraId, ...errorFields(error) });
    }
  }

  function tell(perceived: Perceived): void {
    for (const listener of listeners) {
      try {
        listener(perceived);
      } catch (error) {
        needs.log.error('A listener of the perception failed', errorFields(error));
      }
    }
  }

  async function lookOrSay(camera: Watched, frame: PerceivableFrame): Promise<Perceived | undefined> {
    try {
      return await look(camera, frame);
    } catch (error) {
      failed(frame.cameraId, camera.post, error);
      return undefined;
    }
  }

  /** Until none waits. What waits is taken when its turn has come, not before: by then a newer one may. */
  async function serve(camera: Watched): Promise<void> {
    const { places } = camera.post;
    camera.busy = true;
    while (camera.waiting !== undefined) {
      if (!places.tryEnter()) await places.enter();
      const { waiting } = camera;
      camera.waiting = undefined;
      const perceived = waiting === undefined ? undefined : await lookOrSay(camera, waiting.frame);
      places.leave();
      if (perceived !== undefined && watched.get(perceived.cameraId) === camera) tell(perceived);
      waiting?.resolve(perceived);
    }
    camera.busy = false;
  }

  function giveUpWaiting(camera: Watched): void {
    if (camera.waiting === undefined) return;
    dropped += 1;
    camera.waiting.resolve(undefined);
    camera.waiting = undefined;
  }

  return {
    start() {
      for (const { client } of posts) {
        if (client.state().isUp) continue;
        void client.start().then(() => {
          if (client.state().isUp) sayState(client);
        });
      }
    },
    watchOf(cameraId) {
      const camera = watched.get(cameraId);
      const post = camera?.post ?? posts[0];
      if (post === undefined) return 'unwatched';
      const isAside = post.suspects.asideAt(needs.clock.monotonicMs()).includes(cameraId);
      return watchStateOf(post.client.state(), { learntSince: camera?.learntSince, isAside });
    },
    perceive(frame) {
      const camera = watchedOf(frame.cameraId);
      giveUpWaiting(camera);
      return new Promise((resolve) => {
        camera.waiting = { frame, resolve };
        if (!camera.busy) void serve(camera);
      });
    },
    subscribe(listener) {
      const own = (perceived: Perceived): void => listener(perceived);
      listeners.add(own);
      return () => listeners.delete(own);
    },
    async learnAnew(cameraId) {
      const camera = watchedOf(cameraId);
      camera.learningAnew += 1;
      try {
        // First what is kept: a view that is not accepted in the end is the one from before.
        await needs.scenes?.forget(cameraId);
      } finally {
        camera.learningAnew -= 1;
      }
      camera.views += 1;
      camera.learnt = nothing;
      camera.learntSince = undefined;
      await forgetIn(camera.post.client, cameraId);
    },
    async forget(cameraId) {
      const camera = watched.get(cameraId);
      if (camera !== undefined) {
        watched.delete(cameraId);
        giveUpWaiting(camera);
        camera.post.suspects.forget(cameraId);
        await forgetIn(camera.post.client, cameraId);
      }
      await needs.scenes?.forget(cameraId);
    },
    health() {
      const nowMs = needs.clock.monotonicMs();
      return {
        ...processHealth(posts.map(({ client }) => client.state())),
        perSecond: rate.perSecond(),
        dropped,
        unreadable,
        setAside: posts.flatMap(({ suspects }) => suspects.asideAt(nowMs)),
      };
    },
    close() {
      for (const { client } of posts) client.close();
    },
  };
}

/** A process that is not there, or ends, has forgotten. */
async function forgetIn(client: PerceiverClient, cameraId: string): Promise<void> {
  if (client.state().isUp) await client.call('forget', { head: { camera: cameraId } }).catch(() => undefined);
}
