import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { plainAddress } from './listener-settings.ts';
import { addressSender } from './sender.ts';
import type { ListenerNeeds, OpenListener } from './stream-listener.ts';

/** Messages that wait, of all senders and of one: what is over is dropped and counted, as nobody can be told to wait. */
const limits = { maxBytes: 16 * 1024 * 1024, maxBytesPerSender: 4 * 1024 * 1024, maxBatch: 1000 };
/** What a message takes beside its bytes: a flood of empty ones would else hold memory by the gigabyte. */
const overheadBytes = 512;
const sizeOf = (message: Uint8Array): number => message.byteLength + overheadBytes;
const receiveBufferBytes = 4 * 1024 * 1024;

/** Syslog over UDP (RFC 5426): one message a datagram. Addresses of senders can be forged. */
export function openDatagramListener(needs: ListenerNeeds): Promise<OpenListener> {
  const { counts } = needs;
  const waiting = new Map<string, { messages: Uint8Array[]; bytes: number }>();
  let bytes = 0;
  let running: Promise<void> | undefined;
  const socket = createSocket(isIPv6(needs.host) ? 'udp6' : 'udp4');

  async function drain(): Promise<void> {
    // The first of the map goes first and comes back last, so that each sender has its turn.
    for (let next = waiting.entries().next(); next.done !== true; next = waiting.entries().next()) {
      const [address, queue] = next.value;
      waiting.delete(address);
      const batch = queue.messages.splice(0, limits.maxBatch);
      const size = batch.reduce((sum, message) => sum + sizeOf(message), 0);
      if (queue.messages.length > 0) waiting.set(address, { messages: queue.messages, bytes: queue.bytes - size });
      const isDurable = await needs.sink.deliver(
        addressSender(address),
        batch.map((message) => ({ bytes: message })),
        needs.zoneMinutes,
        'drop',
      );
      bytes -= size;
      if (isDurable) counts.accepted += batch.length;
      else counts.dropped += batch.length;
    }
  }

  function start(): void {
    running ??= drain().finally(() => {
      running = undefined;
      if (waiting.size > 0) start();
    });
  }

  socket.on('message', (message, from) => {
    const address = plainAddress(from.address);
    if (!needs.isAllowed(address)) {
      counts.refused += 1;
      needs.refusals.count({ reason: 'network', address });
      return;
    }
    if (message.byteLength === 0) return;
    if (!needs.rate.tryTake(`address/${address}`)) {
      counts.overRate += 1;
      counts.dropped += 1;
      needs.refusals.count({ reason: 'rate', address });
      return;
    }
    const queue = waiting.get(address) ?? { messages: [], bytes: 0 };
    const size = sizeOf(message);
    const isFull = bytes + size > limits.maxBytes || queue.bytes + size > limits.maxBytesPerSender;
    if (isFull) {
      counts.dropped += 1;
      needs.refusals.count({ reason: 'room', address });
      return;
    }
    queue.messages.push(Uint8Array.from(message));
    queue.bytes += size;
    bytes += size;
    waiting.set(address, queue);
    start();
  });

  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address: needs.host, port: needs.port, exclusive: true }, () => {
      socket.off('error', reject);
      socket.on('error', () => undefined);
      try {
        socket.setRecvBufferSize(receiveBufferBytes);
      } catch {
        // The system's own size, then.
      }
      resolve({
        port: socket.address().port,
        connections: () => 0,
        async close() {
          await new Promise<void>((done) => socket.close(() => done()));
          await running;
        },
      });
    });
  });
}
