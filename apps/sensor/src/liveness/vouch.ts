import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import { messageOf } from '@sallyport/platform/errors';
import type { Log } from '@sallyport/platform/log';
import { createTokenBucket } from '@sallyport/platform/token-bucket';
import { lstatSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { saidBy } from '../record.ts';
import type { Identity } from './identity.ts';

const maxRequestBytes = 512;
const maxConnections = 16;
const answerWithinMs = 2000;
const perSecond = 10;
/** 32 bytes in base64url, as the server makes them. */
const nonceShape = /^[A-Za-z0-9_-]{43}$/;
/** A host and a port, as an address bar shows them. */
const serverShape = /^[\w.:[\]-]{1,270}$/;

type Asked = { readonly nonce: string; readonly server: string };

/**
 * Says to whoever asks on this machine that they are on it: a line `{"nonce":…,"server":…}` on a Unix socket is answered with both signed by
 * the key of this sensor, as `sensor.vouched`: for that server alone, whoever handed its nonce on. Nothing else can be had signed, and a signed nonce is no record that the server would take
 * for one. Every user of the machine may ask; who asks is not known, so it says nothing about them.
 */
export function startVouching(needs: {
  readonly socketPath: string;
  readonly identity: Identity;
  readonly host: string;
  readonly clock: Clock;
  readonly log: Log;
}): { close(): void } {
  const { socketPath, log } = needs;
  const allowance = createTokenBucket({ perSecond, burst: perSecond * 2 }, needs.clock.monotonicMs());

  /** The oldest first. */
  const held = new Set<Socket>();

  const answer = (socket: Socket): void => {
    let text = '';
    hold(socket);
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (piece: string) => {
      text += piece;
      if (text.length > maxRequestBytes) return void socket.destroy();
      const end = text.indexOf('\n');
      if (end === -1) return undefined;
      const asked = askedIn(text.slice(0, end));
      socket.removeAllListeners('data');
      if (asked === undefined || !allowance.take(needs.clock.monotonicMs(), 1)) return void socket.destroy();
      return void socket.end(`${JSON.stringify(vouched(needs, asked))}\n`);
    });
  };

  /** For so long, whatever it sends meanwhile; who comes is never turned away for those who only hold on. */
  const hold = (socket: Socket): void => {
    const [oldest] = held;
    if (held.size >= maxConnections && oldest !== undefined) {
      held.delete(oldest);
      oldest.destroy();
    }
    held.add(socket);
    const over = setTimeout(() => socket.destroy(), answerWithinMs).unref();
    socket.on('close', () => {
      clearTimeout(over);
      held.delete(socket);
    });
  };

  const server = createServer(answer);
  server.on('error', (error) =>
    log.warn('nobody on this machine can ask who it is', { socket: socketPath, error: messageOf(error) }),
  );
  removeLeftSocket(socketPath);
  // Everybody on the machine may ask, whatever the umask of the service.
  server.listen({ path: socketPath, readableAll: true, writableAll: true });
  return {
    close: () => {
      server.close();
      for (const socket of held) socket.destroy();
    },
  };
}

function vouched(
  { identity, host, clock }: { readonly identity: Identity; readonly host: string; readonly clock: Clock },
  { nonce, server }: Asked,
): JsonObject {
  return saidBy(
    identity.signed(
      {
        kind: 'sensor',
        collector: 'sensor',
        lossy: false,
        timeMs: clock.nowMs(),
        event: 'sensor.vouched',
        fields: { nonce, server },
      },
      host,
    ),
    host,
  );
}

/** Without the server it is for nothing is signed: another could use it. */
function askedIn(line: string): Asked | undefined {
  let asked: JsonValue;
  try {
    asked = parseJson(line);
  } catch {
    return undefined;
  }
  if (!isJsonObject(asked)) return undefined;
  const { nonce, server } = asked;
  if (typeof nonce !== 'string' || !nonceShape.test(nonce)) return undefined;
  return typeof server === 'string' && serverShape.test(server) ? { nonce, server } : undefined;
}

/** Of a sensor that was killed. Anything but a socket stays where it is, and listening fails. */
function removeLeftSocket(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path);
}
