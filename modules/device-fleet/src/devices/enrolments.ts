import { createHash } from 'node:crypto';
import type { Actor } from '@sallyport/ledger';
import type { Principal } from '@sallyport/platform/http';
import { createSecret } from '@sallyport/platform/secret';
import type { Secret } from '@sallyport/platform/secret';
import { DeviceFleetError } from '../errors.ts';
import type { DevicesNeeds } from '../needs.ts';
import type { DeviceHouse } from './device-house.ts';
import { fingerprintOf, isProofBy, parseDeviceKey } from './device-key.ts';
import type { DeviceKey } from './device-key.ts';
import type { DeviceState, EnrolledKind, EnrolmentState } from './device-state.ts';
import { cleanDeviceText, parseDeviceText } from './device-text.ts';

export type Invitation = {
  readonly name: string;
  readonly kind: EnrolledKind;
  readonly place?: string | undefined;
  readonly site?: string | undefined;
  readonly by: Principal;
};

export type EnrolRequest = {
  readonly code: string;
  readonly publicKey: { readonly kty: string; readonly crv: string; readonly x: string; readonly y: string };
  /** Of `deviceProofText({ purpose: 'enrol', host, value: code })`. */
  readonly signature: string;
  /** This server as the device sees it. */
  readonly host: string;
  /** What the device says of itself. */
  readonly about: { readonly name?: string | undefined; readonly platform?: string | undefined };
};

export type EnrolledDevice = {
  readonly deviceId: string;
  readonly fingerprint: string;
  readonly state: DeviceState['state'];
};

/** What became of a code. */
export type EnrolmentView = {
  readonly id: string;
  readonly state: 'open' | 'used' | 'expired' | 'withdrawn';
  readonly expires_ms: number;
  readonly device_id?: string;
};

/** Codes for one device each: 144 random bits, kept as hashes, good for 15 minutes and once. */
export type Enrolments = {
  /** The only time the code can be had. Throws `device_text_invalid`, `device_limit_reached`. */
  invite(request: Invitation): Promise<{ readonly id: string; readonly code: Secret; readonly expiresMs: number }>;
  /** Throws `enrolment_unknown`, also an hour after its end. */
  get(id: string): EnrolmentView;
  /** Ends a code that nobody has used. Throws `enrolment_unknown`. */
  withdraw(request: { readonly id: string; readonly by: Principal }): Promise<void>;
  /**
   * Takes a device in, to wait for its approval. Of all who come with one code the first is taken; the same one may ask again
   * when it did not hear the answer. Throws `device_key_invalid`, `device_proof_wrong`, `enrolment_unknown`, `enrolment_used`,
   * `device_revoked`, `device_limit_reached`.
   */
  enrol(request: EnrolRequest): Promise<EnrolledDevice>;
};

const lifetimeMs = 15 * 60_000;
const rememberedMs = 60 * 60_000;
const maxEnded = 500;
const codeBytes = 18;
const idBytes = 8;

export function createEnrolments(needs: DevicesNeeds, house: DeviceHouse): Enrolments {
  const { clock, random } = needs;
  const newId = (): string => Buffer.from(random(idBytes)).toString('hex');
  const stateOf = (state: EnrolmentState): EnrolmentView['state'] => {
    if (state.deviceId !== undefined) return 'used';
    if (state.withdrawn) return 'withdrawn';
    return state.expiresMs > clock.nowMs() ? 'open' : 'expired';
  };

  /** Those nobody has to be told of any more; each removal makes room. */
  function forgotten(): string[] {
    const ended = [...house.enrolments].filter(([, state]) => stateOf(state) !== 'open');
    const old = ended.filter(([, { expiresMs }]) => expiresMs + rememberedMs <= clock.nowMs());
    const rest = ended.filter((one) => !old.includes(one)).toSorted(([, a], [, b]) => a.expiresMs - b.expiresMs);
    return [...old, ...rest.slice(0, Math.max(0, rest.length - maxEnded))].map(([id]) => id);
  }

  async function take(request: EnrolRequest, key: DeviceKey): Promise<EnrolledDevice> {
    const [enrolmentId, enrolment] = findByCode(request.code);
    const { deviceId: earlier } = enrolment;
    const state = stateOf(enrolment);
    if (state === 'used') {
      const known = earlier === undefined ? undefined : house.devices.get(earlier);
      if (earlier !== undefined && known !== undefined && isSame(known.key, key)) return answerOf(earlier, known, key);
      await tellTriedAgain(enrolmentId, enrolment, key);
      throw new DeviceFleetError('enrolment_used', 'Cannot enrol this device: another one has used the code', {
        hint: 'compare the fingerprint of the device that waits, refuse it if it is not yours, and make a new code',
      });
    }
    if (state !== 'open') throw codeUnknown();
    refuseKnown(key);
    makeSureOfRoom();
    const deviceId = newId();
    const nowMs = clock.nowMs();
    const { name, place, site, kind } = enrolment;
    const about = {
      ...aboutField('name', request.about.name),
      ...aboutField('platform', request.about.platform),
    };
    const taken: DeviceState = {
      name,
      place,
      site,
      kind,
      state: 'waiting',
      key,
      enrolmentId,
      enrolledMs: nowMs,
      lastSeenMs: nowMs,
      about,
    };
    const fingerprint = fingerprintOf(key);
    await house.store(
      {
        devices: new Map([[deviceId, taken]]),
        enrolments: new Map([[enrolmentId, { ...enrolment, deviceId }]]),
      },
      {
        action: 'device.enrolled',
        by: { kind: 'device', id: deviceId, name },
        target: { type: 'device', id: deviceId, name },
        details: { kind, place, site, fingerprint, enrolment: enrolmentId, invited_by: enrolment.by, about },
      },
    );
    return answerOf(deviceId, taken, key);
  }

  function findByCode(code: string): readonly [string, EnrolmentState] {
    const codeHash = hashOf(code);
    const found = [...house.enrolments].find(([, state]) => state.codeHash === codeHash);
    if (found === undefined) throw codeUnknown();
    return found;
  }

  /** A code that comes a second time was read by two: the one who was meant to have it should know. */
  async function tellTriedAgain(id: string, enrolment: EnrolmentState, key: DeviceKey): Promise<void> {
    if (enrolment.wasTriedAgain) return;
    await house.store(
      { enrolments: new Map([[id, { ...enrolment, wasTriedAgain: true }]]) },
      {
        action: 'device.enrolled',
        outcome: 'failure',
        by: { kind: 'unknown', id: '', name: 'unauthenticated' },
        target: { type: 'enrolment', id, name: enrolment.name },
        details: { reason: 'enrolment_used', fingerprint: fingerprintOf(key), device: enrolment.deviceId ?? null },
      },
    );
  }

  function refuseKnown(key: DeviceKey): void {
    const known = [...house.devices.values()].find((device) => isSame(device.key, key));
    if (known === undefined) return;
    if (known.state === 'revoked')
      throw new DeviceFleetError('device_revoked', 'Cannot enrol this device again: its key was revoked');
    throw new DeviceFleetError('device_key_invalid', 'Cannot enrol this device: its key is that of another device');
  }

  function makeSureOfRoom(): void {
    const states = [...house.devices.values()].map(({ state }) => state);
    const waiting = states.filter((state) => state === 'waiting').length;
    const live = states.filter((state) => state !== 'revoked').length;
    const { limits } = house;
    if (waiting >= limits.waiting)
      throw limitReached(`${String(limits.waiting)} wait to be approved: approve or refuse some first`);
    if (live >= limits.devices) throw limitReached(`there are ${String(limits.devices)}: revoke one first`);
  }

  return {
    invite({ kind, by, ...texts }) {
      const name = parseDeviceText('name', texts.name);
      const place = parseDeviceText('place', texts.place ?? '');
      const site = parseDeviceText('site', texts.site ?? '');
      return house.change(async () => {
        const open = [...house.enrolments.values()].filter((state) => stateOf(state) === 'open').length;
        if (open >= house.limits.codes)
          throw limitReached(`${String(house.limits.codes)} codes are good now: use or withdraw some first`);
        const id = newId();
        const code = Buffer.from(random(codeBytes)).toString('base64url');
        const expiresMs = clock.nowMs() + lifetimeMs;
        const made: EnrolmentState = {
          codeHash: hashOf(code),
          name,
          place,
          site,
          kind,
          by: actorOf(by),
          expiresMs,
          withdrawn: false,
          wasTriedAgain: false,
        };
        await house.store(
          {
            enrolments: new Map<string, EnrolmentState | undefined>([
              ...forgotten().map((old): [string, undefined] => [old, undefined]),
              [id, made],
            ]),
          },
          {
            action: 'device.invited',
            by,
            target: { type: 'enrolment', id, name },
            details: { kind, place, site, expires_ms: expiresMs },
          },
        );
        return { id, code: createSecret(code), expiresMs };
      });
    },
    get(id) {
      const found = house.enrolments.get(id);
      if (found === undefined || found.expiresMs + rememberedMs <= clock.nowMs())
        throw new DeviceFleetError('enrolment_unknown', `Cannot find enrolment "${id}"`);
      return {
        id,
        state: stateOf(found),
        expires_ms: found.expiresMs,
        ...(found.deviceId === undefined ? {} : { device_id: found.deviceId }),
      };
    },
    withdraw: ({ id, by }) =>
      house.change(async () => {
        const found = house.enrolments.get(id);
        if (found === undefined) throw new DeviceFleetError('enrolment_unknown', `Cannot find enrolment "${id}"`);
        if (stateOf(found) !== 'open') return;
        const withdrawn = { ...found, withdrawn: true };
        await house.store(
          { enrolments: new Map([[id, withdrawn]]) },
          { action: 'device.withdrawn', by, target: { type: 'enrolment', id, name: found.name }, details: {} },
        );
      }),
    async enrol(request) {
      const key = parseDeviceKey(request.publicKey);
      if (key === undefined)
        throw new DeviceFleetError('device_key_invalid', 'Cannot use this public key: must be a point on P-256');
      // Before the code is looked at: who holds no key for this server learns nothing of codes, and uses none up.
      if (!isProofBy(key, { purpose: 'enrol', host: request.host, value: request.code }, request.signature))
        throw new DeviceFleetError(
          'device_proof_wrong',
          `Cannot enrol this device: its proof is not for "${request.host}"`,
        );
      findByCode(request.code);
      return house.change(() => take(request, key));
    },
  };
}

function answerOf(deviceId: string, { state }: DeviceState, key: DeviceKey): EnrolledDevice {
  return { deviceId, fingerprint: fingerprintOf(key), state };
}

function aboutField(name: 'name' | 'platform', text: string | undefined): { readonly [field: string]: string } {
  const clean = cleanDeviceText(text ?? '');
  return clean === '' ? {} : { [name]: clean };
}

function actorOf({ kind, id, name }: Principal): Actor {
  return { kind, id, name };
}

function isSame(a: DeviceKey | undefined, b: DeviceKey): boolean {
  return a?.x === b.x && a.y === b.y;
}

function codeUnknown(): DeviceFleetError {
  return new DeviceFleetError('enrolment_unknown', 'Cannot use this code: it is wrong, over or withdrawn', {
    hint: 'ask for a new one: codes are good for 15 minutes',
  });
}

function limitReached(why: string): DeviceFleetError {
  return new DeviceFleetError('device_limit_reached', `Cannot take one more: ${why}`);
}

/** 144 random bits: nothing to guess. */
function hashOf(code: string): string {
  return createHash('sha256').update('sallyport device code\0').update(code).digest('hex');
}
