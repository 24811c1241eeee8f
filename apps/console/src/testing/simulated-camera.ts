import type { DeviceUnderTest } from '@sallyport/testing/device-under-test';
import { openWebSocket } from '@sallyport/testing/web-socket';

export type SimulatedCamera = {
  /** What it was told to do, as JSON. */
  readonly commands: readonly unknown[];
  /** Stays connected and sends no picture, until it is told otherwise. */
  freeze(isFrozen: boolean): void;
  /** Sends these from now on, over and over. */
  show(pictures: readonly Uint8Array[]): void;
  /** Resolves when so many more pictures have arrived. */
  sent(count: number): Promise<void>;
  stop(): Promise<void>;
};

const inFlight = 2;

/** A phone that sends pictures over and over, as apps/field does, and confirms every command. */
export async function startSimulatedCamera(given: {
  /** `http://127.0.0.1:4711` */
  readonly origin: string;
  readonly device: DeviceUnderTest;
  readonly pictures: readonly Uint8Array[];
  readonly everyMs: number;
}): Promise<SimulatedCamera> {
  const socket = await openWebSocket({
    url: `${given.origin.replace(/^http/, 'ws')}/v1/cameras/send`,
    protocols: ['sallyport-camera.1', `bearer.${await given.device.token()}`],
  });
  const commands: unknown[] = [];
  let { pictures } = given;
  let sequence = 0;
  let underWay = 0;
  let taken = 0;
  const awaited = new Map<() => void, number>();
  let isFrozen = false;
  socket.send(JSON.stringify({ type: 'hello', width: 640, height: 360, audio: false }));
  socket.send(JSON.stringify({ type: 'clock', t0: Date.now() }));
  const timer = setInterval(() => {
    const picture = pictures[sequence % Math.max(1, pictures.length)];
    if (picture === undefined || isFrozen || underWay >= inFlight) return;
    sequence += 1;
    underWay += 1;
    const header = Buffer.from(JSON.stringify({ kind: 'frame', sequence, captured_ms: Date.now() }));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(header.length);
    socket.send(Buffer.concat([length, header, picture]));
  }, given.everyMs);
  const listen = async (): Promise<void> => {
    for (;;) {
      const message = await socket.next();
      if (typeof message !== 'string') continue;
      const told: unknown = JSON.parse(message);
      if (typeof told !== 'object' || told === null || !('type' in told)) continue;
      if (told.type === 'taken') {
        underWay -= 1;
        taken += 1;
        for (const [resolve, at] of awaited) if (taken >= at) resolve();
      }
      if (told.type === 'command' && 'id' in told) {
        commands.push(told);
        socket.send(JSON.stringify({ type: 'receipt', command_id: told.id, ok: true }));
      }
    }
  };
  // Ends with the socket.
  listen().catch(() => undefined);
  return {
    commands,
    freeze(next) {
      isFrozen = next;
    },
    show(next) {
      pictures = next;
    },
    sent: (count) => new Promise((resolve) => awaited.set(resolve, taken + count)),
    async stop() {
      clearInterval(timer);
      await socket.end();
    },
  };
}
