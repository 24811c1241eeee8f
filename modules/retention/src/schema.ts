import { Type } from 'typebox';

const closed = { additionalProperties: false };
const day = (description: string) => Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description });
const time = (description: string) => Type.String({ format: 'date-time', description });
const orNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()]);
const className = Type.String({
  pattern: '^[a-z][a-z0-9-]{0,30}$',
  description: '`events`, `findings`, `audit`, or one of your own',
});
const keepDays = (description: string) =>
  Type.Union([Type.Integer({ minimum: 1, maximum: 36_525 }), Type.Null()], { description });
const reason = Type.String({ minLength: 1, maxLength: 500, description: 'Kept with it and in the audit trail' });
const profile = Type.Enum(['cert-in', 'dpdp'], { description: 'A law that sets a minimum' });

/** A destruction or policy on its way through the vault; all of it is at `/v1/vault/destructions/:id`. */
const Step = Type.Object({
  id: Type.String({ description: 'As at `/v1/vault/destructions/:id`, where it is signed and seen' }),
  stage: Type.String({ description: '`proposed` waits for what `obstacles` say; `agreed` holds' }),
  at: time('When it was proposed'),
  by: Type.String(),
  reason: Type.String(),
  signatures: Type.Integer({ description: 'People who have signed it; it takes two' }),
  obstacles: Type.Array(Type.String(), { description: 'What stands in the way, for people' }),
});
export const PolicyStep = Type.Object({
  ...Step.properties,
  keep_days: keepDays('Days to be kept; null: for ever'),
});
const Expiry = Type.Object({
  ...Step.properties,
  labels: Type.Array(Type.String(), { description: 'CLASS/DAY of each key' }),
  kept: Type.Array(Type.Object({ label: Type.String(), why: Type.String() }), {
    description: 'Days of the batch that survive, and why',
  }),
});
const Class = Type.Object({
  name: className,
  about: Type.String(),
  keep_days: keepDays('Days kept after the day of receipt; null: for ever'),
  agreed_at: orNull(time('Since when')),
  minimum_days: Type.Integer({ description: 'The least that the profiles in force let it be' }),
  recommended_days: Type.Integer(),
  recommended_because: Type.String(),
  waiting: Type.Array(PolicyStep, { description: 'Shorter keepings that wait for two people or for time' }),
  kept: Type.Object({
    days: Type.Integer(),
    events: Type.Integer(),
    bytes: Type.Integer({ description: 'Of sealed blocks in the ledger' }),
    oldest_day: orNull(day('Receive day, UTC')),
    newest_day: orNull(day('Receive day, UTC')),
  }),
  next_expiry: orNull(time('When the oldest day that nothing holds is past its time')),
  due_days: Type.Integer({ description: 'Days past their time that wait to be destroyed' }),
  held_days: Type.Integer({ description: 'Days a legal hold keeps' }),
  erased: Type.Object({ days: Type.Integer(), events: Type.Integer() }),
  sources: Type.Array(Type.String(), { description: 'Sources given this class' }),
});
export const Hold = Type.Object({
  id: Type.String(),
  name: Type.String({ description: 'Of the case' }),
  reason: Type.String(),
  by: Type.String(),
  at: time('When it was placed'),
  classes: Type.Array(Type.String()),
  from_day: orNull(day('First day')),
  to_day: orNull(day('Last day; null: what is yet to come too')),
  keys: Type.Integer({ description: 'Keys it keeps now; each is a whole day of a class' }),
});
export const Overview = Type.Object({
  classes: Type.Array(Class),
  profiles: Type.Array(profile),
  holds: Type.Array(Hold),
  expiries: Type.Array(Expiry, { description: 'Batches of expired days, the newest first' }),
  clock: Type.Object({
    ledger_time: time('Days are over by it'),
    evidence: Type.Enum(['witnesses', 'running-time'], {
      description: 'By what the vault believes that time has passed: its witnesses, or time it was seen running',
    }),
  }),
  recordings: orNull(
    Type.Object({
      keep_days: Type.Integer(),
      bytes: Type.Integer({ description: 'The most they may take' }),
      used_bytes: Type.Integer(),
    }),
  ),
});
export const ErasedDays = Type.Object({
  erased: Type.Array(
    Type.Object({
      key_id: Type.String(),
      label: Type.String({ description: 'CLASS/DAY' }),
      destroyed_at: time('Since when the vault lives without the key'),
      events: Type.Integer({ description: 'Events it had sealed' }),
      forgotten_at: orNull(time('When every keeper of copies had answered')),
      receipts: Type.Array(
        Type.Object({ keeper: Type.String(), changed: Type.Integer(), at: time('When it answered') }),
      ),
      waiting: Type.Array(Type.Object({ keeper: Type.String(), error: orNull(Type.String()) }), {
        description: 'Keepers that have not forgotten yet; asked again every minute',
      }),
    }),
  ),
});
export const PolicyBody = Type.Object({ keep_days: keepDays('null: for ever'), reason }, closed);
export const ProfilesBody = Type.Object({ profiles: Type.Array(profile, { uniqueItems: true, maxItems: 8 }) }, closed);
export const SourceBody = Type.Object({ class: className }, closed);
export const HoldBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, description: 'Of the case' }),
    reason,
    classes: Type.Optional(Type.Array(className, { maxItems: 20, uniqueItems: true })),
    source: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'Everything of the class this source has' }),
    ),
    from_day: Type.Optional(day('First day; from the beginning without')),
    to_day: Type.Optional(day('Last day; what is yet to come too without')),
  },
  closed,
);
export const classParams = Type.Object({ class: className });
export const sourceParams = Type.Object({ source: Type.String({ minLength: 1, maxLength: 200 }) });
