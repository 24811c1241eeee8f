import { findingLimits, isJsonObject, ocsfClass, textsOf } from '@sallyport/contracts';
import type { FindingAttack, JsonObject, JsonValue } from '@sallyport/contracts';
import { attackOf, createFullScan, parseSigmaRules, sigmaEventOf } from '@sallyport/sigma-rules';
import type { EventLogSource, SigmaCorrelation, SigmaEvent, SigmaRule } from '@sallyport/sigma-rules';
import { skippedRuleId } from './build-finding.ts';
import { createCorrelationGroups } from './correlation-groups.ts';
import type { EventOutcome, RuleRefusal, RuleSource, RuleSummary } from './match-protocol.ts';
import { parseRecord, parseRecordExactly } from './parse-record.ts';
import type { LoadProgress, RuleScanner } from './serve-matches.ts';
import { entitiesOf } from './event-entities.ts';
import { withStampedFields } from './stamped-fields.ts';

/**
 * Parses the rules and scans events with all of them. Rules see the record that was read out of the original, where one is kept
 * beside it; else the original (`raw_data`) when it is a JSON object; else the OCSF event. Only events of our own lack `raw_data`: what a sender claims about class, generation or product changes nothing,
 * and rules about this product (`product: sallyport`) see events of our own alone.
 */
export function createRuleScanner(
  sources: readonly RuleSource[],
  progress: LoadProgress = () => undefined,
): RuleScanner {
  const rules = new Map<string, SigmaRule>();
  const correlations: SigmaCorrelation[] = [];
  const refusals: RuleRefusal[] = [];
  for (const [ordinal, { file, text }] of sources.entries()) {
    progress(ordinal);
    const parsed = parseSigmaRules(text, { file });
    refusals.push(...parsed.refusals.map(({ file, line, reason }) => ({ file, line, reason })));
    for (const rule of parsed.rules) {
      const reason = objection(rule, rules.get(rule.id));
      if (reason === undefined) rules.set(rule.id, rule);
      else refusals.push({ file, line: rule.line, reason });
    }
    correlations.push(...parsed.correlations);
  }
  const inOrder = [...rules.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const ordinals = new Map(sources.map(({ file }, ordinal) => [file, ordinal]));
  const fullScan = createFullScan(inOrder, (position) => {
    const file = inOrder[position]?.file;
    if (file !== undefined) progress(ordinals.get(file) ?? sources.length);
  });
  // What goes wrong from here on is no single file's fault.
  progress(sources.length);
  const groups = createCorrelationGroups(correlations, rules, (correlation, taken) => objection(correlation, taken));
  refusals.push(...groups.refusals);

  return {
    rules: [
      ...inOrder.map((rule) => ({ ...summaryOf(rule), generates: !groups.silencedRules.has(rule.id) })),
      ...groups.correlations.map(({ correlation, definition }) => ({
        ...summaryOf(correlation),
        generates: true,
        correlation: definition,
      })),
    ],
    refusals,
    scan(body): EventOutcome {
      const event = parseRecord(new TextDecoder().decode(body));
      if (event === undefined) return { kind: 'unscannable', reason: 'its body is no JSON object' };
      const raw = event['raw_data'];
      const generation = raw === undefined ? generationOf(event) : 0;
      const isOwn = raw === undefined;
      const isOwnFinding = isOwn && event['class_uid'] === ocsfClass.detectionFinding;
      if (isOwnFinding || generation >= findingLimits.generation) return { kind: 'own' };
      const view = withStampedFields(viewOf(raw, event), event);
      const found = fullScan.matchEvent(view, isOwn ? ownLogSource(event) : mappedLogSource(event));
      const matches = found
        .filter(({ rule }) => isOwn || rule.logsource.product !== ownProduct)
        .map(({ rule, matched }) => {
          const counted = groups.of(rule.id, view);
          return {
            ruleId: rule.id,
            matched: matched
              .slice(0, findingLimits.matched)
              .map(({ field, value }) => ({ field, value: String(value).slice(0, findingLimits.value) })),
            ...(counted.length === 0 ? {} : { groups: counted }),
          };
        });
      const { host, user, entities } = entitiesOf(event);
      return {
        kind: 'scanned',
        matches,
        truncated: view.truncated,
        generation,
        ...(host === undefined ? {} : { host }),
        ...(user === undefined ? {} : { user }),
        ...(entities === undefined ? {} : { entities }),
      };
    },
  };
}

/** The record that intake read out of a text, else the original where it is a JSON object, else the event. */
function viewOf(raw: JsonValue | undefined, event: JsonObject): SigmaEvent {
  const record = raw === undefined ? undefined : readRecord(event);
  if (record !== undefined) return sigmaEventOf(record);
  const original = typeof raw === 'string' ? parseRecord(raw) : undefined;
  const view = sigmaEventOf(original ?? event);
  if (!view.hasInexactNumber || typeof raw !== 'string') return view;
  const exact = parseRecordExactly(raw);
  return exact === undefined ? view : sigmaEventOf(exact);
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
const ownServices = new Set(['audit', 'sensor', 'source', 'camera', 'clock']);

/** Our own events are of a known source where they name a known log; of others nothing is said. */
function ownLogSource(event: JsonObject): EventLogSource | undefined {
  const service = textAt(event, 'metadata', 'log_name');
  if (service === undefined || !ownServices.has(service)) return undefined;
  return { product: ownProduct, category: [], service: [service] };
}

/** Why a rule that parsed is not taken. */
function objection(rule: Pick<SigmaRule, 'id'>, taken: Pick<SigmaRule, 'file'> | undefined): string | undefined {
  if (taken !== undefined) return `Rule id "${rule.id}" is taken by "${taken.file}", must be unique`;
  if (rule.id === skippedRuleId) return `Rule id "${rule.id}" is reserved`;
  if (rule.id.length > findingLimits.identifier) {
    return `Rule id has ${rule.id.length} characters, must have at most ${findingLimits.identifier}`;
  }
  return undefined;
}

function summaryOf(rule: SigmaRule | SigmaCorrelation): Omit<RuleSummary, 'generates'> {
  const { tactics, techniques } = attackOf(rule.tags);
  return {
    id: rule.id,
    title: rule.title,
    ...(rule.description === undefined ? {} : { description: rule.description }),
    // Sigma leaves the level open; what nobody weighed is neither hidden at the bottom nor put on top.
    level: rule.level ?? 'medium',
    tags: rule.tags,
    attacks: [...tactics.map((tactic): FindingAttack => ({ tactic })), ...techniques.map(techniqueOf)],
    file: rule.file,
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
