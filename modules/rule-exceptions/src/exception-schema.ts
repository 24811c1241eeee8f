import { findingLevels } from '@sallyport/contracts';
import { Type } from 'typebox';
import { exceptionLimits, warningCodes } from './exception.ts';
import { trialLimits } from './trial.ts';

const time = { format: 'date-time' } as const;
const Person = Type.Object({ kind: Type.String(), id: Type.String(), name: Type.String() });
const Count = Type.Integer({ minimum: 0 });
const WarningCode = Type.Enum(warningCodes);
const Warnings = Type.Array(Type.Object({ code: WarningCode, text: Type.String() }));
const Promised = Type.Object({ hidden: Count, of: Count, days: Count });

export const Version = Type.Object({
  version: Type.Integer(),
  name: Type.String(),
  reason: Type.String(),
  all_rules: Type.Boolean(),
  rules: Type.Array(Type.String(), { description: 'Empty when it is for all rules' }),
  condition: Type.String(),
  host: Type.Optional(Type.String()),
  user: Type.Optional(Type.String()),
  site: Type.Optional(Type.String()),
  expires: Type.Optional(Type.String({ ...time, description: 'Left out: never' })),
  from: Type.Optional(Type.String({ ...time, description: 'Ledger time; left out while it is proposed' })),
  to: Type.Optional(Type.String({ ...time, description: 'When it expires, or was replaced or withdrawn' })),
  made: Type.String(time),
  by: Person,
  approved_by: Type.Optional(Person),
  tried: Type.Optional(Promised),
  accepted: Type.Array(WarningCode),
});

export const Shown = Type.Object({
  id: Type.String(),
  revision: Type.Integer({ description: 'To be sent back with a change' }),
  state: Type.Enum(['proposed', 'active', 'expired', 'withdrawn'], {
    description: 'proposed: hides nothing until a second person approves it',
  }),
  hints: Type.Array(
    Type.Enum(['expires_soon', 'idle', 'more_than_tried', 'rule_not_in_force', 'rule_from_elsewhere', 'damaged']),
  ),
  created: Type.String(time),
  current: Type.Optional(Version),
  hidden: Type.Integer({ description: 'Matches it hid' }),
  hidden_30d: Count,
  last_hidden: Type.Optional(Type.String(time)),
  days: Type.Array(Type.Object({ day: Type.String({ format: 'date' }), hidden: Count })),
  withdrawn: Type.Optional(Type.Object({ at: Type.String(time), by: Person, reason: Type.String() })),
});

export const Detailed = Type.Intersect([
  Shown,
  Type.Object({
    versions: Type.Array(Version, { description: 'The newest first' }),
    newest_hidden: Type.Array(Type.Object({ event: Type.String(), at: Type.String(time), rule_id: Type.String() }), {
      description: 'Where the events of the newest 20 hidden matches stand',
    }),
  }),
]);

export const TrialShown = Type.Object({
  id: Type.String(),
  state: Type.Enum(['running', 'done', 'cancelled', 'failed']),
  reason: Type.Optional(Type.String()),
  days: Count,
  findings: Type.Integer({ description: 'Findings of its rules in these days' }),
  looked_at: Count,
  complete: Type.Boolean({ description: `False: only the newest ${trialLimits.findings} were looked at` }),
  hidden: Count,
  hidden_alerts: Type.Integer({ description: 'Alerts these findings belong to' }),
  hidden_before: Type.Integer({
    description: 'Matches of its rules that exceptions hid in these days: it is not tried on them',
  }),
  hidden_attacks: Type.Integer({ description: 'Findings that people judged to be of an attack' }),
  hidden_critical: Count,
  gone: Type.Integer({ description: 'Findings whose event was erased, or cannot be read' }),
  changed: Type.Integer({ description: 'Findings whose rule does not match their event any more' }),
  warnings: Warnings,
  would_hide: Type.Array(
    Type.Object({
      finding: Type.String(),
      event: Type.String(),
      at: Type.String(time),
      alert_id: Type.String(),
      rule_id: Type.String(),
      title: Type.String(),
      level: Type.Enum(findingLevels),
      disposition: Type.Optional(Type.String()),
      host: Type.Optional(Type.String()),
      user: Type.Optional(Type.String()),
    }),
    { description: `The newest ${trialLimits.listed}` },
  ),
});

const name = { minLength: 1, maxLength: 200 } as const;
const What = {
  rules: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
      minItems: 1,
      maxItems: exceptionLimits.rules,
      uniqueItems: true,
      description: 'Ids of rules and correlations in force',
    }),
  ),
  all_rules: Type.Optional(Type.Boolean({ description: 'In place of `rules`; needs a host, a user or a site' })),
  condition: Type.String({
    minLength: 1,
    maxLength: exceptionLimits.conditionBytes,
    description: 'Search identifiers and a condition as YAML, as under `filter` of a Sigma filter',
  }),
  host: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
  user: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
  site: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
} as const;
export const TriedBody = Type.Object(
  { ...What, days: Type.Optional(Type.Integer({ minimum: 1, maximum: 90, description: 'Default 30' })) },
  { additionalProperties: false },
);
const Saved = {
  ...What,
  name: Type.String(name),
  reason: Type.String({ minLength: 1, maxLength: 2000 }),
  expires: Type.Optional(Type.String({ ...time, maxLength: 40, description: 'Default in 30 days' })),
  never: Type.Optional(Type.Boolean({ description: 'It never ends' })),
  trial: Type.Optional(Type.String({ pattern: '^[0-9a-f]{24}$', description: 'Id of its trial' })),
  accept: Type.Optional(Type.Array(WarningCode, { maxItems: 20, description: 'Warnings that were read' })),
} as const;
export const SavedBody = Type.Object(Saved, { additionalProperties: false });
export const revision = Type.Integer({ minimum: 1, description: 'The one that was looked at' });
export const ChangedBody = Type.Object({ ...Saved, revision }, { additionalProperties: false });
export const params = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{24}$' }) });
