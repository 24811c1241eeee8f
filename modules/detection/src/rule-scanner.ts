import { hash } from 'node:crypto';
import { agentLogName, findingLimits, isJsonObject, ocsfClass, textsOf } from '@sallyport/contracts';
import type { FindingAttack, JsonObject, JsonValue } from '@sallyport/contracts';
import {
  attackOf,
  createCorrelationGroups,
  createIndexedMatcher,
  defineCorrelations,
  exactTextsOf,
  loadSigmaRuleSet,
} from '@sallyport/sigma-rules';
import type { EventLogSource, IndexedMatcher, IndexedScan, SigmaCorrelation, SigmaRule } from '@sallyport/sigma-rules';
import { skippedRuleId } from './build-finding.ts';
import { nameOfLogSource } from './log-source-name.ts';
import { takeCorrelations } from './correlation-limits.ts';
import type { EventOutcome, RuleRefusal, RuleSource, RuleSummary } from './match-protocol.ts';
import { createMatchExceptions } from './match-exception.ts';
import { parseRecord, parseRecordExactly } from './parse-record.ts';
import type { LoadProgress, RuleScanner } from './serve-matches.ts';
import { entitiesOf } from './event-entities.ts';
import type { EventEntities } from './event-entities.ts';
import { stampedFieldsOf, stampedPrefix } from './stamped-fields.ts';
import { isClockEvent } from './window-clock.ts';

/** Codes of the events that tell what is done with exceptions. */
const exceptionCodes = 'exception.';

/**
 * Parses the rules and scans events with all of them. Rules see the record that was read out of the original, where one is kept
 * beside it; else the original (`raw_data`) when it is a JSON object; else the OCSF event. Only events of our own lack `raw_data`: what a sender claims about class, generation or product changes nothing,
 * and rules about this product (`product: sallyport`) see events of our own alone.
 */
export function createRuleScanner(
  sources: readonly RuleSource[],
  progress: LoadProgress = () => undefined,
): RuleScanner {
  const set = loadSigmaRuleSet(sources, { progress, objection });
  const inOrder = set.rules.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const ordinals = new Map(sources.map(({ file }, ordinal) => [file, ordinal]));
  const matcher = createIndexedMatcher(inOrder, {
    laidOverPrefix: stampedPrefix,
    monotonicMs: () => performance.now(),
    compiling(position) {
      const file = inOrder[position]?.file;
      if (file !== undefined) progress(ordinals.get(file) ?? sources.length);
    },
  });
  // What goes wrong from here on is no single file's fault.
  progress(sources.length);
  const taken = takeCorrelations(set.correlations);
  const definitions = defineCorrelations(taken.correlations, hashOf);
  const groups = createCorrelationGroups(taken.correlations, hashOf);
  const exceptions = createMatchExceptions(set.mappings);
  const decoder = new TextDecoder();
  const refusals: RuleRefusal[] = [
    ...set.refusals.map(({ file, line, reason }) => ({ file, line, reason })),
    ...taken.refusals,
  ];

  return {
    rules: [
      ...inOrder.map((rule) => ({
        ...summaryOf(rule),
        logSource: askedBy(rule.logsource),
        generates: !groups.silenced.has(rule.id),
        ...(rule.logsource.product === ownProduct ? { isAboutUs: true as const } : {}),
        ...(isAboutExceptions(rule) ? { isAboutExceptions: true as const } : {}),
      })),
      ...taken.correlations.map(({ correlation }) => {
        const definition = definitions.get(correlation.id);
        return {
          ...summaryOf(correlation),
          generates: !groups.silenced.has(correlation.id),
          ...(definition === undefined ? {} : { correlation: definition }),
        };
      }),
    ],
    refusals,
    takeCosts() {
      const costs = matcher.takeCosts();
      if (costs === undefined) return undefined;
      const rules = costs.rules.flatMap(({ position, ...cost }) => {
        const rule = inOrder[position];
        return rule === undefined ? [] : [{ ruleId: rule.id, ...cost }];
      });
      return { ...costs, rules };
    },
    except: (wanted) => exceptions.use(wanted),
    scan(body): EventOutcome {
      const event = parseRecord(decoder.decode(body));
      if (event === undefined) return { kind: 'unscannable', reason: 'its body is no JSON object' };
      const raw = event['raw_data'];
      const generation = raw === undefined ? generationOf(event) : 0;
      const isOwn = raw === undefined;
      const isOwnFinding = isOwn && event['class_uid'] === ocsfClass.detectionFinding;
      if (isOwnFinding || (isOwn && isClockEvent(event)) || generation >= findingLimits.generation)
        return { kind: 'own' };
      let entities: EventEntities | undefined;
      const entitiesHere = (): EventEntities => (entities ??= entitiesOf(event));
      // What is done with exceptions is no exception's to hide.
      const isOfException = isOwn && textAt(event, 'metadata', 'event_code')?.startsWith(exceptionCodes) === true;
      const scanned = scanWith(matcher, event, {
        source: isOwn ? ownLogSource(event) : mappedLogSource(event),
        laidOver: stampedFieldsOf(event, entitiesHere),
      });
      const matches = scanned.matches
        .filter(({ rule }) => isOwn || rule.logsource.product !== ownProduct)
        .map(({ rule, matched }) => {
          const counted = groups.of(rule.id, scanned.event);
          const excepted = isOfException ? [] : exceptions.holding(rule, scanned.event, entitiesHere);
          return {
            ruleId: rule.id,
            matched: matched
              .slice(0, findingLimits.matched)
              .map(({ field, value }) => ({ field, value: String(value).slice(0, findingLimits.value) })),
            ...(counted.length === 0 ? {} : { groups: counted }),
            ...(excepted.length === 0 ? {} : { excepted }),
          };
        });
      return {
        kind: 'scanned',
        matches,
        truncated: scanned.truncated,
        // Nobody else's events are about this product.
        logSource: nameOfLogSource(isOwn || scanned.source.product !== ownProduct ? scanned.source : {}),
        generation,
        source: isOwn ? ownProduct : (textAt(event, 'metadata', 'reporter', 'uid') ?? ''),
        ...(typeof event['time'] === 'number' && { claimedMs: event['time'] }),
        // Whom it is about is of use to whoever tells of it.
        ...(matches.length > 0 && entitiesHere()),
      };
    },
  };
}

/** The record that intake read out of a text, else the original where it is a JSON object, else the event. */
function scanWith(
  matcher: IndexedMatcher,
  event: JsonObject,
  given: { readonly source: EventLogSource | undefined; readonly laidOver: ReturnType<typeof stampedFieldsOf> },
): IndexedScan {
  const raw = event['raw_data'];
  const record = raw === undefined ? undefined : readRecord(event);
  if (record !== undefined) return matcher.scan(record, given);
  if (typeof raw !== 'string') return matcher.scan(event, given);
  const original = parseRecord(raw) ?? event;
  const scanned = matcher.scan(original, { ...given, unlessInexact: true });
  if (!scanned.hasInexactNumber) return scanned;
  return matcher.scan(parseRecordExactly(raw) ?? original, given);
}

/** Beside words that only intake writes: what a sender puts under `unmapped` alone is no record of ours. */
function readRecord(event: JsonObject): JsonObject | undefined {
  const record = valueAt(event, ['unmapped', 'record']);
  return isJsonObject(record) && isJsonObject(valueAt(event, ['unmapped', 'sallyport'])) ? record : undefined;
}

/** Where the mapping of the event says that rules look for it; nothing when it does not say. */
function mappedLogSource(event: JsonObject): EventLogSource | undefined {
  const source = valueAt(event, ['unmapped', 'sallyport', 'log_source']);
  if (!isJsonObject(source)) return undefined;
  const { product, category, service } = source;
  const services = textsOf(service);
  if (product === undefined && category === undefined && services.length === 0) return undefined;
  return {
    ...(typeof product === 'string' && { product }),
    ...(typeof category === 'string' && { category: [category] }),
    ...(services.length > 0 && { service: services }),
  };
}

const ownProduct = 'sallyport';

/** What this server notices, by the name of the log it stands in. */
const ownServices = new Set(['audit', 'sensor', 'source', 'camera', 'clock', agentLogName]);

/** Our own events are of a known source where they name a known log; of others nothing is said. */
function ownLogSource(event: JsonObject): EventLogSource | undefined {
  const service = textAt(event, 'metadata', 'log_name');
  if (service === undefined || !ownServices.has(service)) return undefined;
  return { product: ownProduct, category: [], service: [service] };
}

/** Why a rule that parsed is not taken. */
function objection(rule: Pick<SigmaRule, 'id'>): string | undefined {
  if (rule.id === skippedRuleId) return `Rule id "${rule.id}" is reserved`;
  if (rule.id.length > findingLimits.identifier) {
    return `Rule id has ${rule.id.length} characters, must have at most ${findingLimits.identifier}`;
  }
  return undefined;
}

function hashOf(text: string): string {
  return hash('sha256', text);
}

function summaryOf(rule: SigmaRule | SigmaCorrelation): Omit<RuleSummary, 'generates'> {
  const { tactics, techniques } = attackOf(rule.tags);
  return {
    id: rule.id,
    title: rule.title,
    ...(rule.description === undefined ? {} : { description: rule.description }),
    ...(rule.author === undefined ? {} : { author: rule.author }),
    ...(rule.response === undefined ? {} : { response: rule.response.trim() }),
    // Sigma leaves the level open; what nobody weighed is neither hidden at the bottom nor put on top.
    level: rule.level ?? 'medium',
    ...(rule.status === undefined ? {} : { status: rule.status }),
    tags: rule.tags,
    attacks: [...tactics.map((tactic): FindingAttack => ({ tactic })), ...techniques.map(techniqueOf)],
    file: rule.file,
  };
}

function isAboutExceptions(rule: SigmaRule): boolean {
  return rule.logsource.product === ownProduct && exactTextsOf(rule).some((text) => text.startsWith(exceptionCodes));
}

function askedBy({ product, category, service }: SigmaRule['logsource']): NonNullable<RuleSummary['logSource']> {
  return {
    ...(product === undefined ? {} : { product }),
    ...(category === undefined ? {} : { category }),
    ...(service === undefined ? {} : { service }),
  };
}

function techniqueOf(id: string): FindingAttack {
  const [technique = id] = id.split('.');
  return technique === id ? { technique } : { technique, subTechnique: id };
}

function generationOf(event: JsonObject): number {
  const generation = valueAt(event, ['unmapped', 'sallyport', 'generation']);
  return typeof generation === 'number' ? generation : 0;
}

function textAt(event: JsonObject, ...path: readonly string[]): string | undefined {
  const value = valueAt(event, path);
  return typeof value === 'string' && value !== '' ? value.slice(0, findingLimits.value) : undefined;
}

function valueAt(event: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = event;
  for (const name of path) value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}
