import { Type } from 'typebox';
import { DeviceKind, EnrolledKind } from './device-state.ts';

const Time = Type.Integer({ description: 'Milliseconds since 1970' });

const idPattern = '^[0-9a-f]{16}$';
export const DeviceId = Type.String({ pattern: idPattern });

export const DeviceBody = Type.Object({
  id: Type.String(),
  name: Type.String(),
  place: Type.String({ description: 'Empty when nobody said' }),
  site: Type.String({ description: 'Empty when nobody said' }),
  kind: DeviceKind,
  state: Type.Enum(['waiting', 'approved', 'revoked']),
  fingerprint: Type.String({ description: 'Of its key, six blocks of five digits; the device shows the same' }),
  enrolment_id: Type.String({ description: 'The code it came with; empty for a stream key' }),
  enrolled_ms: Time,
  last_seen_ms: Time,
  about: Type.Object(
    { name: Type.Optional(Type.String()), platform: Type.Optional(Type.String()) },
    { description: 'What it says of itself; untrusted' },
  ),
  approved_ms: Type.Optional(Time),
  approved_by: Type.Optional(Type.String()),
  revoked_ms: Type.Optional(Time),
  revoked_by: Type.Optional(Type.String()),
});

export const Invitation = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    kind: EnrolledKind,
    place: Type.Optional(Type.String({ maxLength: 100 })),
    site: Type.Optional(Type.String({ maxLength: 60, description: 'Hosts and cameras of one site are seen together' })),
  },
  { additionalProperties: false },
);

export const Invited = Type.Object({
  id: Type.String(),
  code: Type.String({ description: 'For one device, once; shown only here' }),
  link: Type.String({ description: 'The code and where to use it, for a browser on the device' }),
  expires_ms: Time,
});

export const NewStream = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    place: Type.Optional(Type.String({ maxLength: 100 })),
    site: Type.Optional(Type.String({ maxLength: 60 })),
  },
  { additionalProperties: false },
);

export const MadeStream = Type.Object({
  device: DeviceBody,
  key: Type.String({ description: 'For `Authorization: Bearer`; shown only here' }),
  url: Type.String({ description: 'Where the program sends to, by WHIP' }),
});

export const EnrolmentBody = Type.Object({
  id: Type.String(),
  state: Type.Enum(['open', 'used', 'expired', 'withdrawn']),
  expires_ms: Time,
  device_id: Type.Optional(Type.String({ description: 'Who used it' })),
});

export const DeviceChangeBody = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    place: Type.Optional(Type.String({ maxLength: 100 })),
    site: Type.Optional(Type.String({ maxLength: 60 })),
  },
  { additionalProperties: false, minProperties: 1 },
);

const Coordinate = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' });
const Signature = Type.String({
  pattern: '^[A-Za-z0-9_-]{86}$',
  description: 'ECDSA P-256 with SHA-256 in IEEE P1363 form, base64url, over what docs/api-devices.md says',
});

export const EnrolBody = Type.Object(
  {
    code: Type.String({ pattern: '^[A-Za-z0-9_-]{24}$' }),
    public_key: Type.Object(
      {
        kty: Type.Literal('EC'),
        crv: Type.Literal('P-256'),
        x: Coordinate,
        y: Coordinate,
        // As WebCrypto exports them; a key with its private part is refused.
        ext: Type.Optional(Type.Boolean()),
        key_ops: Type.Optional(Type.Array(Type.String({ maxLength: 20 }), { maxItems: 4 })),
        alg: Type.Optional(Type.String({ maxLength: 20 })),
      },
      { additionalProperties: false, description: 'JWK (RFC 7517)' },
    ),
    signature: Signature,
    about: Type.Optional(
      Type.Object(
        {
          name: Type.Optional(Type.String({ maxLength: 400 })),
          platform: Type.Optional(Type.String({ maxLength: 400 })),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

export const Enrolled = Type.Object({
  device_id: Type.String(),
  fingerprint: Type.String(),
  state: Type.Enum(['waiting', 'approved', 'revoked']),
});

export const ChallengeBody = Type.Object({ device_id: DeviceId }, { additionalProperties: false });
export const Challenge = Type.Object({ nonce: Type.String(), expires_ms: Time });

export const SessionBody = Type.Object(
  {
    device_id: DeviceId,
    nonce: Type.String({ pattern: '^[A-Za-z0-9_-]{1,100}$' }),
    signature: Signature,
  },
  { additionalProperties: false },
);

export const SessionAnswer = Type.Object({
  token: Type.String({ description: 'For `Authorization: Bearer`, or `bearer.TOKEN` among the WebSocket protocols' }),
  expires_ms: Time,
  device: Type.Object({
    id: Type.String(),
    name: Type.String(),
    place: Type.String(),
    site: Type.String(),
    kind: DeviceKind,
  }),
});
