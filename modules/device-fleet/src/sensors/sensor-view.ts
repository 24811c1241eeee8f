import type { Told } from '@sallyport/platform/machine-state';
import { machineOf } from './machine.ts';
import { keyIdOf } from './signature.ts';
import type { CollectorState, SensorState } from './sensor-state.ts';
import { standingOf } from './standing.ts';
import type { SensorProblem, SensorStanding } from './standing.ts';

export type SensorCollector = {
  readonly name: string;
  readonly state: 'sees' | 'lossy' | 'blind';
  readonly records: number;
  readonly last_read_ms?: number;
  /** Why it does not see, or what it misses. */
  readonly problem?: string;
  /** The line that would make it see more. */
  readonly remedy?: string;
};

/** A sensor as it is shown. */
export type SensorView = {
  readonly id: string;
  readonly host: string;
  readonly source: string;
  readonly state: SensorStanding;
  readonly since_ms: number;
  readonly first_seen_ms: number;
  readonly last_heard_ms: number;
  readonly last_beat_ms?: number;
  readonly problems: SensorProblem[];
  readonly collectors: SensorCollector[];
  readonly figures: {
    readonly cpu_percent: number;
    readonly rss_bytes: number;
    readonly waiting: number;
    readonly spool_bytes: number;
    readonly lost: number;
    readonly slow_factor: number;
    readonly clock_offset_ms?: number;
  };
  /** The API key it sends with. */
  readonly key_id: string;
  /** The key it signs with. */
  readonly signing_key_id?: string;
  /** A person accepted that key, or it came with an API key issued for this host. */
  readonly key_accepted: boolean;
  /** What it said last of how its machine is kept. */
  readonly machine?: {
    readonly at_ms: number;
    /** Heard of, and said within the last hours. */
    readonly is_current: boolean;
    readonly system: string;
    readonly disk_encrypted: Told;
    readonly firewall: Told;
    readonly secure_boot: Told;
  };
  /** When it last vouched for a run; since the server started. */
  readonly last_vouched_ms?: number;
  /** Another key that somebody signs with in its name. */
  readonly shown_key_id?: string;
  readonly version: string;
};

export function sensorView(
  id: string,
  state: SensorState,
  { nowMs, vouchedAtMs }: { readonly nowMs: number; readonly vouchedAtMs?: number | undefined },
): SensorView {
  const standing = standingOf(state, nowMs);
  const { figures } = state;
  const signingKeyId = state.publicKey === undefined ? undefined : keyIdOf(state.publicKey);
  const shownKeyId = state.shownKey === undefined ? undefined : keyIdOf(state.shownKey);
  return {
    id,
    host: state.host,
    source: state.installation === '' ? state.source : `${state.source}.${state.installation}`,
    state: standing.state,
    since_ms: state.sinceMs,
    first_seen_ms: state.firstSeenMs,
    last_heard_ms: state.lastHeardMs,
    ...(state.lastBeatMs === undefined ? {} : { last_beat_ms: state.lastBeatMs }),
    problems: [...standing.problems],
    collectors: Object.entries(state.collectors).map(([name, one]) => collectorView(name, one)),
    figures: {
      cpu_percent: figures?.cpuPercent ?? 0,
      rss_bytes: figures?.rssBytes ?? 0,
      waiting: figures?.waiting ?? 0,
      spool_bytes: figures?.spoolBytes ?? 0,
      lost: figures?.lost ?? 0,
      slow_factor: figures?.slowFactor ?? 1,
      ...(figures?.clockOffsetMs === undefined ? {} : { clock_offset_ms: figures.clockOffsetMs }),
    },
    key_id: state.apiKeyId,
    ...(signingKeyId === undefined ? {} : { signing_key_id: signingKeyId }),
    key_accepted: state.isAccepted === true,
    ...machineView(state, nowMs),
    ...(vouchedAtMs === undefined ? {} : { last_vouched_ms: vouchedAtMs }),
    ...(shownKeyId === undefined ? {} : { shown_key_id: shownKeyId }),
    version: state.version,
  };
}

function machineView(state: SensorState, nowMs: number): Pick<SensorView, 'machine'> {
  const { posture } = state;
  if (posture === undefined) return {};
  const { isHeard, posture: current } = machineOf(state, nowMs);
  return {
    machine: {
      at_ms: posture.atMs,
      is_current: isHeard && current !== undefined,
      system: posture.system,
      disk_encrypted: posture.diskEncrypted,
      firewall: posture.firewall,
      secure_boot: posture.secureBoot,
    },
  };
}

function collectorView(name: string, one: CollectorState): SensorCollector {
  const isBlind = one.problem !== undefined || one.coverage === 'none';
  const problem = one.problem ?? one.misses;
  return {
    name,
    state: isBlind ? 'blind' : one.coverage === 'partial' ? 'lossy' : 'sees',
    records: one.records,
    ...(one.lastReadMs === undefined ? {} : { last_read_ms: one.lastReadMs }),
    ...(problem === undefined ? {} : { problem }),
    ...(one.remedy === undefined ? {} : { remedy: one.remedy }),
  };
}
