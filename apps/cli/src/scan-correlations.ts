import type { JsonObject } from '@sallyport/contracts';
import {
  createCorrelationEngine,
  createCorrelationGroups,
  defaultCorrelationLimits,
  defineCorrelations,
  sigmaEventOf,
  type ChainedCount,
  type CorrelationFinding,
  type CorrelationGroup,
  type ResolvedCorrelation,
  type RuleMatch,
  type SigmaEvent,
} from '@sallyport/sigma-rules';
import { createHash } from 'node:crypto';

/** A correlation that came true, with the events it rests on as they were added. */
export type ScannedCorrelation = {
  readonly correlation: ResolvedCorrelation['correlation'];
  readonly fields: CorrelationGroup['fields'];
  readonly places: readonly ScannedPlace[];
};

export type ScannedPlace = { readonly file: string; readonly index: number };

export type ScanCorrelations = {
  /** Rules and correlations whose matches only count. */
  readonly silenced: ReadonlySet<string>;
  add(event: JsonObject, matches: readonly RuleMatch[], place: ScannedPlace): void;
  /** What came true, when all events are added: they are counted in the order of the times they state. */
  evaluate(): ScannedCorrelation[];
  /** Matches that count nowhere because their event states no time. */
  timeless(): number;
  /** Matches past the number that is kept. */
  dropped(): number;
};

type Added = { readonly timeMs: number; readonly place: ScannedPlace; readonly groups: readonly CorrelationGroup[] };

/** So many matches are kept to be put in order. */
const maxAdded = 1_000_000;
/** Where records state when they were made, the more exact ones first. */
const timeFields = [
  'TimeCreated_SystemTime',
  'UtcTime',
  '@timestamp',
  'eventTime',
  'TimeGenerated',
  'EventTime',
  'timestamp',
  'time',
  'ts',
  'published',
  'createdDateTime',
] as const;

/** Correlates the matches of a scan of files. There is no ledger here, so that what events state is all the time there is. */
export function createScanCorrelations(resolved: readonly ResolvedCorrelation[]): ScanCorrelations {
  const groups = createCorrelationGroups(resolved, hashOf);
  const definitions = defineCorrelations(resolved, hashOf);
  const byId = new Map(resolved.map(({ correlation }) => [correlation.id, correlation]));
  const added: Added[] = [];
  let timeless = 0;
  let dropped = 0;

  return {
    silenced: groups.silenced,
    add(event, matches, place) {
      if (resolved.length === 0) return;
      const view = sigmaEventOf(event);
      const counted = matches.flatMap(({ rule }) => groups.of(rule.id, view));
      if (counted.length === 0) return;
      const timeMs = timeOf(view);
      if (timeMs === undefined) timeless += counted.length;
      else if (added.length >= maxAdded) dropped += counted.length;
      else added.push({ timeMs, place, groups: counted });
    },
    evaluate() {
      const engine = createCorrelationEngine({ ...defaultCorrelationLimits, latenessMs: 0, disorderMs: 0 });
      engine.use(definitions);
      const inOrder = added.toSorted((a, b) => a.timeMs - b.timeMs);
      const found: ScannedCorrelation[] = [];
      function tell(findings: readonly CorrelationFinding[]): void {
        for (const finding of findings) {
          const correlation = byId.get(finding.correlationId);
          if (correlation === undefined || groups.silenced.has(correlation.id)) continue;
          const fields = fieldsOf(finding, inOrder[finding.position.index]?.groups ?? []);
          found.push({
            correlation,
            fields,
            places: finding.basis.flatMap(({ index }) => inOrder[index]?.place ?? []),
          });
        }
      }
      for (const [index, { timeMs, groups: counted }] of inOrder.entries()) {
        tell(engine.begin({ source: 'scan', receivedAtMs: timeMs, claimedMs: timeMs }).closed);
        for (const group of counted) tell(engine.count({ ...chainedOf(group), position: { log: 1, index }, timeMs }));
      }
      // All windows are over at the end of time.
      tell(engine.begin({ source: 'scan', receivedAtMs: Number.MAX_SAFE_INTEGER }).closed);
      return found;
    },
    timeless: () => timeless,
    dropped: () => dropped,
  };
}

function timeOf(view: SigmaEvent): number | undefined {
  for (const field of timeFields) {
    const scalar = view.valuesOf(field)?.[0]?.scalar;
    // Seconds have ten digits until the year 2286.
    if (typeof scalar === 'number' && scalar > 0) return scalar < 1e11 ? scalar * 1000 : scalar;
    if (typeof scalar !== 'string') continue;
    // A time without a zone is UTC: the computer at which it is read has no say.
    const hasZone = /(?:z|[+-]\d{2}:?\d{2})$/i.test(scalar);
    const timeMs = Date.parse(hasZone ? scalar : `${scalar.replace(' ', 'T')}Z`);
    if (Number.isFinite(timeMs)) return timeMs;
  }
  return undefined;
}

function fieldsOf(finding: CorrelationFinding, groups: readonly CorrelationGroup[]): CorrelationGroup['fields'] {
  for (const { correlationId, group, fields, chained = [] } of groups) {
    if (correlationId === finding.correlationId && group === finding.group) return fields;
    const inner = fieldsOf(finding, chained);
    if (inner.length > 0) return inner;
  }
  return [];
}

function chainedOf({ correlationId, group, member, value, chained = [] }: CorrelationGroup): ChainedCount {
  const counted = typeof value === 'string' ? Number.parseInt(value.slice(0, 13), 16) : (value ?? 0);
  return { correlationId, group, member, value: counted, chained: chained.map(chainedOf) };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
