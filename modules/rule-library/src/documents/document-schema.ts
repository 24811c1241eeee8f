import { formatPosition } from '@sallyport/contracts';
import { Type, type Static } from 'typebox';
import type { CheckedPart, CheckedText, LogSource, Remark } from './checked-text.ts';
import { documentStates } from './document.ts';
import type { RuleDocument, VersionSummary } from './document.ts';
import type { Tried } from './documents.ts';
import type { InForce } from './rule-documents.ts';
import type { StagingReport } from './staging-store.ts';
import type { TestResult } from './try-tests.ts';

const time = { format: 'date-time' } as const;

export const LogSourceBody = {
  category: Type.Optional(Type.String()),
  product: Type.Optional(Type.String()),
  service: Type.Optional(Type.String()),
};
const RemarkBody = Type.Object({
  line: Type.Integer({ description: 'Of the text, from 1' }),
  code: Type.String(),
  message: Type.String(),
});
const PartBody = Type.Object({
  kind: Type.Enum(['rule', 'correlation', 'filter', 'field_mapping']),
  id: Type.String(),
  title: Type.String(),
  line: Type.Integer(),
  level: Type.Optional(Type.String()),
  log_source: Type.Optional(Type.Object(LogSourceBody)),
  fields: Type.Array(Type.String(), { description: 'As the rule names them' }),
  tags: Type.Array(Type.String()),
});
const ResultBody = Type.Object({
  name: Type.String(),
  expect: Type.Enum(['match', 'no_match']),
  passed: Type.Boolean(),
  matched: Type.Array(
    Type.Object({
      rule_id: Type.String(),
      title: Type.String(),
      fields: Type.Array(Type.Object({ field: Type.String(), value: Type.String() })),
    }),
  ),
  reason: Type.Optional(Type.String()),
});
export const TriedBody = Type.Object({
  rules: Type.Array(PartBody, { description: 'What can be honoured' }),
  refusals: Type.Array(RemarkBody, { description: 'What cannot, and why' }),
  warnings: Type.Array(RemarkBody, { description: 'What to look at before it is in force' }),
  tests: Type.Array(ResultBody),
});
export const VersionBody = Type.Object({
  version: Type.Integer(),
  saved: Type.String(time),
  by: Type.String({ description: 'Name of who saved it' }),
  note: Type.String(),
  tests: Type.Integer({ description: 'How many' }),
  text_sha256: Type.String(),
  tests_sha256: Type.String(),
});
export const DocumentBody = Type.Object({
  id: Type.String(),
  name: Type.String(),
  state: Type.Enum(documentStates),
  created: Type.String(time),
  version: Type.Integer({ description: 'The newest' }),
  staged_version: Type.Optional(Type.Integer()),
  active_version: Type.Optional(Type.Integer()),
  staged_matches: Type.Optional(Type.Integer({ description: 'Matches since it was staged' })),
  head: VersionBody,
});
export const StagingBody = Type.Object({
  since: Type.String(time),
  rules: Type.Array(
    Type.Object({
      id: Type.String(),
      title: Type.String(),
      matches: Type.Integer({ description: 'Exact' }),
      first: Type.String(time),
      last: Type.String(time),
    }),
  ),
  newest: Type.Array(Type.Object({ position: Type.String(), received: Type.String(time), rule_id: Type.String() }), {
    description: 'Newest first; GET /v1/events/POSITION is the event',
  }),
  hidden: Type.Integer({ description: 'Of the newest, audit records, which the caller may not see' }),
});
export const InForceBody = Type.Object(
  {
    version: Type.Optional(Type.Integer()),
    rule_ids: Type.Array(Type.String()),
    refusals: Type.Array(Type.Object({ line: Type.Optional(Type.Integer()), reason: Type.String() })),
  },
  { description: 'What detection has loaded of it' },
);

export function shownTried({ checked, results }: Tried): Static<typeof TriedBody> {
  return { ...shownCheck(checked), tests: results.map(shownResult) };
}

function shownCheck({ parts, refusals, warnings }: CheckedText) {
  return { rules: parts.map(shownPart), refusals: refusals.map(shownRemark), warnings: warnings.map(shownRemark) };
}

const shownRemark = ({ line, code, message }: Remark): Static<typeof RemarkBody> => ({ line, code, message });

function shownPart({ logSource, fields, tags, kind, id, title, line, level }: CheckedPart): Static<typeof PartBody> {
  return {
    kind,
    id,
    title,
    line,
    ...(level === undefined ? {} : { level }),
    ...(logSource === undefined ? {} : { log_source: shownLogSource(logSource) }),
    fields: [...fields],
    tags: [...tags],
  };
}

export function shownLogSource({ category, product, service }: LogSource) {
  return {
    ...(category === undefined ? {} : { category }),
    ...(product === undefined ? {} : { product }),
    ...(service === undefined ? {} : { service }),
  };
}

function shownResult({ name, expect, passed, matched, reason }: TestResult): Static<typeof ResultBody> {
  return {
    name,
    expect,
    passed,
    matched: matched.map(({ ruleId, title, fields }) => ({
      rule_id: ruleId,
      title,
      fields: fields.map(({ field, value }) => ({ field, value })),
    })),
    ...(reason === undefined ? {} : { reason }),
  };
}

export function shownVersion(summary: VersionSummary): Static<typeof VersionBody> {
  const { version, savedMs, author, note, tests, textHash, testsHash } = summary;
  return { version, saved: iso(savedMs), by: author.name, note, tests, text_sha256: textHash, tests_sha256: testsHash };
}

export function shownDocument(document: RuleDocument, stagedMatches?: number): Static<typeof DocumentBody> {
  const { id, name, state, createdMs, version, stagedVersion, activeVersion, head } = document;
  return {
    id,
    name,
    state,
    created: iso(createdMs),
    version,
    ...(stagedVersion === undefined ? {} : { staged_version: stagedVersion, staged_matches: stagedMatches ?? 0 }),
    ...(activeVersion === undefined ? {} : { active_version: activeVersion }),
    head: shownVersion(head),
  };
}

/** Places of audit records are only for who may read the audit trail. */
export function shownStaging(report: StagingReport, seesAudit: boolean): Static<typeof StagingBody> {
  const visible = report.newest.filter(({ isAudit }) => seesAudit || !isAudit);
  return {
    since: iso(report.sinceMs),
    rules: report.rules.map(({ id, title, matches, firstMs, lastMs }) => ({
      id,
      title,
      matches,
      first: iso(firstMs),
      last: iso(lastMs),
    })),
    newest: visible.map(({ position, receivedMs, ruleId }) => ({
      position: formatPosition(position),
      received: iso(receivedMs),
      rule_id: ruleId,
    })),
    hidden: report.newest.length - visible.length,
  };
}

export function shownInForce({ version, ruleIds, refusals }: InForce): Static<typeof InForceBody> {
  return {
    ...(version === undefined ? {} : { version }),
    rule_ids: [...ruleIds],
    refusals: refusals.map(({ line, reason }) => ({ reason, ...(line === undefined ? {} : { line }) })),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
