import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Check } from 'typebox/value';

const Time = Type.Number();

/** What a collector told with the last beat, and what it said it can see. */
const CollectorState = Type.Object({
  records: Type.Number(),
  failures: Type.Number(),
  lastReadMs: Type.Optional(Time),
  problem: Type.Optional(Type.String()),
  coverage: Type.Optional(Type.Enum(['full', 'partial', 'none'])),
  misses: Type.Optional(Type.String()),
  remedy: Type.Optional(Type.String()),
});

const Figures = Type.Object({
  cpuPercent: Type.Number(),
  rssBytes: Type.Number(),
  waiting: Type.Number(),
  sent: Type.Number(),
  spoolBytes: Type.Number(),
  lost: Type.Number(),
  slowFactor: Type.Number(),
  clockOffsetMs: Type.Optional(Type.Number()),
});

const Told = Type.Enum(['yes', 'no', 'unknown']);
const Posture = Type.Object({
  atMs: Time,
  system: Type.String(),
  diskEncrypted: Told,
  firewall: Told,
  secureBoot: Told,
});

/** Everything that is known of one sensor, as it is kept. Times are ledger times unless they say otherwise. */
export const SensorState = Type.Object({
  host: Type.String(),
  source: Type.String(),
  installation: Type.String(),
  pastInstallations: Type.Array(Type.String()),
  apiKeyId: Type.String(),
  /** The API key that brought it: what one key may bring is bounded. */
  firstApiKeyId: Type.String(),
  version: Type.String(),
  firstSeenMs: Time,
  /** Ed25519, raw, base64; whoever came first under this host and source. */
  publicKey: Type.Optional(Type.String()),
  /** A person accepted the key, or it came with an API key that was issued for this host. Whoever may send events can make another. */
  isAccepted: Type.Optional(Type.Boolean()),
  /** The key that the one in force said would follow it. */
  announcedKey: Type.Optional(Type.String()),
  /** Another key that somebody signs with under this name; a person can accept it. */
  shownKey: Type.Optional(Type.String()),
  /** Place of the newest record in the order of all that the sensor collected, and the signatures that were seen there. */
  order: Type.Number(),
  marks: Type.Array(Type.String()),
  /** When its order began anew, by the sensor's clock: what is older was sent before. */
  begunMs: Type.Optional(Time),
  run: Type.Optional(
    Type.Object({
      started: Type.String(),
      beat: Type.Number(),
      mark: Type.String(),
      bootId: Type.String(),
      /** Of the last beat, by the sensor's clock. */
      timeMs: Time,
    }),
  ),
  lastBeatMs: Type.Optional(Time),
  lastHeardMs: Time,
  lastHeard: Type.Object({ log: Type.Number(), index: Type.Number() }),
  /** The last beat was made long before it came. */
  isCatchingUp: Type.Boolean(),
  /** Beats in a row with more waiting and nothing sent. */
  stuckBeats: Type.Number(),
  end: Type.Optional(
    Type.Object({
      kind: Type.Enum(['silent', 'stopped']),
      sinceMs: Time,
      reason: Type.String(),
      /** How many records it had lost by then. */
      lost: Type.Number(),
    }),
  ),
  figures: Type.Optional(Figures),
  /** How it said last that its machine is kept. */
  posture: Type.Optional(Posture),
  collectors: Type.Record(Type.String(), CollectorState),
  /** What happened lately, the newest of each kind. */
  incidents: Type.Array(Type.Object({ code: Type.String(), text: Type.String(), atMs: Time })),
  /** When it was last told to the ledger. */
  told: Type.Record(Type.String(), Time),
  shown: Type.String(),
  sinceMs: Time,
});
export type SensorState = Static<typeof SensorState>;
export type CollectorState = Static<typeof CollectorState>;

/** What was kept. Throws `TypeError` for what no version of this program kept. */
export function parseSensorState(text: string): SensorState {
  const value: unknown = JSON.parse(text);
  if (!Check(SensorState, value)) throw new TypeError('Cannot read a kept sensor: it has another shape');
  return value;
}
