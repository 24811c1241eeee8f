import { findingLevels } from '@sallyport/contracts';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { ruleStatuses } from './pack-state.ts';
import type { PackCatalogue } from './read-catalogue.ts';

const closed = { additionalProperties: false } as const;
const Catalogue = Type.Object(
  {
    rules: Type.Array(
      Type.Object(
        {
          id: Type.String(),
          title: Type.String(),
          level: Type.Enum(findingLevels),
          status: Type.Enum(ruleStatuses),
          author: Type.String(),
          path: Type.String(),
          line: Type.Integer(),
          isCorrelation: Type.Boolean(),
          detection: Type.String(),
          text: Type.String(),
        },
        closed,
      ),
    ),
    refusals: Type.Array(Type.Object({ path: Type.String(), line: Type.Integer(), reason: Type.String() }, closed)),
  },
  closed,
);

export function isCatalogue(value: unknown): value is PackCatalogue {
  return Check(Catalogue, value);
}
