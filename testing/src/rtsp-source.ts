// A camera that speaks RTSP (RFC 2326), for tests: pictures by Debian's ffmpeg, handed on inside the RTSP connection.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

export type RtspSource = {
  /** With the credentials, when there are any. */
  readonly url: string;
  /** Takes every request and never answers again. */
  hang(): void;
  close(): Promise<void>;
};

/** `film` is what ffmpeg is to read, as its arguments; a moving test picture unless given. */
export async function startRtspSource(
  options: { readonly credentials?: string; readonly film?: readonly string[] } = {},
): Promise<RtspSource> {
  const film = options.film ?? ['-f', 'lavfi', '-i', 'testsrc=size=320x240:rate=10'];
  const packets = createSocket('udp4');
  packets.bind(0, '127.0.0.1');
  await once(packets, 'listening');
  const players = new Set<Socket>();
  const connections = new Set<Socket>();
  let hangs = false;
  packets.on('message', (packet) => {
    if (hangs) return;
    const head = Buffer.from([0x24, 0, packet.length >> 8, packet.length & 255]);
    for (const player of players) player.write(Buffer.concat([head, packet]));
  });
  const encoder = spawn(
    'ffmpeg',
    [
      ...words('-hide_banner -nostdin -loglevel error -re -stream_loop -1'),
      ...film,
      ...words('-an -c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g 5'),
      ...words('-x264-params repeat-headers=1 -f rtp -payload_type 96'),
      `rtp://127.0.0.1:${packets.address().port}`,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const encoderEnded = once(encoder, 'close');
  const server = createServer((connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.on('close', () => {
      connections.delete(connection);
      players.delete(connection);
    });
    let text = '';
    connection.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      for (let end = text.indexOf('\r\n\r\n'); end >= 0 && !hangs; end = text.indexOf('\r\n\r\n')) {
        answer(connection, text.slice(0, end));
        text = text.slice(end + 4);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const expected =
    options.credentials === undefined ? '' : `Basic ${Buffer.from(options.credentials).toString('base64')}`;

  function answer(connection: Socket, request: string): void {
    const [method = ''] = request.split(' ', 1);
    const sequence = /^CSeq: *(\d+)/im.exec(request)?.[1] ?? '0';
    const say = (status: string, headers: readonly string[], body = ''): void => {
      const lines = [`RTSP/1.0 ${status}`, `CSeq: ${sequence}`, ...headers];
      if (body !== '') lines.push('Content-Type: application/sdp', `Content-Length: ${body.length}`);
      connection.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
    };
    if (expected !== '' && method !== 'OPTIONS' && !request.includes(`Authorization: ${expected}`)) {
      say('401 Unauthorized', ['WWW-Authenticate: Basic realm="camera"']);
      return;
    }
    if (method === 'DESCRIBE') say('200 OK', [`Content-Base: rtsp://127.0.0.1:${port}/h264/`], description);
    else if (method === 'SETUP') say('200 OK', ['Transport: RTP/AVP/TCP;unicast;interleaved=0-1', 'Session: 1']);
    else say('200 OK', method === 'OPTIONS' ? ['Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN'] : ['Session: 1']);
    if (method === 'PLAY') players.add(connection);
  }

  return {
    url: `rtsp://${options.credentials === undefined ? '' : `${options.credentials}@`}127.0.0.1:${port}/h264`,
    hang: () => (hangs = true),
    async close() {
      encoder.kill('SIGKILL');
      for (const connection of connections) connection.destroy();
      server.close();
      packets.close();
      await encoderEnded;
    },
  };
}

function words(text: string): readonly string[] {
  return text.split(' ');
}

const description = [
  'v=0',
  'o=- 0 0 IN IP4 127.0.0.1',
  's=camera',
  'c=IN IP4 0.0.0.0',
  't=0 0',
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  'a=fmtp:96 packetization-mode=1',
  'a=control:track1',
  '',
].join('\r\n');
