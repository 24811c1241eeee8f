import { Type } from 'typebox';
import type { Static } from 'typebox';

const Moment = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000, description: 'Milliseconds since 1970' });

export const TimelineMomentBody = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  label: Type.Optional(Type.String()),
  zone: Type.Optional(Type.String()),
  from_ms: Moment,
  to_ms: Moment,
  picture: Type.Optional(Type.String({ description: 'SHA-256, for `GET /v1/pictures/{sha256}`' })),
});
/** Something that stood out. */
export type TimelineMoment = Static<typeof TimelineMomentBody>;

export const TimelineBody = Type.Object({
  camera: Type.String(),
  from_ms: Moment,
  to_ms: Moment,
  recorded_from_ms: Type.Optional(Moment),
  running_from_ms: Type.Optional(Moment),
  shortest_gap_ms: Type.Integer(),
  segments: Type.Array(
    Type.Object({
      start_ms: Moment,
      end_ms: Moment,
      frames: Type.Integer(),
      audio: Type.Boolean(),
      bytes: Type.Integer(),
      late: Type.Boolean({ description: 'The camera recorded it itself and sent it later' }),
      plain_sha256: Type.String(),
      position: Type.String({ description: 'LOG/INDEX of its event in the ledger' }),
    }),
  ),
  gaps: Type.Array(
    Type.Object({
      from_ms: Moment,
      to_ms: Moment,
      why: Type.Union([
        Type.Literal('offline'),
        Type.Literal('uploaded_later'),
        Type.Literal('camera_off'),
        Type.Literal('deleted'),
        Type.Literal('lost'),
      ]),
    }),
  ),
  moments: Type.Array(TimelineMomentBody),
});
export type TimelineBody = Static<typeof TimelineBody>;

export const RetentionBody = Type.Object(
  {
    days: Type.Integer({ minimum: 1, maximum: 3650 }),
    bytes_per_camera: Type.Integer({ minimum: 1024 * 1024, maximum: Number.MAX_SAFE_INTEGER }),
    bytes: Type.Integer({ minimum: 1024 * 1024, maximum: Number.MAX_SAFE_INTEGER }),
  },
  { additionalProperties: false },
);
/** How much is kept: days, and plain bytes of each camera and of all. */
export type Retention = Static<typeof RetentionBody>;

export const RecordingStatusBody = Type.Object({
  retention: RetentionBody,
  bytes: Type.Integer(),
  cameras: Type.Array(Type.Object({ camera: Type.String(), bytes: Type.Integer(), segments: Type.Integer() })),
  free_bytes: Type.Integer(),
  state: Type.Union([Type.Literal('recording'), Type.Literal('disk_low'), Type.Literal('disk_full')]),
  waiting_segments: Type.Integer(),
});
export type RecordingStatus = Static<typeof RecordingStatusBody>;
