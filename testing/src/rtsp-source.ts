// A camera that speaks RTSP (RFC 2326), for tests: film by Debian's ffmpeg, handed on inside the RTSP connection.
import { spawn } from 'node:child_process';
import { createSocket, type Socket as Packets } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { createBasicGate, createDigestGate, type DigestGate, type DigestOptions } from './digest-gate.ts';
import type { TestCertificate } from './test-authority.ts';

export type RtspSource = {
  /** With the credentials, when there are any. */
  readonly url: string;
  /** What it was asked, head by head. */
  readonly requests: readonly string[];
  /** Takes every request and never answers again. */
  hang(): void;
  close(): Promise<void>;
};

export type RtspSourceOptions = {
  /** `user:password`, asked for by Basic; with `digest` by that. */
  readonly credentials?: string;
  readonly digest?: Omit<DigestOptions, 'credentials'>;
  /** Speaks `rtsps` with that certificate. */
  readonly tls?: TestCertificate;
  /** What ffmpeg is to read, as its arguments; a moving test picture unless given. */
  readonly film?: readonly string[];
  /** A tone of 440 Hz; `silent`: a track that is announced and sends nothing; `unreadable`: of a kind nobody knows. */
  readonly sound?: 'tone' | 'silent' | 'unreadable';
};

export async function startRtspSource(options: RtspSourceOptions = {}): Promise<RtspSource> {
  const film = options.film ?? ['-f', 'lavfi', '-i', 'testsrc=size=320x240:rate=10'];
  const { credentials, tls, sound } = options;
  /** Which channel each player wants each track on. */
  const players = new Map<Socket, { readonly channels: Map<string, number>; isPlaying: boolean }>();
  const connections = new Set<Socket>();
  const requests: string[] = [];
  let hangs = false;
  const portOfTrack = async (track: string): Promise<Packets> => {
    const packets = createSocket('udp4');
    packets.on('message', (packet) => {
      if (hangs) return;
      for (const [player, { channels, isPlaying }] of players) {
        const channel = channels.get(track);
        if (!isPlaying || channel === undefined) continue;
        player.write(Buffer.concat([Buffer.from([0x24, channel, packet.length >> 8, packet.length & 255]), packet]));
      }
    });
    packets.bind(0, '127.0.0.1');
    await once(packets, 'listening');
    return packets;
  };
  const tracks = [await portOfTrack('track1'), await portOfTrack('track2')];
  const target = (index: number): string => `rtp://127.0.0.1:${tracks[index]?.address().port ?? 0}`;
  const encoder = spawn(
    'ffmpeg',
    [
      ...words('-hide_banner -nostdin -loglevel error -re -stream_loop -1'),
      ...film,
      ...(sound === 'tone' ? words('-re -f lavfi -i sine=frequency=440:sample_rate=8000') : []),
      ...words('-map 0:v -c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g 5'),
      ...words('-x264-params repeat-headers=1 -f rtp -payload_type 96'),
      target(0),
      ...(sound === 'tone' ? [...words('-map 1:a -c:a pcm_mulaw -f rtp'), target(1)] : []),
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const encoderEnded = once(encoder, 'close');
  const attend = (connection: Socket): void => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.on('close', () => {
      connections.delete(connection);
      players.delete(connection);
    });
    let text = '';
    connection.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      for (;;) {
        // Reports on what was received stand between the requests.
        const isReport = text.startsWith('$') && text.length >= 4;
        const end = isReport
          ? 4 + Buffer.from(text.slice(2, 4), 'latin1').readUInt16BE()
          : text.indexOf('\r\n\r\n') + 4;
        if (end < 4 || text.length < end || (!isReport && text.startsWith('$'))) return;
        const request = text.slice(0, end - 4);
        text = text.slice(end);
        if (isReport) continue;
        requests.push(request);
        if (!hangs) answer(connection, request);
      }
    });
  };
  const server: Server = tls === undefined ? createServer(attend) : createTlsServer(tls, attend);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const origin = `${tls === undefined ? 'rtsp' : 'rtsps'}://127.0.0.1:${port}`;
  const gate: DigestGate | undefined =
    credentials === undefined
      ? undefined
      : options.digest === undefined
        ? createBasicGate(credentials)
        : createDigestGate({ ...options.digest, credentials });

  function answer(connection: Socket, request: string): void {
    const [method = '', uri = ''] = request.split(' ', 2);
    const header = (name: string): string | undefined =>
      new RegExp(`^${name}: *(.*)$`, 'im').exec(request)?.[1]?.trim();
    const say = (status: string, headers: readonly string[], body = ''): void => {
      const lines = [`RTSP/1.0 ${status}`, `CSeq: ${header('CSeq') ?? '0'}`, ...headers];
      if (body !== '') lines.push('Content-Type: application/sdp', `Content-Length: ${body.length}`);
      connection.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
    };
    const challenge =
      method === 'OPTIONS' ? undefined : gate?.challenge({ method, uri, authorization: header('Authorization') });
    if (challenge !== undefined) return say('401 Unauthorized', [`WWW-Authenticate: ${challenge}`]);
    const player = players.get(connection) ?? { channels: new Map<string, number>(), isPlaying: false };
    players.set(connection, player);
    const transport = header('Transport');
    switch (method) {
      case 'DESCRIBE':
        return say(
          '200 OK',
          [`Content-Base: ${origin}/h264/`],
          [...video, ...(audio[sound ?? 'none'] ?? []), ''].join('\r\n'),
        );
      case 'SETUP':
        player.channels.set(uri.split('/').at(-1) ?? '', Number(/interleaved=(\d+)/.exec(transport ?? '')?.[1] ?? 0));
        return say('200 OK', [`Transport: ${transport ?? ''}`, 'Session: s1;timeout=60']);
      case 'PLAY':
        player.isPlaying = true;
        return say('200 OK', ['Session: s1', `RTP-Info: url=${origin}/h264/track1;seq=1`]);
      default:
        return say('200 OK', ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN']);
    }
  }

  return {
    url: `${origin.replace('//', `//${credentials === undefined ? '' : `${credentials}@`}`)}/h264`,
    requests,
    hang: () => (hangs = true),
    async close() {
      encoder.kill('SIGKILL');
      for (const connection of connections) connection.destroy();
      server.close();
      for (const packets of tracks) packets.close();
      await encoderEnded;
    },
  };
}

function words(text: string): readonly string[] {
  return text.split(' ');
}

const video = [
  'v=0',
  'o=- 0 0 IN IP4 127.0.0.1',
  's=camera',
  'c=IN IP4 0.0.0.0',
  't=0 0',
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  'a=fmtp:96 packetization-mode=1',
  'a=control:track1',
];

const audio: Readonly<Record<string, readonly string[]>> = {
  tone: ['m=audio 0 RTP/AVP 0', 'a=control:track2'],
  silent: ['m=audio 0 RTP/AVP 0', 'a=control:track2'],
  unreadable: ['m=audio 0 RTP/AVP 99', 'a=rtpmap:99 X-NOBODY/8000', 'a=control:track2'],
};
