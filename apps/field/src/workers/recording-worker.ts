// Keeps recordings in this origin's private file system and sends them to the server, beside the page: encryption and
// disk never hold up a picture.
import { createKeyStore } from '../identity/key-store.ts';
import { createServerApi } from '../identity/server-api.ts';
import type { RecordingNews, RecordingOrder } from '../recording/recording-messages.ts';
import { createRecordingDesk } from '../recording/recording-desk.ts';
import { createSegmentFiles } from './segment-files.ts';

const desk = createRecordingDesk({
  keyStore: createKeyStore({ indexedDB, subtle: crypto.subtle }),
  openFiles: () => createSegmentFiles(navigator.storage),
  estimate: () => navigator.storage.estimate(),
  ask: createServerApi({ fetch: (...asked) => fetch(...asked), deadline: (ms) => AbortSignal.timeout(ms) }),
  host: location.host,
  crypto,
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  tell: (news: RecordingNews) => postMessage(news),
});

addEventListener('message', ({ data }: MessageEvent<RecordingOrder>) => desk.take(data));
