import type { Socket } from 'node:net';
import type { Clock } from '@sallyport/platform/clock';
import { createTokenBucket } from '@sallyport/platform/token-bucket';
import { CameraWatchError } from '../errors.ts';
import { bytesPerItem, cameraByteRate } from '../frames/paced-bytes.ts';
import { credentialsRefused, type CameraAuthentication } from './camera-authentication.ts';
import { createRtspReader, writeMessage, type RtspHeaders, type RtspItem, type RtspResponse } from './rtsp-message.ts';

export type CameraRequest = {
  readonly method: string;
  readonly uri: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** The camera's end of a relay: requests are asked in its own numbering, with its own authentication. */
export type RtspCamera = {
  /**
   * `answered` is called, in the order of what the camera sends, with whatever it answers in the end, but for redirects and
   * refused credentials: these end it all.
   */
  ask(request: CameraRequest, answered: (response: RtspResponse) => void): void;
  /** A frame as it is. What the camera does not read is dropped: it is reports on reception. */
  sendFrame(bytes: Uint8Array): void;
  /** Whether the player takes more; what is not read is held up at the camera. */
  flow(isOpen: boolean): void;
  /** Ends everything, for that reason. */
  fail(error: CameraWatchError): void;
  /** Undefined until it is. */
  whyOver(): CameraWatchError | undefined;
  close(): void;
};

const maxUnderWay = 8;
const maxUnsentBytes = 65_536;

type UnderWay = { readonly request: CameraRequest; readonly answered: (response: RtspResponse) => void };

/**
 * `onEnd` is called once, also when it is closed; nothing else after it. What comes is read no faster than a camera may
 * send: the packets pass through this process.
 */
export function createRtspCamera(needs: {
  readonly socket: Socket;
  readonly authentication: CameraAuthentication;
  readonly onFrame: (frame: { readonly channel: number; readonly bytes: Uint8Array }) => void;
  readonly onEnd: (error: CameraWatchError) => void;
  /** How long it may send nothing. */
  readonly silenceMs: number;
  readonly clock: Clock;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
}): RtspCamera {
  const { socket, authentication, clock } = needs;
  const reader = createRtspReader();
  const underWay = new Map<number, UnderWay>();
  let sequence = 0;
  let whyOver: CameraWatchError | undefined;
  const over = new AbortController();
  const bucket = createTokenBucket(cameraByteRate, clock.monotonicMs());
  const holds = new Set<'player' | 'pace'>();

  const hold = (why: 'player' | 'pace'): void => {
    holds.add(why);
    socket.pause();
  };
  const release = (why: 'player' | 'pace'): void => {
    holds.delete(why);
    if (holds.size === 0) socket.resume();
  };

  const end = (error: CameraWatchError): void => {
    if (whyOver !== undefined) return;
    whyOver = error;
    over.abort();
    underWay.clear();
    socket.destroy();
    needs.onEnd(error);
  };
  const fail = (why: string): void => end(new CameraWatchError('camera_input_failed', why));

  function send(entry: UnderWay): void {
    sequence += 1;
    const { method, uri, headers } = entry.request;
    underWay.set(sequence, entry);
    socket.write(
      writeMessage(`${method} ${uri} RTSP/1.0`, {
        CSeq: String(sequence),
        'User-Agent': 'Sallyport',
        Authorization: authentication.authorization({ method, uri }),
        ...headers,
      }),
    );
  }

  function hear(response: RtspResponse): void {
    const numbered = one(response.headers, 'cseq');
    // There are cameras that leave it out; they answer in order.
    const number = numbered === undefined ? underWay.keys().next().value : Number(numbered);
    const entry = number === undefined ? undefined : underWay.get(number);
    if (entry === undefined || number === undefined) return;
    if (response.status < 200) return;
    underWay.delete(number);
    if (response.status === 401) {
      const refusal = authentication.refused(response.headers.get('www-authenticate') ?? []);
      return refusal === undefined ? send(entry) : end(refusal);
    }
    if (response.status === 403) return end(credentialsRefused());
    if (response.status >= 300 && response.status < 400) return end(redirected());
    authentication.accepted();
    entry.answered(response);
  }

  function take(item: RtspItem): void {
    switch (item.kind) {
      case 'frame':
        needs.onFrame(item);
        return;
      case 'response':
        hear(item);
        return;
      case 'request':
        if (item.method === 'REDIRECT') return end(redirected());
        // It asks whether we are there, or tells of what we do not follow.
        if (socket.writableLength <= maxUnsentBytes)
          socket.write(
            writeMessage(item.method === 'OPTIONS' ? 'RTSP/1.0 200 OK' : 'RTSP/1.0 501 Not Implemented', {
              CSeq: one(item.headers, 'cseq') ?? '0',
            }),
          );
    }
  }

  socket.on('data', (bytes: Buffer) => {
    try {
      const items = reader.push(bytes);
      bucket.spend(clock.monotonicMs(), bytes.length + items.length * bytesPerItem);
      for (const item of items) if (whyOver === undefined) take(item);
    } catch (error) {
      return end(
        error instanceof CameraWatchError
          ? error
          : new CameraWatchError('camera_input_failed', 'failed', { cause: error }),
      );
    }
    const waitMs = bucket.waitMs(clock.monotonicMs(), 0);
    if (waitMs === 0 || whyOver !== undefined) return;
    hold('pace');
    void needs.delay(waitMs, over.signal).then(() => release('pace'));
  });
  socket.on('error', () => fail('the connection to the camera broke'));
  socket.on('close', () => fail('the camera ended the stream'));
  socket.setTimeout(needs.silenceMs, () => fail('the camera does not answer'));

  return {
    ask(request, answered) {
      if (whyOver !== undefined) return;
      if (underWay.size >= maxUnderWay) fail('the camera does not answer');
      else send({ request, answered });
    },
    sendFrame(bytes) {
      if (whyOver === undefined && socket.writableLength <= maxUnsentBytes) socket.write(bytes);
    },
    flow(isOpen) {
      if (isOpen) release('player');
      else hold('player');
    },
    fail: end,
    whyOver: () => whyOver,
    close: () => fail('closed'),
  };
}

/** The value of a header that is there once; the first of several. */
export function one(headers: RtspHeaders, name: string): string | undefined {
  return headers.get(name)?.[0];
}

function redirected(): CameraWatchError {
  return new CameraWatchError(
    'camera_redirects',
    'the camera sends us to another address; add it under that one, if it is yours',
  );
}
