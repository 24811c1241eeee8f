import type { Frame } from '../frames/frame.ts';

/**
 * The pictures an event may need: the last few of each camera, by their number, and the last clear one before somebody laid
 * hands on it. At most six of a camera, shared with whoever else holds them.
 */
export type FrameMemory = {
  hear(frame: Frame): void;
  /** This picture was clear. */
  sawClear(cameraId: string, sequence: number): void;
  /** The one of this number, else the newest. */
  picture(cameraId: string, sequence?: number): Uint8Array | undefined;
  /** The clear one from before the newest clear ones. */
  before(cameraId: string): Uint8Array | undefined;
  forget(cameraId: string): void;
};

const recentFrames = 4;
/** A hand before the lens is in the last clear picture: one from so long before shows whose. */
const beforeMs = 700;

type Kept = { recent: readonly Frame[]; clear: Frame | undefined; older: Frame | undefined };

export function createFrameMemory(): FrameMemory {
  const cameras = new Map<string, Kept>();
  const kept = (cameraId: string): Kept => {
    const found = cameras.get(cameraId) ?? { recent: [], clear: undefined, older: undefined };
    cameras.set(cameraId, found);
    return found;
  };
  const find = (cameraId: string, sequence: number): Frame | undefined =>
    cameras.get(cameraId)?.recent.find((frame) => frame.sequence === sequence);

  return {
    hear(frame) {
      const camera = kept(frame.cameraId);
      camera.recent = [...camera.recent.slice(1 - recentFrames), frame];
    },
    sawClear(cameraId, sequence) {
      const frame = find(cameraId, sequence);
      if (frame === undefined) return;
      const camera = kept(cameraId);
      if (camera.clear === undefined) {
        camera.clear = frame;
        return;
      }
      if (Math.abs(frame.receivedMs - camera.clear.receivedMs) < beforeMs) return;
      camera.older = camera.clear;
      camera.clear = frame;
    },
    picture: (cameraId, sequence) =>
      ((sequence === undefined ? undefined : find(cameraId, sequence)) ?? cameras.get(cameraId)?.recent.at(-1))?.jpeg,
    before(cameraId) {
      const camera = cameras.get(cameraId);
      return (camera?.older ?? camera?.clear)?.jpeg;
    },
    forget: (cameraId) => void cameras.delete(cameraId),
  };
}
