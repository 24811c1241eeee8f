// Both ends of a relay, for tests: a camera that answers as told, and a player as ffmpeg would be.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTo, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { systemClock } from '@sallyport/platform/clock';
import { createCameraMemory } from './camera-authentication.ts';
import { createCameraConnections } from './camera-connection.ts';
import { createRtspReader, writeMessage, type RtspHeaders, type RtspItem } from './rtsp-message.ts';
import { openRtspRelay, type RelayNeeds, type RtspRelay } from './rtsp-relay.ts';

export type Cleanup = { after(task: () => unknown): void };
export type Ask = {
  readonly method: string;
  readonly uri: string;
  readonly head: string;
  readonly headers: RtspHeaders;
  readonly socket: Socket;
};
export type Answer = {
  readonly status?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

const connect = createCameraConnections({ allowLoopback: true });
export const relayNeeds = {
  connect,
  random: randomBytes,
  clock: systemClock,
  async delay(ms: number, signal: AbortSignal): Promise<void> {
    await setTimeout(ms, undefined, { signal }).catch(() => undefined);
  },
};
export const description = [
  'v=0',
  'a=control:*',
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  'a=control:track1',
  '',
].join('\r\n');
const usual: Readonly<Record<string, Answer>> = {
  OPTIONS: { headers: { Public: 'OPTIONS, DESCRIBE' } },
  DESCRIBE: { headers: { 'Content-Base': 'rtsp://10.1.2.3/secret-path/' }, body: description },
  SETUP: { headers: { Session: 'camera-session;timeout=30', Transport: 'RTP/AVP/TCP;unicast;interleaved=4-5' } },
};

/** A camera that answers as told, and as usual where it is not; `undefined` for nothing at all. */
export async function startCamera(
  context: Cleanup,
  respond: (ask: Ask) => Answer | 'nothing' | undefined = () => undefined,
) {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    const reader = createRtspReader();
    socket.on('data', (bytes) => {
      for (const item of reader.push(bytes)) {
        if (item.kind !== 'request') continue;
        const { method, uri, headers } = item;
        const head = `${method} ${uri} ${JSON.stringify([...headers])}`;
        asked.push(head);
        const answer = respond({ method, uri, head, headers, socket }) ?? usual[method] ?? {};
        if (answer === 'nothing') continue;
        const { status = '200 OK', headers: more = {}, body = '' } = answer;
        socket.write(writeMessage(`RTSP/1.0 ${status}`, { CSeq: headers.get('cseq')?.[0], ...more }, body));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: new URL(`rtsp://admin:hunter2@127.0.0.1:${port}/live?a=1`), port, asked, sockets };
}

export function relayRequest(url: URL, signal: AbortSignal) {
  return { url, fingerprint: undefined, memory: createCameraMemory(), withSound: false, signal };
}

export async function openRelay(context: Cleanup, url: URL, more: Partial<RelayNeeds> = {}): Promise<RtspRelay> {
  const { signal } = new AbortController();
  const relay = await openRtspRelay({ ...relayNeeds, ...more }, relayRequest(url, signal));
  context.after(() => relay.close());
  return relay;
}

/** What ffmpeg would be. */
export async function startPlayer(context: Cleanup, relay: RtspRelay) {
  const socket = connectTo(Number(new URL(relay.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  context.after(() => socket.destroy());
  const reader = createRtspReader();
  const items: RtspItem[] = [];
  let told = (): void => undefined;
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.on('data', (bytes) => {
    items.push(...reader.push(bytes));
    told();
  });
  const next = async (): Promise<RtspItem> => {
    while (items.length === 0) await new Promise<void>((resolve) => (told = resolve));
    const item = items.shift();
    assert.ok(item !== undefined);
    return item;
  };
  return {
    socket,
    closed,
    next,
    async ask(method: string, uri: string, headers: Readonly<Record<string, string>> = {}) {
      socket.write(writeMessage(`${method} ${uri} RTSP/1.0`, { CSeq: '7', ...headers }));
      const answer = await next();
      assert.ok(answer.kind === 'response');
      const lines = [...answer.headers].map(([name, values]) => `${name}: ${values.join()}`);
      return { status: answer.status, text: `${lines.join('\n')}\n${Buffer.from(answer.body).toString()}` };
    },
  };
}

export const interleaved = { Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1' };
