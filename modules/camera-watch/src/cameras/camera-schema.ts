import { Type, type Static } from 'typebox';
import { watchStates } from '../perception/perceived.ts';

const Time = Type.Integer({ description: 'Milliseconds since 1970' });
const cameraIdPattern = '^[A-Za-z0-9_-]{1,64}$';

/** Of `problem`; the others are of no use to a machine. */
export const problemCodes = [
  'camera_certificate_changed',
  'camera_certificate_untrusted',
  'camera_credentials_refused',
  'camera_redirects',
  'camera_input_failed',
] as const;

export const CameraBody = Type.Object({
  id: Type.String(),
  name: Type.String(),
  place: Type.String(),
  site: Type.String(),
  kind: Type.Enum(['phone', 'pc', 'esp32', 'whip', 'mjpeg', 'rtsp']),
  state: Type.Enum(['live', 'waiting', 'offline'], {
    description: '`waiting`: connected, and no picture for five seconds',
  }),
  why: Type.Optional(
    Type.Enum(['said_goodbye', 'page_closed'], {
      description: 'Of a device that is `offline`: what it said when it stopped. Left out where it fell silent',
    }),
  ),
  watched: Type.Optional(
    Type.Enum([...watchStates], {
      description:
        'Whether what it shows is looked at. `starting`: not yet. `learning`: its usual view is not known yet, so that little is told of what is done to the camera. `unwatched`: what looks is down or has no model. Left out of a camera that was removed',
    }),
  ),
  since_ms: Time,
  per_second: Type.Number({ description: 'Pictures a second, over the last five' }),
  latency_ms: Type.Optional(
    Type.Integer({ description: 'From capture to arrival, of the newest picture; left out where it is not known' }),
  ),
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
  removed_ms: Type.Optional(
    Type.Integer({ description: 'When it was removed or its rights were taken; what it recorded is still here' }),
  ),
  problem: Type.Optional(Type.String({ description: 'Why a camera on the network sends nothing' })),
  problem_code: Type.Optional(
    Type.Enum(problemCodes, { description: 'The kind of it; `camera_input_failed` is everything else' }),
  ),
  sound: Type.Optional(Type.Boolean({ description: 'Whether the sound of a camera on the network is fetched, too' })),
  tls_fingerprint: Type.Optional(
    Type.String({ description: 'SHA-256 of the certificate that is trusted, and no other' }),
  ),
  offered_tls_fingerprint: Type.Optional(
    Type.String({ description: 'SHA-256 of the certificate it shows, where that is the problem' }),
  ),
});

export type CameraView = Static<typeof CameraBody>;

export const CameraId = Type.Object({ id: Type.String({ pattern: cameraIdPattern }) });

/** One line; no character that moves a cursor or turns text around. */
const plain = String.raw`[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]`;
const Label = Type.String({ maxLength: 100, pattern: `^${plain}*$` });

const Fingerprint = Type.String({
  pattern: '^[0-9A-Fa-f]{2}(?::?[0-9A-Fa-f]{2}){31}$',
  description: 'SHA-256 of the certificate to trust, whoever vouches for it; https and rtsps',
});

const networkCamera = {
  name: Type.String({ minLength: 1, maxLength: 100, pattern: `^(?=.*\\S)${plain}+$` }),
  place: Type.Optional(Label),
  site: Type.Optional(Label),
  url: Type.String({
    maxLength: 2000,
    description: 'http, https (MJPEG), rtsp or rtsps; credentials in it are sealed',
  }),
  sound: Type.Optional(Type.Boolean({ description: 'Fetch and record its sound, too (RTSP); no, when left out' })),
};

export const NewCamera = Type.Object(
  { ...networkCamera, tls_fingerprint: Type.Optional(Fingerprint) },
  { additionalProperties: false },
);

export type NewNetworkCamera = Static<typeof NewCamera>;

export const CameraChange = Type.Partial(
  Type.Object({ ...networkCamera, tls_fingerprint: Type.Union([Fingerprint, Type.Null()]) }),
  { additionalProperties: false },
);

export type NetworkCameraChange = Static<typeof CameraChange>;

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
