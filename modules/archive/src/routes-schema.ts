import { Type } from 'typebox';
import type { TSchema } from 'typebox';
import { lockModes, storageClasses } from './settings.ts';

const orNull = <Schema extends TSchema>(schema: Schema, description?: string) =>
  Type.Union([schema, Type.Null()], description === undefined ? {} : { description });
const Time = Type.String({ format: 'date-time' });
const Count = Type.Integer({ minimum: 0 });
const closed = { additionalProperties: false };

export const AskedSettings = Type.Object(
  {
    place: Type.Union([
      Type.Object(
        {
          kind: Type.Literal('s3'),
          bucket: Type.String({
            minLength: 3,
            maxLength: 63,
            description: 'With Object Lock, which brings versioning with it',
          }),
          region: Type.String({ minLength: 2, maxLength: 32 }),
          endpoint: Type.Optional(
            Type.String({ maxLength: 300, description: 'https; Amazon’s own of the region when left out' }),
          ),
          authority_pem: Type.Optional(
            Type.String({
              maxLength: 20_000,
              description: 'What its certificate must lead to, when no public authority vouches for it',
            }),
          ),
          prefix: Type.Optional(
            Type.String({ maxLength: 300, description: 'Parts each followed by "/"; "sallyport/" when left out' }),
          ),
          path_style: Type.Optional(
            Type.Boolean({
              description: 'The bucket in the path instead of the host name; true with an endpoint when left out',
            }),
          ),
          mode: Type.Enum([...lockModes], {
            description:
              'compliance: nobody shortens a lock before its end, the owner of the account included; governance: whoever has the right to bypass it does',
          }),
          retention_days: Type.Integer({
            minimum: 1,
            maximum: 36_500,
            description: 'How long each file is locked from when it is stored',
          }),
          storage_class: Type.Optional(Type.Enum([...storageClasses])),
          credentials: Type.Optional(
            Type.Enum(['vault', 'environment'], {
              description:
                'vault: the access key given here, kept sealed; environment: the machine’s own, where AWS tools look',
            }),
          ),
          access_key: Type.Optional(
            Type.Object(
              {
                id: Type.String({ minLength: 1, maxLength: 128, pattern: '^[\\w-]+$' }),
                secret: Type.String({ minLength: 1, maxLength: 256 }),
              },
              { ...closed, description: 'Left out, the one given before is used' },
            ),
          ),
        },
        closed,
      ),
      Type.Object(
        {
          kind: Type.Literal('directory'),
          path: Type.String({
            minLength: 1,
            maxLength: 1000,
            description: 'On another disk or a mounted share; locks nothing',
          }),
        },
        closed,
      ),
    ]),
    lag_limit_hours: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 8760,
        description: 'Older entries that are not archived raise an alert; 24 when left out',
      }),
    ),
    span_minutes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_080,
        description: 'How long entries wait for more before they are archived; 60 when left out',
      }),
    ),
  },
  closed,
);

export const ShownFile = Type.Object({
  name: Type.String(),
  kind: Type.Enum(['blocks', 'tiles', 'checkpoint', 'log', 'vault', 'record']),
  bytes: Count,
  sha256: Type.String(),
  version: orNull(Type.String()),
  lock: orNull(Type.Object({ mode: Type.Enum([...lockModes]), until: Time })),
  held: Type.Boolean({ description: 'A legal hold stands on it' }),
  stored_at: Time,
  checked_at: Time,
  read_at: orNull(Time, 'When every byte was last read back'),
  problem: orNull(Type.String()),
});
export const FileList = Type.Object({ files: Type.Array(ShownFile), next: orNull(Type.String()) });

const ShownSettings = Type.Object({
  lag_limit_hours: Count,
  span_minutes: Count,
  place: Type.Union([
    Type.Object({
      kind: Type.Literal('s3'),
      bucket: Type.String(),
      region: Type.String(),
      endpoint: orNull(Type.String()),
      own_authority: Type.Boolean(),
      prefix: Type.String(),
      path_style: Type.Boolean(),
      mode: Type.Enum([...lockModes]),
      retention_days: Count,
      storage_class: Type.String(),
      credentials: Type.Enum(['vault', 'environment']),
    }),
    Type.Object({
      kind: Type.Literal('directory'),
      path: Type.String(),
      apart: Type.Boolean({ description: 'On another disk than the data' }),
    }),
  ]),
});

export const Report = Type.Union([
  Type.Object({ on: Type.Literal(false) }),
  Type.Object({
    on: Type.Literal(true),
    settings: ShownSettings,
    place: Type.String(),
    lock: Type.Enum(['compliance', 'governance', 'none']),
    not_promised: Type.Array(Type.String()),
    state: Type.Enum(['archiving', 'paused', 'waiting', 'failing'], {
      description: 'paused: disk and line are left to intake; waiting: everything due is archived',
    }),
    failure: orNull(Type.Object({ code: Type.String(), message: Type.String(), since: Time, next_try: Time })),
    logs: Type.Array(
      Type.Object({
        log: Type.Integer(),
        archived: Type.Integer({ description: 'Entries before this one are archived' }),
        entries: Count,
        waiting_since: orNull(Time, 'Ledger time of the first entry that is not archived'),
      }),
    ),
    lag_seconds: Type.Integer({ description: 'Age of the first entry that is not archived' }),
    late: Type.Boolean({ description: 'Older than the limit' }),
    files: Count,
    bytes: Count,
    held: Type.Integer({ description: 'Files under a legal hold' }),
    never_read: Type.Integer({
      description: 'Files whose every byte was not read back yet; their sums were confirmed',
    }),
    all_checked_since: orNull(Time, 'Every file was asked for since then'),
    vault: orNull(Type.Object({ name: Type.String(), at: Time }), 'The newest copy of the wrapped keys'),
    problems: Count,
    troubled: Type.Array(ShownFile),
    verification: orNull(
      Type.Object({
        state: Type.Enum(['running', 'done', 'failed']),
        deep: Type.Boolean(),
        done: Count,
        total: Count,
        bytes_read: Count,
        unknown: Type.Integer({ description: 'Files in the archive that this server knows nothing of' }),
        problems: Type.Array(Type.Object({ name: Type.String(), message: Type.String() })),
        started_at: Time,
        ended_at: orNull(Time),
        error: orNull(Type.String()),
      }),
      'The last check of all files since the server started',
    ),
  }),
]);
