import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Check } from 'typebox/value';

const Time = Type.Number();
const By = Type.Object({ kind: Type.String(), id: Type.String(), name: Type.String() });

/** What enrols by a code, with a key of its own. */
export const EnrolledKind = Type.Enum(['phone', 'pc', 'esp32']);
export type EnrolledKind = Static<typeof EnrolledKind>;

/** `whip`: a program that was given a stream key, and has no key of its own. */
export const DeviceKind = Type.Enum(['phone', 'pc', 'esp32', 'whip']);
export type DeviceKind = Static<typeof DeviceKind>;

/** A device as it is kept. Times are of the wall clock. */
const DeviceState = Type.Object({
  name: Type.String(),
  place: Type.String(),
  site: Type.String(),
  kind: DeviceKind,
  state: Type.Enum(['waiting', 'approved', 'revoked']),
  /** P-256, the coordinates of its JWK. No two devices have the same; one of a stream key has none. */
  key: Type.Optional(Type.Object({ x: Type.String(), y: Type.String() })),
  /** Instead of a key of its own. */
  streamKeyHash: Type.Optional(Type.String()),
  /** The code it came with; empty for a stream key. */
  enrolmentId: Type.String(),
  enrolledMs: Time,
  lastSeenMs: Time,
  /** What it says of itself; untrusted. */
  about: Type.Object({ name: Type.Optional(Type.String()), platform: Type.Optional(Type.String()) }),
  approved: Type.Optional(Type.Object({ atMs: Time, by: Type.String() })),
  revoked: Type.Optional(Type.Object({ atMs: Time, by: Type.String() })),
});
export type DeviceState = Static<typeof DeviceState>;

/** A code that was given out; kept for a while after its end, so that people are told what became of it. */
const EnrolmentState = Type.Object({
  codeHash: Type.String(),
  name: Type.String(),
  place: Type.String(),
  site: Type.String(),
  kind: EnrolledKind,
  by: By,
  expiresMs: Time,
  withdrawn: Type.Boolean(),
  /** Who used it. */
  deviceId: Type.Optional(Type.String()),
  /** Somebody else tried it afterwards, which is recorded once. */
  wasTriedAgain: Type.Boolean(),
});
export type EnrolmentState = Static<typeof EnrolmentState>;

/** What was kept. Throws `TypeError` for what no version of this program kept. */
export function parseDeviceState(text: string): DeviceState {
  const value: unknown = JSON.parse(text);
  if (!Check(DeviceState, value)) throw new TypeError('Cannot read a kept device: it has another shape');
  return value;
}

/** As `parseDeviceState`. */
export function parseEnrolmentState(text: string): EnrolmentState {
  const value: unknown = JSON.parse(text);
  if (!Check(EnrolmentState, value)) throw new TypeError('Cannot read a kept enrolment: it has another shape');
  return value;
}
