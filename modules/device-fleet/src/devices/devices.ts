import type { DeviceProofPurpose } from '@sallyport/contracts';
import type { Principal } from '@sallyport/platform/http';
import type { Secret } from '@sallyport/platform/secret';
import { DeviceFleetError } from '../errors.ts';
import type { DevicesNeeds } from '../needs.ts';
import { openDeviceHouse } from './device-house.ts';
import { isProofBy } from './device-key.ts';
import { createDeviceSessions } from './device-sessions.ts';
import type { DeviceState } from './device-state.ts';
import { parseDeviceText } from './device-text.ts';
import { deviceView } from './device-view.ts';
import type { DeviceView } from './device-view.ts';
import { createEnrolments } from './enrolments.ts';
import type { Enrolments } from './enrolments.ts';
import { createNonces } from './nonces.ts';
import { createStreamKeys } from './stream-keys.ts';
import type { NewStream } from './stream-keys.ts';

export type DeviceSession = { readonly token: Secret; readonly expiresMs: number; readonly device: DeviceView };
export type DeviceRefusal = { readonly refused: 'device_session_unknown' | 'device_revoked' };

/**
 * Phones, computers and cameras that prove a key of their own. A device enters by a code that somebody gave out, waits until a
 * person approves it, and is let in with its key alone from then on. Every change is durable, with its audit event, before it
 * resolves.
 */
export type Devices = {
  readonly enrolments: Enrolments;
  /**
   * Lets a program in that can send one fixed token and prove nothing, such as OBS: a device of kind `whip`, approved by who
   * makes it. The only time its key can be had. Throws `device_text_invalid`, `device_limit_reached`.
   */
  addStream(stream: NewStream): Promise<{ readonly device: DeviceView; readonly key: Secret }>;
  /** By name, then by id; revoked ones included. */
  list(): readonly DeviceView[];
  /** Undefined for one that is not known. */
  find(id: string): DeviceView | undefined;
  /** Throws `device_unknown`. */
  get(id: string): DeviceView;
  /** What is left out stays. Throws `device_unknown`, `device_text_invalid`. */
  change(request: DeviceChange): Promise<DeviceView>;
  /** Again changes nothing. Throws `device_unknown`, `device_not_waiting` for one that was revoked. */
  approve(request: { readonly id: string; readonly by: Principal }): Promise<DeviceView>;
  /**
   * Refuses one that waits or shuts out one that was approved, for good: its sessions are over and listeners told before this
   * resolves, and before the ledger has the event. Again changes nothing. Throws `device_unknown`.
   */
  revoke(request: { readonly id: string; readonly by: Principal }): Promise<DeviceView>;
  /** A number to sign, for any id: whether there is such a device is not told. */
  challenge(deviceId: string): { readonly nonce: string; readonly expiresMs: number };
  /**
   * Lets a device in that signed `deviceProofText({ purpose: 'session', host, value: nonce })`. Throws `device_proof_wrong` for
   * whatever is wrong with the proof; only who holds the key is told `device_waiting` or `device_revoked`.
   */
  openSession(proof: {
    readonly deviceId: string;
    readonly nonce: string;
    readonly signature: string;
    readonly host: string;
  }): DeviceSession;
  /** Whose token or stream key it is: allowed `cameras:send` and nothing else. Counts as a sign of life. */
  authenticate(token: string): Principal | DeviceRefusal;
  /** Who that device is now; counts as no sign of life. */
  recheck(id: string): Principal | DeviceRefusal;
  /** A sign of life on a connection that goes on. */
  noteSeen(id: string): void;
  /** Whether this device, as long as it is approved, signed that for this host. */
  isSignedBy(
    id: string,
    proof: { readonly purpose: DeviceProofPurpose; readonly host: string; readonly value: string },
    signature: string,
  ): boolean;
  /** Called at once for each device that is revoked from now on, until the returned function is called. */
  onRevoked(listener: (id: string) => void): () => void;
  /** As `onRevoked`, for those that are approved. */
  onApproved(listener: (device: DeviceView) => void): () => void;
  /** Keeps when devices were last seen, and stops. */
  close(): Promise<void>;
};

export type DeviceChange = {
  readonly id: string;
  readonly by: Principal;
  readonly name?: string | undefined;
  readonly place?: string | undefined;
  readonly site?: string | undefined;
};

const keepSeenEveryMs = 60_000;

export async function createDevices(needs: DevicesNeeds): Promise<Devices> {
  const { clock, log } = needs;
  const house = await openDeviceHouse(needs);
  const sessions = createDeviceSessions(needs);
  const nonces = createNonces(needs);
  const streamKeys = createStreamKeys(needs, house);
  const revokedListeners = new Set<(id: string) => void>();
  const approvedListeners = new Set<(device: DeviceView) => void>();
  /** Since they were last kept. */
  const seen = new Map<string, number>();

  const viewOf = (id: string, state: DeviceState): DeviceView =>
    deviceView(id, { ...state, lastSeenMs: seen.get(id) ?? state.lastSeenMs });

  function known(id: string): DeviceState {
    const state = house.devices.get(id);
    if (state === undefined) throw new DeviceFleetError('device_unknown', `Cannot find device "${id}"`);
    return state;
  }

  const principalOf = (id: string): Principal | DeviceRefusal => {
    const state = house.devices.get(id);
    if (state?.state !== 'approved') return { refused: 'device_revoked' };
    const { name, site } = state;
    return { kind: 'device', id, name, scopes: ['cameras:send'], ...(site === '' ? {} : { site }) };
  };

  async function keepSeen(): Promise<void> {
    if (seen.size === 0) return;
    await house.keep(() => {
      const changed = [...seen].flatMap(([id, lastSeenMs]): [string, DeviceState][] => {
        const state = house.devices.get(id);
        return state === undefined ? [] : [[id, { ...state, lastSeenMs }]];
      });
      seen.clear();
      return { devices: new Map(changed) };
    });
  }

  /** It happened; a listener that fails takes it back for nobody. */
  function tell<Told>(listeners: ReadonlySet<(told: Told) => void>, told: Told): void {
    for (const listener of listeners) {
      try {
        listener(told);
      } catch (error) {
        log.error('A listener to devices failed', { reason: String(error) });
      }
    }
  }

  const stopKeeping = needs.every(keepSeenEveryMs, () => {
    keepSeen().catch((error: unknown) => log.warn('Cannot keep when devices were seen', { reason: String(error) }));
  });

  /** The ones revoked longest ago, beyond what is remembered. */
  function forgottenWith(id: string): [string, undefined][] {
    const revoked = [...house.devices].filter(([other, { state }]) => state === 'revoked' && other !== id);
    return revoked
      .toSorted(([, a], [, b]) => (a.revoked?.atMs ?? 0) - (b.revoked?.atMs ?? 0))
      .slice(0, Math.max(0, revoked.length + 1 - house.limits.revoked))
      .map(([other]) => [other, undefined]);
  }

  return {
    enrolments: createEnrolments(needs, house),
    async addStream(stream) {
      const { id, state, key } = await streamKeys.add(stream);
      const device = viewOf(id, state);
      tell(approvedListeners, device);
      return { device, key };
    },
    list: () =>
      [...house.devices]
        .map(([id, state]) => viewOf(id, state))
        .toSorted((a, b) => (a.name === b.name ? (a.id < b.id ? -1 : 1) : a.name < b.name ? -1 : 1)),
    find(id) {
      const state = house.devices.get(id);
      return state === undefined ? undefined : viewOf(id, state);
    },
    get: (id) => viewOf(id, known(id)),
    change: ({ id, by, ...texts }) =>
      house.change(async () => {
        const before = known(id);
        const texted = {
          name: texts.name === undefined ? before.name : parseDeviceText('name', texts.name),
          place: texts.place === undefined ? before.place : parseDeviceText('place', texts.place),
          site: texts.site === undefined ? before.site : parseDeviceText('site', texts.site),
        };
        const { name, place, site } = before;
        const state = { ...before, ...texted };
        const details = { ...texted, before: { name, place, site } };
        await house.store(
          { devices: new Map([[id, state]]) },
          { action: 'device.changed', by, target: { type: 'device', id, name }, details },
        );
        return viewOf(id, state);
      }),
    approve: ({ id, by }) =>
      house.change(async () => {
        const before = known(id);
        if (before.state === 'approved') return viewOf(id, before);
        if (before.state === 'revoked')
          throw new DeviceFleetError('device_not_waiting', `Cannot approve device "${id}": it was revoked`, {
            hint: 'enrol it with a new code, and it is a device of its own',
          });
        const state: DeviceState = {
          ...before,
          state: 'approved',
          approved: { atMs: clock.nowMs(), by: by.name },
        };
        const view = viewOf(id, state);
        const { name, kind, place, site } = state;
        const details = { kind, place, site, fingerprint: view.fingerprint };
        await house.store(
          { devices: new Map([[id, state]]) },
          { action: 'device.approved', by, target: { type: 'device', id, name }, details },
        );
        tell(approvedListeners, view);
        return view;
      }),
    revoke: ({ id, by }) =>
      house.change(async () => {
        const before = known(id);
        if (before.state === 'revoked') return viewOf(id, before);
        const state: DeviceState = { ...before, state: 'revoked', revoked: { atMs: clock.nowMs(), by: by.name } };
        const { name, kind, place, site } = state;
        const details = { kind, place, site, was: before.state };
        await house.store(
          { devices: new Map<string, DeviceState | undefined>([...forgottenWith(id), [id, state]]) },
          { action: 'device.revoked', by, target: { type: 'device', id, name }, details },
        );
        sessions.end(id);
        tell(revokedListeners, id);
        return viewOf(id, state);
      }),
    challenge(deviceId) {
      const { nonce, lifetimeMs } = nonces.issue(deviceId);
      return { nonce, expiresMs: clock.nowMs() + lifetimeMs };
    },
    openSession({ deviceId, nonce, signature, host }) {
      const state = house.devices.get(deviceId);
      const isProven =
        nonces.isGood(deviceId, nonce) &&
        state?.key !== undefined &&
        isProofBy(state.key, { purpose: 'session', host, value: nonce }, signature) &&
        nonces.spend(nonce);
      if (!isProven)
        throw new DeviceFleetError(
          'device_proof_wrong',
          `Cannot let this device in: its proof is not for "${host}" or over`,
          {
            hint: 'ask for a new challenge and sign it at once',
          },
        );
      if (state.state === 'revoked')
        throw new DeviceFleetError('device_revoked', 'Cannot let this device in: it was revoked');
      seen.set(deviceId, clock.nowMs());
      if (state.state === 'waiting')
        throw new DeviceFleetError('device_waiting', 'Cannot let this device in yet: somebody must approve it');
      const { token, lifetimeMs } = sessions.open(deviceId);
      return { token, expiresMs: clock.nowMs() + lifetimeMs, device: viewOf(deviceId, state) };
    },
    authenticate(token) {
      const id = sessions.holderOf(token) ?? streamKeys.holderOf(token);
      if (id === undefined) return { refused: 'device_session_unknown' };
      const principal = principalOf(id);
      if (!('refused' in principal)) seen.set(id, clock.nowMs());
      return principal;
    },
    recheck: principalOf,
    noteSeen(id) {
      if (house.devices.has(id)) seen.set(id, clock.nowMs());
    },
    isSignedBy(id, proof, signature) {
      const state = house.devices.get(id);
      return state?.state === 'approved' && state.key !== undefined && isProofBy(state.key, proof, signature);
    },
    onRevoked: (listener) => listenWith(revokedListeners, listener),
    onApproved: (listener) => listenWith(approvedListeners, listener),
    async close() {
      stopKeeping();
      await keepSeen();
    },
  };
}

function listenWith<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
