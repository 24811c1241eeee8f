import type { Frame } from '../frames/frame.ts';

/**
 * The pictures an event may need: the last few of each camera, by their number, and clear ones from before somebody laid
 * hands on it. At most seven of a camera, shared with whoever else holds them.
 */
export type FrameMemory = {
  hear(frame: Frame): void;
  /** This picture was clear. */
  sawClear(cameraId: string, sequence: number): void;
  /** The one of this number, else the newest. */
  picture(cameraId: string, sequence?: number): Uint8Array | undefined;
  /** A clear one from some two seconds before the newest. */
  before(cameraId: string): Uint8Array | undefined;
  forget(cameraId: string): void;
};

const recentFrames = 4;
/** What is clear is known a little later: the newest may show the hand already. One from before shows whose. */
const clearFrames = 3;
const clearEveryMs = 1000;

type Kept = { recent: readonly Frame[]; clear: readonly Frame[] };

export function createFrameMemory(): FrameMemory {
  const cameras = new Map<string, Kept>();
  const kept = (cameraId: string): Kept => {
    const found = cameras.get(cameraId) ?? { recent: [], clear: [] };
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
      const last = camera.clear.at(-1);
      // The wall clock may go either way.
      if (last !== undefined && Math.abs(frame.receivedMs - last.receivedMs) < clearEveryMs) return;
      camera.clear = [...camera.clear.slice(1 - clearFrames), frame];
    },
    picture: (cameraId, sequence) =>
      ((sequence === undefined ? undefined : find(cameraId, sequence)) ?? cameras.get(cameraId)?.recent.at(-1))?.jpeg,
    before: (cameraId) => cameras.get(cameraId)?.clear[0]?.jpeg,
    forget: (cameraId) => void cameras.delete(cameraId),
  };
}
