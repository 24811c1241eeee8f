import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import type { Clock } from '@sallyport/platform/clock';
import { CameraWatchError } from '../errors.ts';
import { credentialsIn, withoutCredentials } from './camera-address.ts';
import { createCameraAuthentication, type CameraMemory } from './camera-authentication.ts';
import type { ConnectCamera } from './camera-connection.ts';
import { createRtspCamera, one, type CameraRequest, type RtspCamera } from './rtsp-camera.ts';
import { isAddress, readDescription, type RtspDescription } from './rtsp-description.ts';
import type { RtspResponse } from './rtsp-message.ts';
import { servePlayer } from './rtsp-player.ts';

/**
 * Stands between ffmpeg and one camera, for one attempt. To the camera it is the client: it connects to the address that
 * was checked, knows the password, refuses to be sent elsewhere. To ffmpeg it is a server on this machine, on a port that
 * is open for one connection, under a path nobody else knows; nothing of the camera's goes on to it but the encoding of its
 * tracks and their packets: no address, no header, no password. The player's end is `servePlayer`.
 */
export type RtspRelay = {
  /** Where ffmpeg finds it. */
  readonly url: string;
  /** Whether there is a sound track among what is handed on. */
  readonly hasSound: boolean;
  /** Why the camera's end is over; never resolves before. */
  readonly ended: Promise<CameraWatchError>;
  close(): void;
};

export type RelayNeeds = {
  readonly connect: ConnectCamera;
  readonly clock: Clock;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random: (length: number) => Uint8Array;
  /** How long a camera may send nothing at all, ten seconds when left out. */
  readonly silenceMs?: number | undefined;
};

/** Rejects as `ConnectCamera`, with `camera_redirects`, `camera_credentials_refused` or `camera_input_failed`. */
export async function openRtspRelay(
  needs: RelayNeeds,
  request: {
    readonly url: URL;
    readonly fingerprint: string | undefined;
    readonly memory: CameraMemory;
    readonly withSound: boolean;
    readonly signal: AbortSignal;
  },
): Promise<RtspRelay> {
  const { url, signal } = request;
  const socket = await needs.connect(request);
  let player: ReturnType<typeof servePlayer> | undefined;
  let door: Door | undefined;
  let tellEnd = (_error: CameraWatchError): void => undefined;
  const ended = new Promise<CameraWatchError>((resolve) => (tellEnd = resolve));
  const stopped = (): void => camera.close();
  const camera = createRtspCamera({
    ...needs,
    socket,
    authentication: createCameraAuthentication({
      credentials: credentialsIn(url),
      random: needs.random,
      memory: request.memory,
    }),
    silenceMs: needs.silenceMs ?? 10_000,
    onFrame: (frame) => player?.frame(frame),
    onEnd(error) {
      signal.removeEventListener('abort', stopped);
      tellEnd(error);
      player?.close();
      door?.shut();
    },
  });
  signal.addEventListener('abort', stopped, { once: true });
  // It may have been called off since the connection stood: then nobody is told again.
  if (signal.aborted) stopped();
  try {
    const uri = withoutCredentials(url).href;
    const can = methodsOf(await asked({ camera, ended }, { method: 'OPTIONS', uri }));
    const described = await describe({ camera, ended }, { uri, withSound: request.withSound });
    const path = Buffer.from(needs.random(24)).toString('base64url');
    const opened = await openDoor(camera);
    door = opened;
    const base = `rtsp://127.0.0.1:${opened.port}/${path}`;
    player = servePlayer({
      camera,
      base,
      description: described,
      keepAlive: can.has('GET_PARAMETER') ? 'GET_PARAMETER' : 'OPTIONS',
      optionsUri: uri,
    });
    opened.letOneIn(player);
    signal.throwIfAborted();
    // A camera that answers and ends in one breath was over before there was a door to shut.
    const over = camera.whyOver();
    if (over !== undefined) throw over;
    return { url: base, hasSound: described.audio !== undefined, ended, close: () => camera.close() };
  } catch (error) {
    camera.close();
    door?.shut();
    throw error;
  }
}

type Asking = { readonly camera: RtspCamera; readonly ended: Promise<CameraWatchError> };

async function describe(
  asking: Asking,
  { uri, withSound }: { readonly uri: string; readonly withSound: boolean },
): Promise<RtspDescription> {
  const response = await asked(asking, { method: 'DESCRIBE', uri, headers: { Accept: 'application/sdp' } });
  if (response.status === 404) throw new CameraWatchError('camera_input_failed', 'the camera has no such stream');
  if (response.status !== 200)
    throw new CameraWatchError('camera_input_failed', `the camera answered ${response.status}`);
  const { headers } = response;
  const named = one(headers, 'content-base') ?? one(headers, 'content-location') ?? uri;
  const description = readDescription(
    Buffer.from(response.body).toString('latin1'),
    isAddress(named) && !named.includes('@') ? named : uri,
  );
  return withSound ? description : { ...description, audio: undefined };
}

function asked({ camera, ended }: Asking, request: CameraRequest): Promise<RtspResponse> {
  return new Promise((resolve, reject) => {
    camera.ask(request, resolve);
    void ended.then(reject);
  });
}

function methodsOf({ headers }: RtspResponse): ReadonlySet<string> {
  return new Set((headers.get('public') ?? []).flatMap((value) => value.split(/[\s,]+/)));
}

type Door = {
  readonly port: number;
  /** The first that knows the path is served, the door is shut behind it; whoever else comes meanwhile is sent away. */
  letOneIn(player: ReturnType<typeof servePlayer>): void;
  /** Nobody comes in any more, and those who came and said nothing go. */
  shut(): void;
};

async function openDoor(camera: RtspCamera): Promise<Door> {
  const server = createServer({ noDelay: true });
  server.maxConnections = 4;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Without file descriptors left, nobody comes in.
  server.on('error', () => camera.close());
  const waiting = new Set<Socket>();
  const shut = (): void => {
    server.close();
    for (const socket of waiting) socket.destroy();
  };
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    letOneIn: (player) =>
      void server.on('connection', (socket) => {
        waiting.add(socket);
        socket.on('close', () => waiting.delete(socket)).on('error', () => undefined);
        player.offer(socket, () => {
          waiting.delete(socket);
          shut();
        });
      }),
    shut,
  };
}
