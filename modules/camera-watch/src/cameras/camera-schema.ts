import { Type, type Static } from 'typebox';

const Time = Type.Integer({ description: 'Milliseconds since 1970' });
const cameraIdPattern = '^[A-Za-z0-9_-]{1,64}$';

export const CameraBody = Type.Object({
  id: Type.String(),
  name: Type.String(),
  place: Type.String(),
  site: Type.String(),
  kind: Type.Enum(['phone', 'pc', 'esp32', 'mjpeg', 'rtsp']),
  state: Type.Enum(['live', 'waiting', 'offline'], {
    description: '`waiting`: connected, and no picture for five seconds',
  }),
  since_ms: Time,
  per_second: Type.Number({ description: 'Pictures a second, over the last five' }),
  latency_ms: Type.Optional(Type.Integer({ description: 'From capture to arrival, of the newest picture' })),
  last_frame_ms: Type.Optional(Time),
  tampered: Type.Optional(Type.String({ description: 'How, while it lasts' })),
  objects: Type.Record(Type.String(), Type.Integer(), { description: 'What is in the newest picture, and how many' }),
  position: Type.Optional(
    Type.Object({
      latitude: Type.Number(),
      longitude: Type.Number(),
      accuracy_m: Type.Number(),
      at_ms: Type.Integer(),
    }),
  ),
  charging: Type.Optional(Type.Boolean()),
  stored_segments: Type.Optional(Type.Integer({ description: 'Recorded on the device and not uploaded yet' })),
  address: Type.Optional(Type.String({ description: 'Of a camera on the network: scheme, host and port alone' })),
  problem: Type.Optional(Type.String({ description: 'Why a camera on the network sends nothing' })),
});

export type CameraView = Static<typeof CameraBody>;

export const CameraId = Type.Object({ id: Type.String({ pattern: cameraIdPattern }) });

/** One line; no character that moves a cursor or turns text around. */
const plain = String.raw`[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]`;
const Label = Type.String({ maxLength: 100, pattern: `^${plain}*$` });

export const NewCamera = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, pattern: `^(?=.*\\S)${plain}+$` }),
    place: Type.Optional(Label),
    site: Type.Optional(Label),
    url: Type.String({
      maxLength: 2000,
      description: 'http, https (MJPEG), rtsp or rtsps; credentials in it are sealed',
    }),
  },
  { additionalProperties: false },
);

export const CameraChange = Type.Partial(NewCamera, { additionalProperties: false });

export const CommandBody = Type.Object(
  {
    torch: Type.Optional(Type.Boolean()),
    speak: Type.Optional(Type.String({ minLength: 1, maxLength: 300, description: 'Spoken aloud' })),
    siren: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false, minProperties: 1 },
);

export const CommandReply = Type.Object({
  state: Type.Enum(['done', 'refused', 'unconfirmed'], {
    description: '`unconfirmed`: no receipt within five seconds; it may have been done all the same',
  }),
  reason: Type.Optional(Type.String()),
});
