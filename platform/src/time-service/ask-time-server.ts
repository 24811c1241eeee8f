import { createSocket } from 'node:dgram';
import type { Clock } from '../clock.ts';
import { codeOf, messageOf } from '../errors.ts';
import { guardedLookup, kindOfHost } from '../guarded-address.ts';
import { encodeSntpQuestion, readSntpAnswer } from './sntp-packet.ts';

export type TimeMeasurement =
  | {
      readonly ok: true;
      /** Positive: this host is behind the server. */
      readonly offsetMs: number;
      /** How far the truth may be from that, as far as the server is right: half the time under way, and what it says of itself. */
      readonly uncertaintyMs: number;
      readonly stratum: number;
    }
  | { readonly ok: false; readonly reason: string };

export type TimeServer = { readonly host: string; readonly port: number };

/** `HOST`, `HOST:PORT` or `[ADDRESS]:PORT`; undefined for anything else, and for link-local addresses. */
export function parseTimeServer(text: string): TimeServer | undefined {
  const found = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9._-]{1,253}))(?::(\d{1,5}))?$/.exec(text);
  const host = found?.[1] ?? found?.[2];
  const port = Number(found?.[3] ?? 123);
  if (host === undefined || port < 1 || port > 65_535 || kindOfHost(host) === 'nowhere') return undefined;
  return { host, port };
}

const lookUp = guardedLookup((address) => {
  if (kindOfHost(address) === 'nowhere') throw new Error('Its name leads where no time server is');
});

/**
 * One question to one time server (SNTP). Plain SNTP is not authenticated: whoever is on the way can say any time, so this is
 * evidence beside that of the program which keeps the clock, and sets nothing. Never rejects; ends with the signal.
 */
export async function askTimeServer(
  needs: { readonly clock: Clock; readonly random: (bytes: number) => Uint8Array },
  { host, port }: TimeServer,
  signal: AbortSignal,
): Promise<TimeMeasurement> {
  try {
    const { address, family } = await addressOf(host, signal);
    return await askAddress(needs, { address, port, type: family === 6 ? 'udp6' : 'udp4' }, signal);
  } catch (error) {
    const why = codeOf(error) ?? messageOf(error);
    return { ok: false, reason: signal.aborted ? 'no answer in time' : `it is not reached (${why})` };
  }
}

function addressOf(host: string, signal: AbortSignal): Promise<{ readonly address: string; readonly family: number }> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(new Error('no answer in time'));
    if (signal.aborted) return giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    lookUp(host, {}, (error, address, family = 4) => {
      signal.removeEventListener('abort', giveUp);
      if (error !== null) reject(error);
      else resolve({ address: typeof address === 'string' ? address : '', family });
    });
  });
}

function askAddress(
  { clock, random }: { readonly clock: Clock; readonly random: (bytes: number) => Uint8Array },
  { address, port, type }: { readonly address: string; readonly port: number; readonly type: 'udp4' | 'udp6' },
  signal: AbortSignal,
): Promise<TimeMeasurement> {
  const { promise, resolve, reject } = Promise.withResolvers<TimeMeasurement>();
  const cookie = random(8);
  const socket = createSocket(type);
  let askedAtMs = 0;
  let askedMs = 0;
  const giveUp = (): void => reject(new Error('no answer in time'));
  signal.addEventListener('abort', giveUp, { once: true });
  socket.on('error', reject);
  socket.on('connect', () => {
    askedAtMs = clock.nowMs();
    askedMs = clock.monotonicMs();
    socket.send(encodeSntpQuestion(cookie), (error) => {
      if (error !== null && error !== undefined) reject(error);
    });
  });
  socket.on('message', (packet) => {
    const tookMs = clock.monotonicMs() - askedMs;
    const read = readSntpAnswer(packet, cookie);
    // Only the answer to this question ends the waiting.
    if (!read.ok && read.isOther) return;
    if (!read.ok) return resolve({ ok: false, reason: read.reason });
    const { receivedMs, sentMs, stratum, rootDelayMs, rootDispersionMs } = read.answer;
    // A clock set between question and answer must not count: the time it took is of the monotonic one.
    const arrivedMs = askedAtMs + tookMs;
    const awayMs = Math.max(0, tookMs - (sentMs - receivedMs));
    resolve({
      ok: true,
      offsetMs: (receivedMs - askedAtMs + (sentMs - arrivedMs)) / 2,
      uncertaintyMs: awayMs / 2 + Math.abs(rootDelayMs) / 2 + rootDispersionMs,
      stratum,
    });
  });
  if (signal.aborted) giveUp();
  else socket.connect(port, address);
  return promise.finally(() => {
    signal.removeEventListener('abort', giveUp);
    socket.removeAllListeners();
    socket.on('error', () => undefined);
    socket.close();
  });
}
