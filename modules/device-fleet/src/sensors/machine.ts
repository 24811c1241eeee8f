import { textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { Told } from '@sallyport/platform/machine-state';
import { shortText } from './beat.ts';
import type { LifeRecord } from './life-record.ts';
import type { SensorState } from './sensor-state.ts';
import { isSignedBy, keyIdOf } from './signature.ts';
import { standingOf } from './standing.ts';

/** A machine by its sensor, as it is now. */
export type KnownMachine = {
  readonly host: string;
  /** Its sensor is heard of, and tells of now. */
  readonly isHeard: boolean;
  /** A person let it be a sensor of this host. Of another only its key is known, and that anybody who may send events can make. */
  readonly isAccepted: boolean;
  /** Somebody spoke in the name of its sensor, or its state or what it reads was tampered with, within a day. */
  readonly isDoubted: boolean;
  /** What the sensor said last, within the last hours. */
  readonly posture?: {
    readonly system: string;
    readonly diskEncrypted: Told;
    readonly firewall: Told;
    readonly secureBoot: Told;
  };
};

/** Told at least every hour. */
const postureGoodForMs = 2.5 * 3_600_000;
const doubts = new Set([
  'unsigned',
  'signature_invalid',
  'key_changed',
  'key_copied',
  'replayed',
  'state_lost',
  'state_copied',
  'receipt_mismatch',
  'log_shrunk',
  'audit_changed',
]);

export function machineOf(state: SensorState, nowMs: number): KnownMachine {
  const { state: standing, problems } = standingOf(state, nowMs);
  const { posture } = state;
  return {
    host: state.host,
    isHeard: (standing === 'alive' || standing === 'degraded') && state.end === undefined && !state.isCatchingUp,
    isAccepted: state.isAccepted === true,
    isDoubted: problems.some(({ code }) => doubts.has(code)),
    ...(posture === undefined || nowMs - posture.atMs > postureGoodForMs ? {} : { posture: saidIn(posture) }),
  };
}

/**
 * The one sensor whose key signed that somebody with this nonce is on its machine. Undefined where nobody's did, and where several have
 * the key: one of them is a copy, and which machine it was nobody knows.
 */
export function sensorThatVouched(
  sensors: ReadonlyMap<string, SensorState>,
  statement: JsonObject,
): string | undefined {
  const [keyId, host] = [textOf(statement['key_id']), textOf(statement['host'])];
  if (statement['event'] !== 'sensor.vouched') return undefined;
  const holders = [...sensors].filter(([, { publicKey }]) => publicKey !== undefined && keyIdOf(publicKey) === keyId);
  const [holder] = holders;
  if (holder === undefined || holders.length > 1) return undefined;
  const [id, { publicKey = '', host: known }] = holder;
  return known === host && isSignedBy(publicKey, statement) ? id : undefined;
}

/** The source that an API key for a sensor on this host is bound to, as `sallyport sensors install` and the sensor name it. */
export function sourceOfHost(host: string): string {
  const plain = host
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]/g, '-')
    .slice(0, 48);
  return `host-${plain === '' ? 'unnamed' : plain}`;
}

/** As the sensor says it, and as it is kept. What waited before it was sent is as old as it says. */
export function postureIn(
  line: JsonObject,
  { receivedAtMs, timeMs }: Pick<LifeRecord, 'receivedAtMs' | 'timeMs'>,
): NonNullable<SensorState['posture']> {
  return {
    atMs: Math.min(receivedAtMs, timeMs),
    system: shortText(line['system']),
    diskEncrypted: toldIn(line['disk_encrypted']),
    firewall: toldIn(line['firewall']),
    secureBoot: toldIn(line['secure_boot']),
  };
}

function saidIn({ atMs: _atMs, ...said }: NonNullable<SensorState['posture']>): NonNullable<KnownMachine['posture']> {
  return said;
}

function toldIn(value: unknown): Told {
  return value === 'yes' || value === 'no' ? value : 'unknown';
}
