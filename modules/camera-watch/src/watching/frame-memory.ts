import type { Frame } from '../frames/frame.ts';

/**
 * The pictures an event may need: the newest of each camera, and clear ones from before somebody laid hands on it. At most
 * four of a camera, shared with whoever else holds them.
 */
export type FrameMemory = {
  hear(frame: Pick<Frame, 'cameraId' | 'jpeg'>): void;
  /** It was judged, and nothing is done to the camera. `atMs` must not go back. */
  sawClear(cameraId: string, jpeg: Uint8Array, atMs: number): void;
  /** It was judged, and something is, or nobody knows yet. */
  sawOther(cameraId: string): void;
  newest(cameraId: string): Uint8Array | undefined;
  /** One from some two seconds before the newest clear one, with clear ones for a second after it; however long ago. */
  before(cameraId: string): Uint8Array | undefined;
  forget(cameraId: string): void;
};

/** A hand is told a little after it came: the newest clear picture may show it already. One from before shows whose. */
const clearPictures = 2;
const clearForMs = 1000;

type Timed = { readonly jpeg: Uint8Array; readonly atMs: number };
type Kept = { newest: Uint8Array | undefined; clear: readonly Uint8Array[]; unsure: Timed | undefined };

export function createFrameMemory(): FrameMemory {
  const cameras = new Map<string, Kept>();
  const kept = (cameraId: string): Kept => {
    const found = cameras.get(cameraId) ?? { newest: undefined, clear: [], unsure: undefined };
    cameras.set(cameraId, found);
    return found;
  };

  return {
    hear({ cameraId, jpeg }) {
      kept(cameraId).newest = jpeg;
    },
    sawClear(cameraId, jpeg, atMs) {
      const camera = kept(cameraId);
      if (camera.unsure !== undefined && atMs - camera.unsure.atMs < clearForMs) return;
      if (camera.unsure !== undefined) camera.clear = [...camera.clear.slice(1 - clearPictures), camera.unsure.jpeg];
      camera.unsure = { jpeg, atMs };
    },
    sawOther(cameraId) {
      kept(cameraId).unsure = undefined;
    },
    newest: (cameraId) => cameras.get(cameraId)?.newest,
    before: (cameraId) => cameras.get(cameraId)?.clear[0],
    forget: (cameraId) => void cameras.delete(cameraId),
  };
}
