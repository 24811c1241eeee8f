/**
 * Whose frames end a process. Several cameras have a frame under way when it ends, and only one is to blame: each of
 * them becomes a suspect, suspects are let in one at a time, and one that is there when the process ends again is left
 * out for a while. The others lose two frames.
 */
export type Suspects = {
  /** Whether a frame of this camera may go to the process now. What was let in must be ended by one of the three below. */
  admit(cameraId: string, atMs: number): boolean;
  /** The process answered. */
  clear(cameraId: string): void;
  /** The process was not there: nothing is known. */
  release(cameraId: string): void;
  /** The process ended with this camera's frame under way. True when the camera is left out from now on. */
  blame(cameraId: string, atMs: number): boolean;
  /** The camera is no more. One on trial stays so until its frame is ended. */
  forget(cameraId: string): void;
  /** Cameras left out. */
  asideAt(atMs: number): string[];
};

const asideMs = 60_000;

export function createSuspects(): Suspects {
  const suspected = new Set<string>();
  const asideUntilMs = new Map<string, number>();
  let onTrial: string | undefined;

  return {
    admit(cameraId, atMs) {
      const untilMs = asideUntilMs.get(cameraId);
      if (untilMs !== undefined) {
        if (atMs < untilMs) return false;
        asideUntilMs.delete(cameraId);
        suspected.add(cameraId);
      }
      if (!suspected.has(cameraId)) return true;
      if (onTrial !== undefined) return false;
      onTrial = cameraId;
      return true;
    },
    clear(cameraId) {
      suspected.delete(cameraId);
      if (onTrial === cameraId) onTrial = undefined;
    },
    release(cameraId) {
      if (onTrial === cameraId) onTrial = undefined;
    },
    blame(cameraId, atMs) {
      const isGuilty = onTrial === cameraId;
      if (isGuilty) {
        onTrial = undefined;
        suspected.delete(cameraId);
        asideUntilMs.set(cameraId, atMs + asideMs);
      } else {
        suspected.add(cameraId);
      }
      return isGuilty;
    },
    forget(cameraId) {
      suspected.delete(cameraId);
      asideUntilMs.delete(cameraId);
    },
    asideAt: (atMs) => [...asideUntilMs].filter(([, untilMs]) => untilMs > atMs).map(([cameraId]) => cameraId),
  };
}
