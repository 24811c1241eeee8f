import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@sallyport/platform/clock';

/**
 * Numbers used once, for one device each. They are kept nowhere until they are used, since each carries its end and a seal of
 * ours: whoever asks for millions costs no memory and takes away nobody's. Good for two minutes, and not past a restart.
 */
export type Nonces = {
  issue(deviceId: string): { readonly nonce: string; readonly lifetimeMs: number };
  /** Whether it was issued for this device, in time. */
  isGood(deviceId: string, nonce: string): boolean;
  /** Uses it up: true for the first of all who try. Only for what `isGood`. */
  spend(nonce: string): boolean;
};

const lifetimeMs = 120_000;
const randomBytes = 16;
const endBytes = 8;
const sealBytes = 16;

export function createNonces(needs: {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly random: (length: number) => Uint8Array;
}): Nonces {
  const { clock, random } = needs;
  const key = random(32);
  /** By end, since all live equally long. */
  const spent = new Map<string, number>();

  const seal = (deviceId: string, head: Uint8Array): Buffer =>
    createHmac('sha256', key).update(head).update(deviceId).digest().subarray(0, sealBytes);

  return {
    issue(deviceId) {
      const head = Buffer.alloc(randomBytes + endBytes);
      head.set(random(randomBytes));
      head.writeDoubleBE(clock.monotonicMs() + lifetimeMs, randomBytes);
      return { nonce: Buffer.concat([head, seal(deviceId, head)]).toString('base64url'), lifetimeMs };
    },
    isGood(deviceId, nonce) {
      const bytes = Buffer.from(nonce, 'base64url');
      if (bytes.length !== randomBytes + endBytes + sealBytes || bytes.toString('base64url') !== nonce) return false;
      const head = bytes.subarray(0, randomBytes + endBytes);
      if (!timingSafeEqual(bytes.subarray(head.length), seal(deviceId, head))) return false;
      return head.readDoubleBE(randomBytes) > clock.monotonicMs();
    },
    spend(nonce) {
      const nowMs = clock.monotonicMs();
      for (const [old, endMs] of spent) {
        if (endMs > nowMs) break;
        spent.delete(old);
      }
      if (spent.has(nonce)) return false;
      spent.set(nonce, nowMs + lifetimeMs);
      return true;
    },
  };
}
