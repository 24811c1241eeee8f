import { Type } from 'typebox';
import type { TSchema } from 'typebox';
import { subjectKinds } from './kinds.ts';
import { identifierKinds } from './identifiers.ts';

const orNull = <Schema extends TSchema>(schema: Schema, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description });
const Time = Type.String({ format: 'date-time' });
const Count = Type.Integer({ minimum: 0 });
const strict = { additionalProperties: false };
const Path = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'Names with dots between; `*` for any one name, `**` for any number of them; lists are walked through',
});
const Kind = Type.Enum([...subjectKinds]);
const Source = Type.String({ minLength: 1, maxLength: 200 });
const Exception = Type.String({ minLength: 1, maxLength: 200 });

const fields = {
  kind: Kind,
  paths: Type.Array(Path, { minItems: 1, maxItems: 40 }),
  except: Type.Array(Exception, { maxItems: 200, description: 'Values that are nobody’s' }),
};
const Declared = Type.Object({
  name: Type.String(),
  ...fields,
  sources: orNull(Type.Array(Source), 'Null: all of them, findings and audit records included'),
  since: Time,
  by: Type.String(),
});
export const DeclarationList = Type.Object({
  presets: Type.Array(Type.Object({ name: Type.String(), ...fields, declared: Type.Boolean() })),
  declarations: Type.Array(Declared),
  subjects: Type.Object({
    sealed: Type.Integer({ description: 'Subjects with a key of their own' }),
    erased: Count,
    shared_today: Type.Integer({ description: 'Values sealed under one key of the day, for want of room' }),
    unreadable: Type.Integer({ description: 'Events that do not open though nobody erased them, since the start' }),
  }),
});
export const DeclarationAnswer = Declared;
export const NewDeclaration = Type.Object(
  {
    preset: Type.Optional(
      Type.String({ maxLength: 50, description: 'Takes kind, paths and exceptions from a preset' }),
    ),
    kind: Type.Optional(Kind),
    paths: Type.Optional(Type.Array(Path, { minItems: 1, maxItems: 40 })),
    sources: Type.Optional(Type.Array(Source, { minItems: 1, maxItems: 100, description: 'All of them without' })),
    except: Type.Optional(Type.Array(Exception, { maxItems: 200 })),
  },
  strict,
);
export const NameParams = Type.Object({ name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,49}$' }) });
export const IdParams = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{16}$' }) });

const AskedIdentifier = Type.Object(
  {
    kind: Type.Enum([...identifierKinds], {
      description: 'shared: all those of a day (YYYY-MM-DD) that got no key of their own',
    }),
    value: Type.String({ minLength: 1, maxLength: 1000 }),
  },
  strict,
);
export const About = Type.Array(AskedIdentifier, {
  minItems: 1,
  maxItems: 20,
  description: 'The names one person goes by',
});
export const Find = Type.Object({ about: About }, strict);
const Place = Type.Object({ position: Type.String(), received_at: Time });
export const FoundAnswer = Type.Object({
  subjects: Type.Array(
    Type.Object({
      kind: Type.Enum([...identifierKinds]),
      value: Type.String(),
      subject_id: orNull(Type.String()),
      since: orNull(Time, 'When something was first sealed under this name'),
      state: Type.Enum(['unknown', 'sealed', 'forgetting', 'erased']),
    }),
  ),
  entries: Count,
  complete: Type.Boolean({ description: 'False: there are more entries than were counted' }),
  first: orNull(Place),
  last: orNull(Place),
});
export const NewRequest = Type.Object(
  {
    kind: Type.Enum(['access', 'erasure']),
    about: About,
    reason: Type.String({
      minLength: 1,
      maxLength: 500,
      description: 'Kept for good: say by what right or ticket it is asked, not who asks',
    }),
  },
  strict,
);
export const RequestAnswer = Type.Object({
  id: Type.String(),
  kind: Type.Enum(['access', 'erasure']),
  state: Type.Enum(['answered', 'waiting', 'cancelled', 'forgetting', 'held', 'erased'], {
    description:
      'waiting: for signatures and time, see the destruction; forgetting: keys are gone, copies are being made to forget; held: a legal hold kept a key',
  }),
  about: orNull(Type.Array(AskedIdentifier), 'Null once erased, and to whoever may not manage personal data'),
  reason: Type.String(),
  keys: Count,
  asked_at: Time,
  asked_by: Type.Object({ id: Type.String(), name: Type.String() }),
  destruction: orNull(
    Type.Object({ id: Type.String(), stage: Type.String(), certificate: Type.Boolean() }),
    'The destruction of the keys: `/v1/vault/destructions`',
  ),
  forgotten_entries: Count,
  ended_at: orNull(Time),
});
export const RequestList = Type.Object({ requests: Type.Array(RequestAnswer) });
