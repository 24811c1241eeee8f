import { Type } from 'typebox';
import type { Static } from 'typebox';
import { momentKinds, momentStates } from './moment.ts';
import type { SeenMoment } from './moment.ts';

const Time = Type.Integer({ description: 'Milliseconds since 1970' });

export const MomentBody = Type.Object({
  id: Type.String(),
  camera: Type.String({ description: 'Id of the camera' }),
  kind: Type.Enum([...momentKinds]),
  label: Type.Optional(Type.String({ description: 'What appeared; of tampering its kind' })),
  zone: Type.Optional(Type.String()),
  from_ms: Time,
  to_ms: Time,
  picture: Type.Optional(Type.String({ description: 'SHA-256: `GET /v1/pictures/{sha256}`' })),
  score: Type.Number({ description: 'How much it is worth a look, 0 to 1' }),
  count: Type.Integer({ description: 'Events it stands for' }),
  state: Type.Enum([...momentStates]),
  by: Type.Optional(Type.Object({ id: Type.String(), name: Type.String() }, { description: 'Who saw it' })),
});

export function momentBody(moment: SeenMoment): Static<typeof MomentBody> {
  const { cameraId, fromMs, toMs, score, ...rest } = moment;
  const { by, ...shown } = rest;
  return {
    ...shown,
    camera: cameraId,
    from_ms: fromMs,
    to_ms: toMs,
    score: Math.round(score * 1000) / 1000,
    ...(by === undefined ? {} : { by: { ...by } }),
  };
}
