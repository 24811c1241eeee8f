import { createHash } from 'node:crypto';
import { comparePositions, findingBody, formatPosition } from '@sallyport/contracts';
import type { Finding, Position } from '@sallyport/contracts';
import type { AppendEntry, LedgerEvent } from '@sallyport/ledger';
import type { CorrelationGroup, EventOutcome, RuleMatch, RuleSummary } from './match-protocol.ts';

/** The rule id of the finding that says an event was not scanned, or not in full. No rule file may claim it. */
export const skippedRuleId = 'sallyport-detection-skipped';

/** Part of every finding's uid: raised when the same rule and input should give new findings. */
const findingVersion = 1;

type Scanned = Extract<EventOutcome, { kind: 'scanned' }>;

/** The finding for one match. Depends on its arguments alone, so that a repeated run gives the same bytes. */
export function matchEntry(event: LedgerEvent, scanned: Scanned, match: RuleMatch, rule: RuleSummary): AppendEntry {
  return entry(`detection/${streamPart(rule.id)}/${event.position.log}`, {
    ...findingOf(event, scanned, rule),
    matched: match.matched,
  });
}

function findingOf(event: LedgerEvent, scanned: Scanned, rule: RuleSummary): Omit<Finding, 'matched'> {
  return {
    uid: findingUid(rule.id, event.position),
    title: rule.title,
    ...(rule.description === undefined ? {} : { description: rule.description }),
    createdAtMs: event.receivedAtMs,
    level: rule.level,
    rule: { id: rule.id, file: rule.file },
    attacks: rule.attacks,
    input: event.position,
    generation: scanned.generation + 1,
    ...(scanned.host === undefined ? {} : { host: scanned.host }),
    ...(scanned.user === undefined ? {} : { user: scanned.user }),
    ...(scanned.entities === undefined ? {} : { entities: scanned.entities }),
  };
}

/**
 * The finding of a correlation: `basis` are the events it rests on, `event` the one with which it came true. Two groups that
 * come true with one event, as aliases allow, share one finding: the first.
 */
export function correlationEntry(input: {
  readonly event: LedgerEvent;
  readonly scanned: Scanned;
  readonly group: CorrelationGroup;
  readonly basis: readonly Position[];
  readonly rule: RuleSummary;
}): AppendEntry {
  const { event, scanned, group, rule } = input;
  return entry(`correlation/${streamPart(rule.id)}/${event.position.log}`, {
    ...findingOf(event, scanned, rule),
    related: input.basis.filter((position) => comparePositions(position, event.position) !== 0),
    matched: group.fields,
  });
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

function findingUid(ruleId: string, input: Position): string {
  const name = `detection/${findingVersion}/${ruleId}/${formatPosition(input)}`;
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}
