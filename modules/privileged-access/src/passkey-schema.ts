import { Type } from 'typebox';
import type { Static } from 'typebox';

const Base64 = Type.String({ minLength: 1, maxLength: 65_536 });
const Id = Type.String({ minLength: 1, maxLength: 2048 });

/** What a browser's `navigator.credentials.create()` gives, as JSON; more than these fields may be in it. */
export const CreatedPasskey = Type.Object({
  id: Id,
  rawId: Id,
  response: Type.Object({
    clientDataJSON: Base64,
    attestationObject: Base64,
    transports: Type.Optional(Type.Array(Type.String({ maxLength: 50 }), { maxItems: 20 })),
  }),
});
export type CreatedPasskey = Static<typeof CreatedPasskey>;

/** The same of `navigator.credentials.get()`. */
export const PasskeyAnswer = Type.Object({
  id: Id,
  rawId: Id,
  response: Type.Object({
    clientDataJSON: Base64,
    authenticatorData: Base64,
    signature: Base64,
    userHandle: Type.Optional(Type.String({ maxLength: 2048 })),
  }),
});
export type PasskeyAnswer = Static<typeof PasskeyAnswer>;
