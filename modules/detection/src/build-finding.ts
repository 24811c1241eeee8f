import { createHash } from 'node:crypto';
import { comparePositions, findingBody, findingLimits, formatPosition } from '@sallyport/contracts';
import type { Finding, Position } from '@sallyport/contracts';
import type { AppendEntry, LedgerEvent } from '@sallyport/ledger';
import type { CorrelationFinding, CorrelationGroup } from '@sallyport/sigma-rules';
import type { EventOutcome, RuleMatch, RuleSummary } from './match-protocol.ts';

/** The rule id of the finding that says an event was not scanned, or not in full. No rule file may claim it. */
export const skippedRuleId = 'sallyport-detection-skipped';

/** Part of every finding's uid: raised when the same rule and input should give new findings. */
const findingVersion = 1;

export type Scanned = Extract<EventOutcome, { kind: 'scanned' }>;

/** The finding for one match. Depends on its arguments alone, so that a repeated run gives the same bytes. */
export function matchEntry(event: LedgerEvent, scanned: Scanned, match: RuleMatch, rule: RuleSummary): AppendEntry {
  return entry(`detection/${streamPart(rule.id)}/${event.position.log}`, {
    ...findingOf(event, scanned, rule),
    matched: match.matched,
  });
}

function findingOf(
  event: Pick<LedgerEvent, 'position' | 'receivedAtMs'>,
  scanned: Pick<Scanned, 'generation' | 'host' | 'user' | 'entities'>,
  rule: RuleSummary,
): Omit<Finding, 'matched'> {
  return {
    uid: findingUid(rule.id, event.position),
    title: rule.title,
    ...(rule.description === undefined ? {} : { description: rule.description }),
    ...(rule.response === undefined ? {} : { response: rule.response }),
    createdAtMs: event.receivedAtMs,
    level: rule.level,
    rule: { id: rule.id, file: rule.file, ...(rule.author === undefined ? {} : { author: rule.author }) },
    attacks: rule.attacks,
    input: event.position,
    generation: scanned.generation + 1,
    ...(scanned.host === undefined ? {} : { host: scanned.host }),
    ...(scanned.user === undefined ? {} : { user: scanned.user }),
    ...(scanned.entities === undefined ? {} : { entities: scanned.entities }),
  };
}

/**
 * The finding of a correlation. `event` is the one with which it came true or, of a window that closed, the newest of
 * them, which may be gone by then (`scanned` is undefined). Each group has a stream of its own: with aliases one event can bring several to come true,
 * and windows of two groups with the same newest event may close in different ranges, so that no count within a range would tell them apart.
 */
export function correlationEntry(input: {
  readonly event: Pick<LedgerEvent, 'position' | 'receivedAtMs'>;
  readonly scanned: Scanned | undefined;
  readonly fields: CorrelationGroup['fields'];
  /** `group` is a keyed hash; `basis` are the events it rests on. */
  readonly finding: Pick<CorrelationFinding, 'group' | 'basis'>;
  readonly rule: RuleSummary;
}): AppendEntry {
  const { event, scanned, fields, rule } = input;
  const { group, basis } = input.finding;
  return entry(`correlation/${streamPart(rule.id)}/${event.position.log}/${group}`, {
    ...findingOf(event, scanned ?? { generation: 0 }, rule),
    uid: findingUid(`${rule.id}/${group}`, event.position),
    related: basis.filter((position) => comparePositions(position, event.position) !== 0),
    matched: shownFields(fields),
  });
}

/** The group as a finding names it. */
export function shownFields(fields: CorrelationGroup['fields']): CorrelationGroup['fields'] {
  return fields.slice(0, findingLimits.matched).map(({ field, value }) => ({
    field: field.slice(0, findingLimits.field).toWellFormed(),
    value: value.slice(0, findingLimits.value).toWellFormed(),
  }));
}

/** How many events a finding of a correlation names: the one it came true with, and those related to it. */
export function shownEvents(basis: readonly Position[], position: Position): number {
  const related = basis.filter((one) => comparePositions(one, position) !== 0).length;
  return 1 + Math.min(related, findingLimits.related);
}

/** The finding that rules did not see all of an event: whoever sends an event that cannot be scanned is seen doing it. */
export function skippedEntry(event: LedgerEvent, reason: string): AppendEntry {
  return entry(`detection-skipped/${event.position.log}`, {
    uid: findingUid(skippedRuleId, event.position),
    title: 'An event was not scanned in full',
    description: `Event ${formatPosition(event.position)}: ${reason}`,
    createdAtMs: event.receivedAtMs,
    level: 'medium',
    rule: { id: skippedRuleId },
    attacks: [],
    input: event.position,
    generation: 1,
    matched: [],
  });
}

/** The ledger takes names of up to 200 characters; an id may be longer, as that of a rule known by its file. */
function streamPart(ruleId: string): string {
  return ruleId.length <= 128 ? ruleId : createHash('sha256').update(ruleId).digest('hex');
}

/** (stream, sequence) names the finding to the ledger: appending it again returns the old position. */
function entry(stream: string, finding: Finding): AppendEntry {
  const body = findingBody(finding);
  return {
    classUid: body.class_uid,
    body: new TextEncoder().encode(JSON.stringify(body)),
    stream,
    sequence: finding.input.index,
  };
}

function findingUid(subject: string, input: Position): string {
  const name = `detection/${findingVersion}/${subject}/${formatPosition(input)}`;
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}
