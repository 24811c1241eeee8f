import type { RtpPacket } from './rtp-packet.ts';

/**
 * Puts packets into the order they were sent in. Waits for a missing one a moment, so that it can be sent again, then goes
 * on without it and says so. Holds a bounded number of packets, whatever comes.
 */
export type RtpOrder = {
  /** What can be used now; `lost` stands where something is missing for good. */
  push(packet: RtpPacket, nowMs: number): readonly (RtpPacket | 'lost')[];
};

const mostHeld = 128;
/** A round trip over a mobile network; a picture later than that is worth less than the next one. */
const longestWaitMs = 250;
/** Further apart than this is another count, not a gap. */
const largestGap = 2000;

export function createRtpOrder(): RtpOrder {
  const held = new Map<number, RtpPacket>();
  let expected: number | undefined;
  let gapSinceMs: number | undefined;

  /** Those that follow one another from `expected` on. */
  function drain(): RtpPacket[] {
    const packets = [];
    while (expected !== undefined) {
      const next = held.get(expected);
      if (next === undefined) break;
      held.delete(expected);
      packets.push(next);
      expected = (expected + 1) & 0xffff;
    }
    return packets;
  }

  function nearestTo(from: number): number | undefined {
    let nearest: number | undefined;
    for (const sequence of held.keys())
      if (nearest === undefined || distance(from, sequence) < distance(from, nearest)) nearest = sequence;
    return nearest;
  }

  return {
    push(packet, nowMs) {
      const out: (RtpPacket | 'lost')[] = [];
      const ahead = expected === undefined ? 0 : distance(expected, packet.sequence);
      const isOther = ahead > largestGap && ahead < 0x10000 - largestGap;
      if (isOther) out.push('lost');
      // Older than what went on already.
      else if (ahead >= 0x8000) return [];
      if (expected === undefined || isOther) {
        held.clear();
        gapSinceMs = undefined;
        expected = packet.sequence;
      }
      held.set(packet.sequence, packet);
      const inOrder = drain();
      out.push(...inOrder);
      if (held.size === 0) gapSinceMs = undefined;
      else if (inOrder.length > 0) gapSinceMs = nowMs;
      else gapSinceMs ??= nowMs;
      if (held.size > mostHeld || (gapSinceMs !== undefined && nowMs - gapSinceMs >= longestWaitMs)) {
        expected = nearestTo(expected);
        out.push('lost', ...drain());
        gapSinceMs = held.size === 0 ? undefined : nowMs;
      }
      return out;
    },
  };
}

/** How far `to` is ahead, modulo 2¹⁶. */
function distance(from: number, to: number): number {
  return (to - from) & 0xffff;
}
