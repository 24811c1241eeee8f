import { createHash } from 'node:crypto';
import type { Clock } from '@sallyport/platform/clock';
import { createSecret } from '@sallyport/platform/secret';
import type { Secret } from '@sallyport/platform/secret';

/**
 * Tokens of devices, `spd_` and 256 random bits. In memory only, as hashes: a restart ends them all, and a device proves its
 * key again. Of one device the newest four are good.
 */
export type DeviceSessions = {
  open(deviceId: string): { readonly token: Secret; readonly lifetimeMs: number };
  /** Whose it is; undefined when it is unknown, over or ended. */
  holderOf(token: string): string | undefined;
  /** Ends all of a device. */
  end(deviceId: string): void;
};

export const deviceTokenPrefix = 'spd_';
const lifetimeMs = 600_000;
const maxPerDevice = 4;
const secretBytes = 32;
const shape = /^spd_[\w-]{43}$/;

export function createDeviceSessions(needs: {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly random: (length: number) => Uint8Array;
}): DeviceSessions {
  const { clock, random } = needs;
  const holders = new Map<string, { readonly deviceId: string; readonly endMs: number }>();
  const ofDevice = new Map<string, string[]>();

  return {
    open(deviceId) {
      const token = `${deviceTokenPrefix}${Buffer.from(random(secretBytes)).toString('base64url')}`;
      const hash = hashOf(token);
      holders.set(hash, { deviceId, endMs: clock.monotonicMs() + lifetimeMs });
      const hashes = [...(ofDevice.get(deviceId) ?? []), hash];
      for (const old of hashes.splice(0, hashes.length - maxPerDevice)) holders.delete(old);
      ofDevice.set(deviceId, hashes);
      return { token: createSecret(token), lifetimeMs };
    },
    holderOf(token) {
      if (!shape.test(token)) return undefined;
      const found = holders.get(hashOf(token));
      return found !== undefined && found.endMs > clock.monotonicMs() ? found.deviceId : undefined;
    },
    end(deviceId) {
      for (const hash of ofDevice.get(deviceId) ?? []) holders.delete(hash);
      ofDevice.delete(deviceId);
    },
  };
}

/** 256 random bits: nothing to guess, and looking up a hash tells nothing of the token by its time. */
function hashOf(token: string): string {
  return createHash('sha256').update('sallyport device token\0').update(token).digest('hex');
}
