import type { JsonValue } from '@sallyport/contracts';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { tamperKinds } from '@sallyport/object-detection';
import type { CameraStanding } from './camera-notice.ts';
import { labelClasses } from './label-class.ts';

const Standing = Type.Object({
  connection: Type.Enum(['live', 'offline', 'unknown']),
  tamper: Type.Optional(
    Type.Object({
      kind: Type.Enum([...tamperKinds]),
      kinds: Type.Array(Type.Enum([...tamperKinds])),
      sinceMs: Type.Number(),
    }),
  ),
  sightings: Type.Array(
    Type.Object({
      id: Type.Number(),
      label: Type.String(),
      labelClass: Type.Enum([...labelClasses]),
      zone: Type.Optional(Type.Object({ id: Type.String(), name: Type.String() })),
      isWatched: Type.Boolean(),
      isNight: Type.Boolean(),
      score: Type.Number(),
      sinceMs: Type.Number(),
    }),
  ),
  nextId: Type.Number(),
});

/** Undefined for what no version of this program kept. */
export function parseStanding(value: JsonValue): CameraStanding | undefined {
  return Check(Standing, value) ? value : undefined;
}
