import { findingLevels } from '@sallyport/contracts';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import type { ShownChange, Difference } from './pack-difference.ts';
import { ruleStatuses } from './pack-state.ts';
import type { PackVersion } from './pack-state.ts';
import type { TrustedKey } from './pack-store.ts';
import type { CatalogueRule } from './read-catalogue.ts';
import type { RuleDifference, ShownPack } from './rule-packs.ts';

const Time = Type.String({ format: 'date-time' });
const Person = Type.Object({ id: Type.String(), name: Type.String() });
const orNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);

export const Level = Type.Enum(findingLevels);
export const Status = Type.Enum(ruleStatuses);

const Version = Type.Object({
  version: Type.String(),
  state: Type.Enum(['reading', 'failed', 'staged', 'in_force', 'before'], {
    description: '`staged`: waits for somebody to put it into force; `before`: was in force and can be gone back to',
  }),
  reason: Type.Optional(Type.String({ description: 'Why it could not be read' })),
  progress: Type.Optional(
    Type.Object({ done: Type.Integer(), of: Type.Integer() }, { description: 'Rule files read' }),
  ),
  created: Time,
  imported: Time,
  imported_by: Person,
  key: Type.String({ description: 'Verifier key that signed it' }),
  sha256: Type.String({ description: 'Of the file' }),
  bytes: Type.Integer(),
  files: Type.Integer(),
  rules: Type.Integer(),
  refused: Type.Integer(),
  licence: Type.String(),
  source: Type.String(),
  tried: Type.Optional(
    Type.Object({
      hunts: Type.Array(Type.String()),
      rules: Type.Integer(),
      days: Type.Integer(),
    }),
  ),
});
export const Pack = Type.Object({
  name: Type.String(),
  in_force: orNull(Type.String()),
  can_go_back_to: orNull(Type.String()),
  damage: orNull(Type.String()),
  policy: Type.Object({ minimum_level: Level, minimum_status: Status }),
  off: Type.Array(
    Type.Object({ rule: Type.String(), title: Type.String(), reason: Type.String(), by: Person, at: Time }),
    { description: 'Rules that are switched off, in every release' },
  ),
  versions: Type.Array(Version, { description: 'The newest first' }),
});
export const Key = Type.Object({
  id: Type.String(),
  key: Type.String({ description: 'name+id+base64 (c2sp.org/signed-note)' }),
  note: Type.String(),
  by: Person,
  at: Time,
});
const Rule = Type.Object({
  id: Type.String(),
  title: Type.String(),
  level: Level,
  status: Status,
  author: Type.String(),
  file: Type.String(),
  line: Type.Integer(),
});
const Change = Type.Object({
  change: Type.Enum(['added', 'removed', 'changed']),
  rule: Rule,
  before: orNull(Rule),
  changed: Type.Array(Type.Enum(['detection', 'level', 'status', 'title', 'file', 'text'])),
  held_back: orNull(Type.Enum(['level', 'status', 'off'])),
  taken_by: orNull(Type.String({ description: 'File of another rule with this id: that one is in force' })),
});
export const DifferencePage = Type.Object({
  summary: Type.Object({
    added: Type.Integer(),
    removed: Type.Integer(),
    changed: Type.Integer(),
    detection_changed: Type.Integer(),
    unchanged: Type.Integer(),
    collisions: Type.Integer(),
    held_back: Type.Object({ level: Type.Integer(), status: Type.Integer(), off: Type.Integer() }),
    refused: Type.Integer(),
  }),
  total: Type.Integer({ description: 'Changes that fit the filter' }),
  changes: Type.Array(Change),
  refusals: Type.Array(Type.Object({ file: Type.String(), line: Type.Integer(), reason: Type.String() }), {
    description: 'What of the release cannot be honoured, the first 500',
  }),
  files: orNull(
    Type.Array(Type.Object({ change: Type.Enum(['added', 'removed', 'changed']), file: Type.String() }), {
      description:
        'Of files in which no rule stands, such as its licence, the first 500; null where those in force cannot be read',
    }),
  ),
});
export const RuleDifferenceAnswer = Type.Object({
  before: orNull(Rule),
  after: orNull(Rule),
  lines: Type.Array(
    Type.Object({
      kind: Type.Enum(['same', 'removed', 'added']),
      text: Type.String(),
      before: Type.Optional(Type.Integer({ description: 'Line in the text in force' })),
      after: Type.Optional(Type.Integer()),
    }),
  ),
});

export function shownPack({ state, damage, progress }: ShownPack): Static<typeof Pack> {
  const { minimumLevel, minimumStatus } = state.policy;
  return {
    name: state.name,
    in_force: state.inForce ?? null,
    can_go_back_to: state.before[0] ?? null,
    damage: damage ?? null,
    policy: { minimum_level: minimumLevel, minimum_status: minimumStatus },
    off: state.off.map(({ ruleId, title, reason, by, atMs }) => ({
      rule: ruleId,
      title,
      reason,
      by: { id: by.id, name: by.name },
      at: iso(atMs),
    })),
    versions: state.versions.map((version) => {
      const reading = progress(version.version);
      return {
        version: version.version,
        state: stateOf(version, state),
        ...(version.reason === undefined ? {} : { reason: version.reason }),
        ...(reading === undefined ? {} : { progress: { ...reading } }),
        created: iso(version.createdMs),
        imported: iso(version.importedMs),
        imported_by: { id: version.importedBy.id, name: version.importedBy.name },
        key: version.key,
        sha256: version.sha256,
        bytes: version.bytes,
        files: version.files,
        rules: version.rules,
        refused: version.refused,
        licence: version.licence,
        source: version.source,
        ...(version.tried === undefined
          ? {}
          : { tried: { hunts: version.tried.ids, rules: version.tried.rules, days: version.tried.days } }),
      };
    }),
  };
}

function stateOf({ version, reading }: PackVersion, state: ShownPack['state']): Static<typeof Version>['state'] {
  if (reading !== 'done') return reading;
  if (version === state.inForce) return 'in_force';
  return state.before.includes(version) ? 'before' : 'staged';
}

export function shownKey({ id, key, note, by, atMs }: TrustedKey): Static<typeof Key> {
  return { id, key, note, by: { id: by.id, name: by.name }, at: iso(atMs) };
}

/** Refusals and other files are shown so many at a time. */
const maxRefusals = 500;

export function shownDifference(
  { summary, refusals, files }: Difference,
  page: { readonly fitting: readonly ShownChange[]; readonly offset: number; readonly limit: number },
): Static<typeof DifferencePage> {
  const { fitting, offset, limit } = page;
  return {
    summary: {
      added: summary.added,
      removed: summary.removed,
      changed: summary.changed,
      detection_changed: summary.detectionChanged,
      unchanged: summary.unchanged,
      collisions: summary.collisions,
      held_back: { ...summary.heldBack },
      refused: summary.refused,
    },
    total: fitting.length,
    changes: fitting.slice(offset, offset + limit).map(({ change, rule, before, changed, heldBack, takenBy }) => ({
      change,
      rule: shownRule(rule),
      before: before === undefined ? null : shownRule(before),
      changed: [...changed],
      held_back: heldBack ?? null,
      taken_by: takenBy ?? null,
    })),
    refusals: refusals.slice(0, maxRefusals).map(({ path, line, reason }) => ({ file: path, line, reason })),
    files: files?.slice(0, maxRefusals).map(({ change, path }) => ({ change, file: path })) ?? null,
  };
}

export function shownRuleDifference({ before, after, lines }: RuleDifference): Static<typeof RuleDifferenceAnswer> {
  return {
    before: before === undefined ? null : shownRule(before),
    after: after === undefined ? null : shownRule(after),
    lines: lines.map((line) => ({ ...line })),
  };
}

function shownRule({ id, title, level, status, author, path, line }: CatalogueRule): Static<typeof Rule> {
  return { id, title, level, status, author, file: path, line };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
