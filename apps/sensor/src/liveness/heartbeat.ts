import type { JsonObject } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import { createHash } from 'node:crypto';
import type { Collected } from '../collectors/collector.ts';
import type { CollectorHealth } from '../runner.ts';
import type { SenderStatus } from '../send/sender.ts';
import type { SpoolStatus } from '../spool/spool.ts';
import type { Governor } from './governor.ts';
import type { Identity } from './identity.ts';

export type HeartbeatNeeds = {
  readonly clock: Clock;
  readonly identity: Identity;
  /** What this host is called. */
  readonly host: string;
  readonly governor: Governor;
  readonly startedMs: number;
  readonly memoryBytes: () => number;
  readonly spool: () => SpoolStatus;
  readonly sender: () => SenderStatus;
  readonly collectors: () => readonly CollectorHealth[];
  readonly bootId: string | undefined;
};

export type Heartbeat = {
  /** How things stand; also what `sensor status` prints. */
  fields(): JsonObject;
  /** The next beat, or nothing while nobody would hear it. */
  beat(): Collected;
};

/** While the server cannot be reached only every so many beats are kept: a week without it is not a spool full of beats. */
const rarelyKept = 20;
const failuresBeforeRare = 4;

/**
 * Signed, numbered, and each naming the one before: beats that are missing, repeated, or made by somebody else are told apart.
 * Whoever has root here has the key as well; what they cannot do is make the sensor stop without the beats stopping.
 */
export function createHeartbeat(needs: HeartbeatNeeds): Heartbeat {
  const { clock, identity, governor, spool, sender } = needs;
  let beat = 0;
  let skipped = 0;
  let previous = '';

  function fields(): JsonObject {
    const { bytes, waiting, collected, sent, lost } = spool();
    const { state, failures, clockOffsetMs, clockUncertaintyMs, lastAnswerMs } = sender();
    return {
      started: new Date(needs.startedMs).toISOString(),
      collected,
      sent,
      waiting,
      spool_bytes: bytes,
      lost,
      cpu_percent: Math.round(governor.percent() * 10) / 10,
      rss_bytes: needs.memoryBytes(),
      slow_factor: governor.factor(),
      connection: state,
      send_failures: failures,
      ...(lastAnswerMs === undefined ? {} : { last_answer: new Date(lastAnswerMs).toISOString() }),
      ...(clockOffsetMs === undefined ? {} : { clock_offset_ms: clockOffsetMs }),
      ...(clockUncertaintyMs === undefined ? {} : { clock_uncertainty_ms: clockUncertaintyMs }),
      ...(needs.bootId === undefined ? {} : { boot_id: needs.bootId }),
      collectors: needs.collectors().map(({ name, lastReadMs, failures, records, problem }) => ({
        name,
        last_read: lastReadMs === undefined ? '' : new Date(lastReadMs).toISOString(),
        records,
        failures,
        problem: problem ?? '',
      })),
      blind: needs.collectors().flatMap(({ name, problem }) => (problem === undefined ? [] : [name])),
    };
  }

  return {
    fields,
    beat() {
      if (sender().failures >= failuresBeforeRare && skipped < rarelyKept) {
        skipped += 1;
        return { records: [] };
      }
      beat += 1;
      const signed = identity.signed(
        {
          kind: 'heartbeat',
          collector: 'sensor',
          lossy: false,
          timeMs: clock.nowMs(),
          event: 'sensor.heartbeat',
          fields: {
            ...fields(),
            beat,
            beats_skipped: skipped,
            ...(previous === '' ? {} : { previous }),
            public_key: identity.publicKey,
          },
        },
        needs.host,
      );
      skipped = 0;
      previous = createHash('sha256').update(JSON.stringify(signed.fields['signature'])).digest('hex').slice(0, 32);
      return { records: [signed] };
    },
  };
}
