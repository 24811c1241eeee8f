import type { RecordingNews, RecordingOrder, RecordingStatus } from './recording-messages.ts';
import type { RecordedSegment } from './segment-recorder.ts';

/** The recordings of this phone, kept by a worker. */
export type Recorder = {
  open(deviceId: string): void;
  store(segment: RecordedSegment, keep: boolean): void;
  upload(token: string): void;
  pause(): void;
  /** Resolves when every file is gone. */
  erase(): Promise<void>;
};

export const nothingRecorded: RecordingStatus = { waiting: 0, bytes: 0, lost: 0, refused: 0, isUploading: false };

export function createRecorder(needs: {
  readonly worker: Pick<Worker, 'postMessage' | 'addEventListener'>;
  readonly onStatus: (status: RecordingStatus) => void;
  readonly onTokenRefused: () => void;
}): Recorder {
  const { worker } = needs;
  const order = (message: RecordingOrder): void => worker.postMessage(message, []);
  let erased = Promise.withResolvers<undefined>();
  worker.addEventListener('message', ({ data }: MessageEvent<RecordingNews>) => {
    switch (data.kind) {
      case 'status':
        needs.onStatus(data.status);
        break;
      case 'token_refused':
        needs.onTokenRefused();
        break;
      case 'erased':
        erased.resolve(undefined);
        break;
    }
  });
  // A worker that cannot even start keeps nothing.
  worker.addEventListener('error', () => needs.onStatus({ ...nothingRecorded, problem: 'no_storage' }));
  return {
    open: (deviceId) => order({ kind: 'open', deviceId }),
    store: (segment, keep) => order({ kind: 'store', segment, keep }),
    upload: (token) => order({ kind: 'upload', token }),
    pause: () => order({ kind: 'pause' }),
    async erase() {
      erased = Promise.withResolvers<undefined>();
      order({ kind: 'erase' });
      await erased.promise;
    },
  };
}
