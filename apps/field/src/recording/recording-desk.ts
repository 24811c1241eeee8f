import { encodeSegment } from '@sallyport/segment-format';
import type { KeyStore } from '../identity/key-store.ts';
import type { ServerApi } from '../identity/server-api.ts';
import type { RecordingNews, RecordingOrder, RecordingStatus } from './recording-messages.ts';
import { createSegmentCipher } from './segment-cipher.ts';
import type { SegmentCipher } from './segment-cipher.ts';
import type { RecordedSegment } from './segment-recorder.ts';
import { createSegmentShelf } from './segment-shelf.ts';
import type { SegmentFiles, SegmentShelf } from './segment-shelf.ts';
import { createUpload } from './upload.ts';
import type { UploadOutcome } from './upload.ts';

type DeskNeeds = {
  readonly keyStore: Pick<KeyStore, 'read'>;
  readonly openFiles: () => Promise<SegmentFiles>;
  readonly estimate: () => Promise<{ readonly quota?: number; readonly usage?: number }>;
  readonly ask: ServerApi;
  /** `location.host`. */
  readonly host: string;
  readonly crypto: Pick<Crypto, 'getRandomValues' | 'subtle'>;
  readonly wait: (ms: number) => Promise<unknown>;
  readonly tell: (news: RecordingNews) => void;
};

/** At most this of the phone's storage, and at most half of what the browser gives us. */
const mostBytes = 2 * 1024 * 1024 * 1024;
const againMs = 15_000;
/** What it holds is sealed within seconds, and everything behind it waits. */
const busyMs = 2000;
/** Between two segments, so that the live picture keeps the line. */
const breathMs = 200;

type Opened = {
  readonly deviceId: string;
  readonly shelf: SegmentShelf;
  readonly cipher: SegmentCipher;
  readonly upload: ReturnType<typeof createUpload>;
};

/** Takes orders one after another: stores, uploads in the background, and tells after each what lies here. */
export function createRecordingDesk(needs: DeskNeeds): { take(order: RecordingOrder): void } {
  const { keyStore, tell, wait } = needs;
  let opened: Opened | undefined;
  let lost = 0;
  let problem: RecordingStatus['problem'];
  let turn: Promise<void> = Promise.resolve();
  let uploading: AbortController | undefined;

  const tellStatus = (): void => {
    const { waiting, refused, bytes } = opened?.shelf.counts() ?? { waiting: 0, refused: 0, bytes: 0 };
    const isUploading = uploading !== undefined && waiting > 0;
    tell({
      kind: 'status',
      status: { waiting, refused, bytes, lost, isUploading, ...(problem === undefined ? {} : { problem }) },
    });
  };

  async function open(deviceId: string): Promise<void> {
    const kept = await keyStore.read();
    if (kept === undefined) return;
    const { keys } = kept;
    const { quota = mostBytes } = await needs.estimate();
    const shelf = await createSegmentShelf({
      files: await needs.openFiles(),
      limitBytes: Math.min(mostBytes, Math.floor(quota / 2)),
      onLost: () => (lost += 1),
    });
    const cipher = createSegmentCipher({ key: keys.recording, crypto: needs.crypto });
    const upload = createUpload({
      ask: needs.ask,
      camera: deviceId,
      host: needs.host,
      signingKey: keys.signing.privateKey,
      subtle: needs.crypto.subtle,
    });
    opened = { deviceId, shelf, cipher, upload };
    problem = undefined;
  }

  async function store({ shelf, cipher, deviceId }: Opened, segment: RecordedSegment, keep: boolean): Promise<void> {
    if (segment.isDelivered && !keep) return;
    const { startedMs, endedMs, records } = segment;
    // Sound alone is no recording of a camera.
    if (!records.some(({ kind }) => kind === 'frame')) return;
    const name = `${startedMs}-${endedMs}`;
    const sealed = await cipher.seal(name, encodeSegment({ camera: deviceId, startedMs, endedMs, records }));
    const isStored = await shelf.put(segment.isDelivered ? 'held' : 'waiting', name, sealed);
    problem = isStored ? undefined : 'no_space';
    if (!isStored) lost += 1;
  }

  /** The oldest first, until none waits or something ends it. */
  async function uploadAll({ shelf, cipher, upload }: Opened, token: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const segment = shelf.oldestWaiting();
      if (segment === undefined) return;
      const sealed = await shelf.read(segment);
      const plain = sealed === undefined ? undefined : await cipher.open(segment.name, sealed);
      // Cut short as the phone died: nothing of it can be opened.
      if (plain === undefined) lost += 1;
      const outcome: UploadOutcome = plain === undefined ? 'kept' : await upload(plain, token, signal);
      if (outcome === 'token_refused') return tell({ kind: 'token_refused' });
      if (outcome === 'later') await wait(againMs);
      else if (outcome === 'busy') await wait(busyMs);
      else {
        await inTurn(() => shelf.move(segment, outcome === 'kept' ? 'away' : 'refused'));
        tellStatus();
        await wait(breathMs);
      }
    }
  }

  function startUpload(token: string): void {
    uploading?.abort();
    const now = opened;
    if (now === undefined) return;
    const own = new AbortController();
    uploading = own;
    uploadAll(now, token, own.signal)
      .catch(() => (problem = 'no_storage'))
      .finally(() => {
        if (uploading === own) uploading = undefined;
        tellStatus();
      });
  }

  async function erase(): Promise<void> {
    uploading?.abort();
    uploading = undefined;
    const files = opened === undefined ? await needs.openFiles() : undefined;
    await (opened === undefined ? files?.removeAll() : opened.shelf.empty());
    opened = undefined;
    lost = 0;
    tell({ kind: 'erased' });
  }

  async function carryOut(order: RecordingOrder): Promise<void> {
    switch (order.kind) {
      case 'open':
        await open(order.deviceId);
        break;
      case 'store':
        if (opened !== undefined) await store(opened, order.segment, order.keep);
        break;
      case 'upload':
        startUpload(order.token);
        break;
      case 'pause':
        uploading?.abort();
        uploading = undefined;
        break;
      case 'erase':
        await erase();
        break;
    }
  }

  /** One change of what lies here at a time. */
  async function inTurn(work: () => Promise<void>): Promise<void> {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  }

  return {
    take(order) {
      inTurn(() => carryOut(order))
        .catch(() => (problem = 'no_storage'))
        .finally(tellStatus);
    },
  };
}
