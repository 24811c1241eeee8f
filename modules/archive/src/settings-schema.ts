import { Type } from 'typebox';
import type { Static } from 'typebox';
import { lockModes, storageClasses } from './settings.ts';

const closed = { additionalProperties: false };
const Hours = Type.Integer({ minimum: 1, maximum: 8760 });
const Minutes = Type.Integer({ minimum: 1, maximum: 10_080 });

/** As they lie in the database. */
export const StoredSettings = Type.Object(
  {
    place: Type.Union([
      Type.Object(
        {
          kind: Type.Literal('s3'),
          bucket: Type.String(),
          region: Type.String(),
          endpoint: Type.Optional(Type.String()),
          authorityPem: Type.Optional(Type.String()),
          prefix: Type.String(),
          pathStyle: Type.Boolean(),
          mode: Type.Enum([...lockModes]),
          retentionDays: Type.Integer({ minimum: 1, maximum: 36_500 }),
          storageClass: Type.Enum([...storageClasses]),
          credentials: Type.Enum(['vault', 'environment']),
        },
        closed,
      ),
      Type.Object({ kind: Type.Literal('directory'), path: Type.String(), isApart: Type.Boolean() }, closed),
    ]),
    lagLimitHours: Hours,
    spanMinutes: Minutes,
  },
  closed,
);
export type StoredSettings = Static<typeof StoredSettings>;
