import { Type } from 'typebox';
import { privilegeLimits, privilegeStates } from './request.ts';
import { separationLimits } from './separation.ts';

export const params = Type.Object(
  { id: Type.String({ minLength: 1, maxLength: 64 }) },
  { additionalProperties: false },
);

export const AskBody = Type.Object(
  {
    role: Type.String({ minLength: 1, maxLength: 64 }),
    site: Type.Optional(Type.String({ minLength: 1, maxLength: 60, description: 'At this site alone' })),
    actions: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 60 }), {
        minItems: 1,
        maxItems: 50,
        description: 'These of what the role brings alone; else all of it',
      }),
    ),
    minutes: Type.Integer({ minimum: privilegeLimits.leastMinutes, maximum: privilegeLimits.hardMostMinutes }),
    reason: Type.String({ minLength: 3, maxLength: privilegeLimits.reason }),
  },
  { additionalProperties: false },
);

export const NoteBody = Type.Object(
  { note: Type.Optional(Type.String({ maxLength: privilegeLimits.reason })) },
  { additionalProperties: false },
);

export const ReviewBody = Type.Object(
  {
    verdict: Type.Enum(['proper', 'concern']),
    note: Type.String({ minLength: 3, maxLength: privilegeLimits.reason }),
  },
  { additionalProperties: false },
);

const Instant = Type.String({ format: 'date-time' });
const Maybe = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

const Decision = Type.Object({
  kind: Type.Enum(['approve', 'deny', 'review']),
  by: Type.String(),
  at: Instant,
  note: Type.String(),
  verdict: Maybe(Type.Enum(['proper', 'concern'])),
  entries: Maybe(Type.Integer({ description: 'What the reviewer was shown' })),
});

const shown = {
  id: Type.String({ description: 'Also the id of the grant, which events carry' }),
  kind: Type.Enum(['request', 'break-glass']),
  state: Type.Enum([...privilegeStates]),
  requester: Type.Object({ id: Type.String(), name: Type.String() }),
  role: Type.String(),
  role_name: Type.String(),
  site: Maybe(Type.String({ description: 'At this site alone; null: everywhere' })),
  actions: Maybe(Type.Array(Type.String(), { description: 'These actions alone; null: all the role brings' })),
  minutes: Type.Integer(),
  reason: Type.String(),
  asked_at: Instant,
  expires_at: Instant,
  approvals: Type.Integer(),
  needed: Type.Integer(),
  adds: Type.Array(Type.String(), { description: 'Actions that come with it' }),
  dangerous: Type.Array(Type.String(), { description: 'Those of them that two people must approve' }),
  started_at: Maybe(Instant),
  left_seconds: Type.Integer(),
  ended_at: Maybe(Instant),
  ended_because: Maybe(Type.String()),
  ended_by: Maybe(Type.String()),
  decisions: Type.Array(Decision),
  may_decide: Type.Boolean({ description: 'Whoever asks may approve, deny, revoke and review it' }),
  needs_review: Type.Boolean(),
  review_due_at: Maybe(Instant),
  review_overdue: Type.Boolean(),
};
export const ShownRequestSchema = Type.Object(shown);

export const DetailedRequest = Type.Object({
  ...shown,
  from: Type.Object({
    address: Type.String(),
    agent: Type.String(),
    signed_in_at: Instant,
    assurance: Type.Integer(),
    device: Maybe(Type.String({ description: 'Thumbprint of the browser’s key' })),
    new_device: Type.Boolean(),
    unusual: Type.Array(Type.String()),
  }),
  risk_then: Maybe(Type.Integer()),
  risk_now: Maybe(Type.Integer()),
  risk_reasons: Type.Array(Type.String()),
  own_roles: Type.Array(Type.String()),
  own_site_roles: Type.Array(Type.Object({ role: Type.String(), site: Type.String() })),
  approvers: Type.Array(Type.String(), { description: 'Who may approve it' }),
  earlier: Type.Array(ShownRequestSchema),
});

export const Option = Type.Object({
  role: Type.String(),
  role_name: Type.String(),
  max_minutes: Type.Integer(),
  adds: Type.Array(Type.String()),
  dangerous: Type.Array(Type.String()),
  needed: Type.Integer(),
  refused_because: Maybe(Type.String()),
  approved_by: Type.Array(Type.String(), { description: 'Roles whose holders may approve it' }),
});

const RoleRuleSchema = Type.Object(
  {
    role: Type.String({ minLength: 1, maxLength: 64 }),
    requestable_by: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 50 }),
    approvers: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 50 }),
    approvals: Type.Integer({ minimum: 1, maximum: 2 }),
    max_minutes: Type.Integer({ minimum: privilegeLimits.leastMinutes, maximum: privilegeLimits.hardMostMinutes }),
    reviewed: Type.Boolean(),
  },
  { additionalProperties: false },
);
const SeparationRuleSchema = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 64 }),
    name: Type.String({ minLength: 1, maxLength: separationLimits.name }),
    why: Type.String({ minLength: 1, maxLength: separationLimits.why }),
    one: Type.Array(Type.String({ maxLength: 80 }), { minItems: 1, maxItems: separationLimits.sides }),
    other: Type.Array(Type.String({ maxLength: 80 }), { minItems: 1, maxItems: separationLimits.sides }),
  },
  { additionalProperties: false },
);
const settings = {
  roles: Type.Array(RoleRuleSchema, { maxItems: 100 }),
  end_at_risk: Type.Integer({ minimum: 1, maximum: 100 }),
  review_hours: Type.Integer({ minimum: 1, maximum: 720 }),
  break_glass_minutes: Type.Integer({ minimum: 15, maximum: 240 }),
  break_glass_review_hours: Type.Integer({ minimum: 1, maximum: 168 }),
  drill_days: Type.Integer({ minimum: 1, maximum: 366 }),
  separation_off: Type.Array(Type.String({ maxLength: 64 }), { maxItems: separationLimits.rules }),
  separation_own: Type.Array(SeparationRuleSchema, { maxItems: separationLimits.rules }),
};
export const SettingsBody = Type.Object(
  { revision: Type.Integer({ minimum: 0 }), ...settings },
  { additionalProperties: false },
);
export const SettingsAnswer = Type.Object({
  revision: Type.Integer(),
  ...settings,
  separation_bundled: Type.Array(
    Type.Object({
      ...SeparationRuleSchema.properties,
      by_design: Type.Array(Type.String(), { description: 'Roles that are both by themselves' }),
    }),
  ),
});

export const Standing = Type.Object({
  active: Type.Array(ShownRequestSchema, { description: 'Grants that whoever asks holds now, in this session' }),
  ready: Type.Array(ShownRequestSchema, { description: 'Approved, to be taken up' }),
  waiting: Type.Integer({ description: 'Requests that wait for the decision of whoever asks' }),
  reviews: Type.Integer({ description: 'Grants that wait for their review' }),
  reviews_overdue: Type.Integer(),
  break_glass: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      since: Instant,
      address: Type.String(),
      left_seconds: Type.Integer(),
    }),
    { description: 'Opened accounts in use now: for administrators' },
  ),
  break_glass_unsealed: Type.Array(Type.String(), {
    description: 'Accounts whose codes are spent: for administrators',
  }),
});

export const Done = Type.Object({
  entries: Type.Array(
    Type.Object({
      position: Type.String(),
      at: Instant,
      action: Type.String(),
      target: Type.String(),
      outcome: Type.Enum(['success', 'failure']),
    }),
  ),
  has_more: Type.Boolean(),
  search: Type.String({ description: 'As a query of the search' }),
});
