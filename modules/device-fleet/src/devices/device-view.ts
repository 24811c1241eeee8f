import { fingerprintOf } from './device-key.ts';
import { streamKeyFingerprint } from './stream-keys.ts';
import type { DeviceKind, DeviceState } from './device-state.ts';

/** A device as it is shown. */
export type DeviceView = {
  readonly id: string;
  readonly name: string;
  /** Empty when nobody said. */
  readonly place: string;
  readonly site: string;
  readonly kind: DeviceKind;
  readonly state: 'waiting' | 'approved' | 'revoked';
  /** Six blocks of five digits: the device shows the same, computed from its own key. */
  readonly fingerprint: string;
  readonly enrolment_id: string;
  readonly enrolled_ms: number;
  readonly last_seen_ms: number;
  /** What it says of itself; untrusted, and fit to be shown. */
  readonly about: { readonly name?: string; readonly platform?: string };
  readonly approved_ms?: number;
  readonly approved_by?: string;
  readonly revoked_ms?: number;
  readonly revoked_by?: string;
};

export function deviceView(id: string, state: DeviceState): DeviceView {
  const { name, place, site, kind, key, streamKeyHash, approved, revoked } = state;
  return {
    id,
    name,
    place,
    site,
    kind,
    state: state.state,
    fingerprint: key === undefined ? streamKeyFingerprint(streamKeyHash ?? '') : fingerprintOf(key),
    enrolment_id: state.enrolmentId,
    enrolled_ms: state.enrolledMs,
    last_seen_ms: state.lastSeenMs,
    about: state.about,
    ...(approved === undefined ? {} : { approved_ms: approved.atMs, approved_by: approved.by }),
    ...(revoked === undefined ? {} : { revoked_ms: revoked.atMs, revoked_by: revoked.by }),
  };
}
