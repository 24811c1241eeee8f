import type { JsonObject } from '@sallyport/contracts';
import { CodedError } from '@sallyport/platform/errors';
import type { FrameBody } from '@sallyport/platform/frames';
import { createCameraEye } from './camera-eye.ts';
import type { CameraEye } from './camera-eye.ts';
import { decodePicture } from './decode-picture.ts';
import type { LoadedModel } from './load-model.ts';
import { formatSight, readRequest } from './perceiver-protocol.ts';

export type PerceiverNeeds = {
  /** Undefined without weights: then motion and tampering are all that is told. */
  readonly model: LoadedModel | undefined;
  /** Why there is none. */
  readonly reason: string | undefined;
};

export type Perceiver = Readonly<Record<'hello' | 'forget' | 'perceive', (request: FrameBody) => Promise<FrameBody>>>;

/** The side of pictures when no model says another. */
const sideWithoutModel = 416;
/** More cameras than one process can serve; the one unseen for longest is forgotten. */
const mostCameras = 256;

/**
 * The perceiver process's own half: one eye a camera, pictures decoded side by side, the model one at a time. What it is
 * given is hostile; what it answers is checked again by the server.
 */
export function createPerceiver({ model, reason }: PerceiverNeeds): Perceiver {
  const side = model?.entry.side ?? sideWithoutModel;
  const eyes = new Map<string, CameraEye>();
  let turn: Promise<unknown> = Promise.resolve();

  /** Waits until the model is free. */
  const detect: LoadedModel['engine']['detect'] | undefined =
    model === undefined
      ? undefined
      : (picture) => {
          const result = turn.then(() => model.engine.detect(picture));
          turn = result.catch(() => undefined);
          return result;
        };

  const eyeOf = (camera: string, firstTrack: number, learnt: Uint8Array): CameraEye => {
    const known = eyes.get(camera);
    // Last used is last in the map.
    eyes.delete(camera);
    const eye = known ?? createCameraEye({ firstTrack, leastScore: model?.entry.leastScore ?? 1, learnt, side });
    eyes.set(camera, eye);
    const [oldest] = eyes.keys();
    if (eyes.size > mostCameras && oldest !== undefined) eyes.delete(oldest);
    return eye;
  };

  return {
    hello: () => Promise.resolve({ head: { model: model?.entry.id ?? null, reason: reason ?? null } }),
    forget({ head }) {
      if (typeof head['camera'] === 'string') eyes.delete(head['camera']);
      return Promise.resolve({ head: {} });
    },
    async perceive({ head, payload }) {
      const { camera, capturedMs, firstTrack, learntBytes } = readRequest(head);
      if (payload === undefined) throw new CodedError('picture_unreadable', 'Cannot read picture: there is none');
      const picture = await decodePicture(payload.subarray(learntBytes), side);
      const eye = eyeOf(camera, firstTrack, payload.subarray(0, learntBytes));
      const seen = await eye.see(picture, capturedMs, detect);
      const answer: JsonObject = formatSight({
        width: picture.originalWidth,
        height: picture.originalHeight,
        motion: seen.motion,
        looked: seen.looked,
        tamper: seen.tamper,
        learnt: seen.learnt,
        nextTrack: eye.nextTrack(),
        objects: seen.tracks.flatMap(({ label, score, box, track }) => {
          const group = model?.entry.groupOf.get(label);
          return group === undefined ? [] : [{ label, group, score, box, track }];
        }),
      });
      const learnt = eye.news();
      return learnt === undefined ? { head: answer } : { head: answer, payload: learnt };
    },
  };
}
