import { createHash } from 'node:crypto';
import { deviceFingerprint } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import type { Principal } from '@sallyport/platform/http';
import { createSecret } from '@sallyport/platform/secret';
import type { Secret } from '@sallyport/platform/secret';
import { DeviceFleetError } from '../errors.ts';
import type { DeviceHouse } from './device-house.ts';
import type { DeviceState } from './device-state.ts';
import { parseDeviceText } from './device-text.ts';

export type NewStream = {
  readonly name: string;
  readonly place?: string | undefined;
  readonly site?: string | undefined;
  readonly by: Principal;
};

/**
 * Keys for programs that send one fixed bearer token and can prove nothing: `sps_` and 256 random bits, kept as hashes, good
 * until the device is revoked. Whoever has one is that camera.
 */
export type StreamKeys = {
  add(stream: NewStream): Promise<{ readonly id: string; readonly state: DeviceState; readonly key: Secret }>;
  /** Whose it is, revoked or not; undefined when it is unknown. */
  holderOf(key: string): string | undefined;
};

export const streamKeyPrefix = 'sps_';
const shape = /^sps_[\w-]{43}$/;
const secretBytes = 32;
const idBytes = 8;

export function createStreamKeys(
  needs: { readonly clock: Pick<Clock, 'nowMs'>; readonly random: (length: number) => Uint8Array },
  house: DeviceHouse,
): StreamKeys {
  const { clock, random } = needs;

  function makeSureOfRoom(): void {
    const live = [...house.devices.values()].filter(({ state }) => state !== 'revoked').length;
    if (live >= house.limits.devices)
      throw new DeviceFleetError(
        'device_limit_reached',
        `Cannot take one more: there are ${String(house.limits.devices)}: revoke one first`,
      );
  }

  return {
    add({ by, ...texts }) {
      const name = parseDeviceText('name', texts.name);
      const place = parseDeviceText('place', texts.place ?? '');
      const site = parseDeviceText('site', texts.site ?? '');
      return house.change(async () => {
        makeSureOfRoom();
        const id = Buffer.from(random(idBytes)).toString('hex');
        const key = `${streamKeyPrefix}${Buffer.from(random(secretBytes)).toString('base64url')}`;
        const streamKeyHash = hashOf(key);
        const nowMs = clock.nowMs();
        const state: DeviceState = {
          name,
          place,
          site,
          kind: 'whip',
          state: 'approved',
          streamKeyHash,
          enrolmentId: '',
          enrolledMs: nowMs,
          lastSeenMs: nowMs,
          about: {},
          approved: { atMs: nowMs, by: by.name },
        };
        const details = { kind: state.kind, place, site, fingerprint: streamKeyFingerprint(streamKeyHash) };
        await house.store(
          { devices: new Map([[id, state]]) },
          { action: 'device.stream_added', by, target: { type: 'device', id, name }, details },
        );
        return { id, state, key: createSecret(key) };
      });
    },
    holderOf(key) {
      if (!shape.test(key)) return undefined;
      const hash = hashOf(key);
      return [...house.devices].find(([, { streamKeyHash }]) => streamKeyHash === hash)?.[0];
    },
  };
}

/** What people tell keys apart by; the hash tells nothing of the key. */
export function streamKeyFingerprint(hash: string): string {
  return deviceFingerprint(Buffer.from(hash, 'hex'));
}

/** 256 random bits: nothing to guess, and looking up a hash tells nothing of the key by its time. */
function hashOf(key: string): string {
  return createHash('sha256').update('sallyport stream key\0').update(key).digest('hex');
}
