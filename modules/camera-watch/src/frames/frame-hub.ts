import { errorFields, type Log } from '@sallyport/platform/log';
import type { AudioChunk, Frame } from './frame.ts';

export type Unnumbered<Item> = Omit<Item, 'sequence'>;

/**
 * Where pictures and sound of all cameras pass through, on their way to whoever looks, judges and records. It keeps the
 * newest picture of each camera and nothing else: a listener that is slow keeps its own newest, there is no queue here.
 */
export type FrameHub = {
  /** Numbers it, keeps it in place of the one before, tells every listener at once. */
  offer(frame: Unnumbered<Frame>): Frame;
  latest(cameraId: string): Frame | undefined;
  /** `listener` must not block; what it throws is logged and reaches nobody else. */
  subscribe(listener: (frame: Frame) => void): () => void;
  offerAudio(chunk: Unnumbered<AudioChunk>): AudioChunk;
  subscribeAudio(listener: (chunk: AudioChunk) => void): () => void;
  /** Gives up what is kept of a camera that is no more; its numbers go on. */
  forget(cameraId: string): void;
};

export function createFrameHub(needs: { readonly log: Log }): FrameHub {
  const newest = new Map<string, Frame>();
  const frames = createChannel<Frame>(needs.log);
  const audio = createChannel<AudioChunk>(needs.log);
  return {
    offer(unnumbered) {
      const frame = { ...unnumbered, sequence: frames.next(unnumbered.cameraId) };
      newest.set(frame.cameraId, frame);
      frames.tell(frame);
      return frame;
    },
    latest: (cameraId) => newest.get(cameraId),
    subscribe: (listener) => frames.subscribe(listener),
    offerAudio(unnumbered) {
      const chunk = { ...unnumbered, sequence: audio.next(unnumbered.cameraId) };
      audio.tell(chunk);
      return chunk;
    },
    subscribeAudio: (listener) => audio.subscribe(listener),
    forget(cameraId) {
      newest.delete(cameraId);
    },
  };
}

function createChannel<Item>(log: Log): {
  next(cameraId: string): number;
  tell(item: Item): void;
  subscribe(listener: (item: Item) => void): () => void;
} {
  const listeners = new Set<{ readonly hear: (item: Item) => void }>();
  const counts = new Map<string, number>();
  return {
    next(cameraId) {
      const sequence = (counts.get(cameraId) ?? 0) + 1;
      counts.set(cameraId, sequence);
      return sequence;
    },
    tell(item) {
      for (const { hear } of listeners) {
        try {
          hear(item);
        } catch (error) {
          log.error('A listener of the cameras failed', errorFields(error));
        }
      }
    },
    subscribe(listener) {
      const entry = { hear: listener };
      listeners.add(entry);
      return () => listeners.delete(entry);
    },
  };
}
