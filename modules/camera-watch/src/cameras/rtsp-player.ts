import type { Socket } from 'node:net';
import { CameraWatchError } from '../errors.ts';
import { one, type RtspCamera } from './rtsp-camera.ts';
import { writeDescription, type RtspDescription, type RtspTrack } from './rtsp-description.ts';
import {
  createRtspReader,
  writeMessage,
  type RtspFrame,
  type RtspItem,
  type RtspRequest,
  type RtspResponse,
} from './rtsp-message.ts';

/** The player's end of a relay. */
export type PlayerEnd = {
  /** `onAccepted` is called when it asks for the right path first of all; any other is hung up on. */
  offer(socket: Socket, onAccepted: () => void): void;
  /** Of the camera; those of tracks that were set up go on. */
  frame(frame: Omit<RtspFrame, 'kind'>): void;
  close(): void;
};

const knockWithinMs = 5000;
const words: Readonly<Record<number, string>> = { 200: 'OK', 404: 'Not Found', 501: 'Not Implemented' };

/**
 * Speaks RTSP with ffmpeg in our own words: what it asks is asked anew at the camera under the camera's own addresses and
 * session, and of the answers their status, the channels and the time-out go back.
 */
export function servePlayer(needs: {
  readonly camera: RtspCamera;
  /** With the path that must be known. */
  readonly base: string;
  readonly description: RtspDescription;
  readonly keepAlive: 'GET_PARAMETER' | 'OPTIONS';
  readonly optionsUri: string;
}): PlayerEnd {
  const { camera, base, description } = needs;
  const { video, audio } = description;
  const tracks = new Map<string, RtspTrack>([[`${base}/video`, video], ...pair(`${base}/audio`, audio)]);
  const channels = new Set<number>();
  let player: Socket | undefined;
  let session: string | undefined;

  const write = (bytes: Uint8Array): void => {
    const to = player;
    if (to === undefined || to.destroyed) return;
    // Packets that came at once go on at once.
    if (to.writableCorked === 0) {
      to.cork();
      process.nextTick(() => to.uncork());
    }
    // Whoever is slow slows the camera, and nothing is kept here.
    if (!to.write(bytes)) camera.flow(false);
  };
  const answer = (
    request: RtspRequest,
    { status, headers = {}, body = '' }: { status: number; headers?: Readonly<Record<string, string>>; body?: string },
  ): void => {
    const sequence = /^\d{1,9}$/.exec(one(request.headers, 'cseq') ?? '')?.[0];
    write(writeMessage(`RTSP/1.0 ${status} ${words[status] ?? 'Refused'}`, { CSeq: sequence, ...headers }, body));
  };
  const pass = (request: RtspRequest, asking: { readonly method: string; readonly uri: string }): void =>
    camera.ask({ ...asking, headers: session === undefined ? {} : { Session: session } }, ({ status }) => {
      if (asking.method === 'PLAY' && status !== 200) camera.fail(failed(`the camera does not play: ${status}`));
      else answer(request, { status, headers: { Session: '1' } });
    });

  function setUp(request: RtspRequest, track: RtspTrack): void {
    const wanted = interleaved(one(request.headers, 'transport'));
    if (wanted === undefined) return answer(request, { status: 501 });
    const transport = `RTP/AVP/TCP;unicast;interleaved=${wanted.join('-')}`;
    const headers = { Transport: transport, ...(session === undefined ? {} : { Session: session }) };
    camera.ask({ method: 'SETUP', uri: track.control, headers }, (response) => {
      if (response.status !== 200) return camera.fail(failed(`the camera refused a track: ${response.status}`));
      const given = interleaved(one(response.headers, 'transport'));
      if (given === undefined) return camera.fail(failed('the camera does not send over the connection (TCP)'));
      const kept = sessionOf(response);
      if (kept === undefined) return camera.fail(failed('the camera opened no session'));
      session = kept.id;
      for (const channel of given) channels.add(channel);
      answer(request, {
        status: 200,
        headers: {
          Session: `1${kept.timeout === undefined ? '' : `;timeout=${kept.timeout}`}`,
          Transport: `RTP/AVP/TCP;unicast;interleaved=${given.join('-')}`,
        },
      });
    });
  }

  function hear(request: RtspRequest): void {
    const track = tracks.get(request.uri);
    switch (request.method) {
      case 'OPTIONS':
        // The first is to learn what there is, later ones keep the session alive.
        if (session !== undefined) pass(request, { method: 'OPTIONS', uri: needs.optionsUri });
        else
          answer(request, {
            status: 200,
            headers: { Public: 'OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN' },
          });
        return;
      case 'DESCRIBE': {
        const body = writeDescription([...tracks].map(([control, { lines }]) => ({ control, lines })));
        const headers = { 'Content-Type': 'application/sdp', 'Content-Base': `${base}/` };
        return answer(request, { status: 200, headers, body });
      }
      case 'SETUP':
        return track === undefined ? answer(request, { status: 404 }) : setUp(request, track);
      case 'GET_PARAMETER':
        return pass(request, {
          method: needs.keepAlive,
          uri: needs.keepAlive === 'OPTIONS' ? needs.optionsUri : description.control,
        });
      case 'PLAY':
      case 'TEARDOWN':
        return pass(request, { method: request.method, uri: description.control });
      default:
        return answer(request, { status: 501 });
    }
  }

  function take(item: RtspItem): void {
    if (item.kind === 'request') hear(item);
    else if (item.kind === 'frame' && channels.has(item.channel)) camera.sendFrame(item.bytes);
  }

  return {
    offer(socket, onAccepted) {
      const reader = createRtspReader();
      socket.setTimeout(knockWithinMs, () => socket.destroy());
      socket.on('data', (bytes) => {
        try {
          for (const item of reader.push(bytes)) {
            if (player !== socket) {
              const isKnown = item.kind === 'request' && (item.uri === base || item.uri.startsWith(`${base}/`));
              if (player !== undefined || !isKnown) return void socket.destroy();
              player = socket;
              socket.setTimeout(0).on('drain', () => camera.flow(true));
              socket.on('close', () => camera.fail(failed('the camera sent nothing readable')));
              onAccepted();
            }
            take(item);
          }
        } catch {
          socket.destroy();
        }
      });
    },
    frame({ channel, bytes }) {
      if (channels.has(channel)) write(bytes);
    },
    close: () => player?.destroy(),
  };
}

function pair(name: string, track: RtspTrack | undefined): [string, RtspTrack][] {
  return track === undefined ? [] : [[name, track]];
}

/** The two channels of `Transport` (RFC 2326 section 12.39). */
function interleaved(transport: string | undefined): readonly [number, number] | undefined {
  const [, first, last] =
    /(?:^|;)[ \t]*interleaved=(\d{1,3})(?:-(\d{1,3}))?[ \t]*(?:;|,|$)/i.exec(transport ?? '') ?? [];
  if (first === undefined) return undefined;
  const range = [Number(first), Number(last ?? Number(first) + 1)] as const;
  return range.every((channel) => channel <= 255) ? range : undefined;
}

function sessionOf({
  headers,
}: RtspResponse): { readonly id: string; readonly timeout: string | undefined } | undefined {
  const [, id, timeout] =
    /^([\u0021-\u003a\u003c-\u007e]{1,256})(?:[ \t]*;[ \t]*timeout[ \t]*=[ \t]*(\d{1,6}))?/i.exec(
      one(headers, 'session') ?? '',
    ) ?? [];
  return id === undefined ? undefined : { id, timeout };
}

function failed(why: string): CameraWatchError {
  return new CameraWatchError('camera_input_failed', why);
}
