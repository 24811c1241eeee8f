import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Check, Errors } from 'typebox/value';
import { parseJson } from '@sallyport/contracts';
import { messageOf } from '@sallyport/platform/errors';
import { providerKinds } from '../key-provider.ts';
import { refused } from './provider-failure.ts';

const Path = Type.String({ pattern: '^/', maxLength: 4096 });
const Word = Type.String({ minLength: 1, maxLength: 256, pattern: '^[^\\u0000-\\u001f]+$' });
const closed = { additionalProperties: false };

const Pkcs11 = Type.Object(
  {
    /** The vendor's library. */
    module: Path,
    token_serial: Type.String({ minLength: 1, maxLength: 16 }),
    pin_file: Path,
    /** What the library reads from its environment, such as SOFTHSM2_CONF: no secrets. */
    environment: Type.Optional(Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,63}$' }), Type.String())),
    /** `none`: its owner says that keys of this token are in no backup, clone or cluster. */
    copies: Type.Optional(Type.Enum(['none', 'possible'])),
  },
  closed,
);

const Tpm = Type.Object(
  {
    /** How tpm2-tools reach the TPM. */
    tcti: Type.Optional(Type.String({ pattern: '^[a-z]+(:[A-Za-z0-9_=,./:-]+)?$', maxLength: 256 })),
    /** Registers of the SHA-256 bank that must be as they were when a key was made; without them every program on this machine may read. */
    pcrs: Type.Array(Type.Integer({ minimum: 0, maximum: 23 }), { maxItems: 24, uniqueItems: true }),
    owner_password_file: Type.Optional(Path),
    endorsement_password_file: Type.Optional(Path),
    /** `emulated`: a virtual TPM, whose state is a file of the host and comes back with a snapshot. */
    hardware: Type.Optional(Type.Enum(['discrete', 'emulated'])),
  },
  closed,
);

const Transit = Type.Object(
  {
    address: Type.String({ pattern: '^https://[^/?#@\\s]+/?$', maxLength: 512 }),
    mount: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$', maxLength: 256 })),
    namespace: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*/?$', maxLength: 256 })),
    token_file: Path,
    ca_file: Type.Optional(Path),
  },
  closed,
);

const AwsKms = Type.Object(
  {
    region: Type.String({ pattern: '^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$' }),
    account: Type.String({ pattern: '^[0-9]{12}$' }),
    /** A shared credentials file as the AWS tools write it; without one, the role of the machine. */
    credentials_file: Type.Optional(Path),
    profile: Type.Optional(Word),
    role_arn: Type.Optional(Type.String({ pattern: '^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$', maxLength: 512 })),
    web_identity_token_file: Type.Optional(Path),
    /** Of a private endpoint; the region's own otherwise. */
    endpoint: Type.Optional(Type.String({ pattern: '^https://[^?#@\\s]+$', maxLength: 512 })),
    ca_file: Type.Optional(Path),
    pending_window_days: Type.Optional(Type.Integer({ minimum: 7, maximum: 30 })),
  },
  closed,
);

const KeyProvidersConfig = Type.Object(
  {
    /** Which wrap a new epoch; one of them is enough to open it. */
    first: Type.Array(Type.Enum(providerKinds), { minItems: 1, maxItems: providerKinds.length, uniqueItems: true }),
    pkcs11: Type.Optional(Pkcs11),
    tpm: Type.Optional(Tpm),
    transit: Type.Optional(Transit),
    'aws-kms': Type.Optional(AwsKms),
  },
  closed,
);
/** Where master keys are kept: places, never secrets. Written by an administrator, docs/keys.md. */
export type KeyProvidersConfig = Static<typeof KeyProvidersConfig>;

/** Throws `provider_refused` with the first thing wrong in the file. */
export function parseKeyProvidersConfig(text: string): KeyProvidersConfig {
  const value = ((): unknown => {
    try {
      return parseJson(text);
    } catch (error) {
      throw refused(`Cannot read the key providers: not JSON: ${messageOf(error)}`);
    }
  })();
  if (!Check(KeyProvidersConfig, value)) {
    const [first] = Errors(KeyProvidersConfig, value);
    throw refused(
      `Cannot read the key providers: ${first?.instancePath ?? ''} ${first?.message ?? 'not as documented'}`,
    );
  }
  const missing = value.first.find((kind) => kind !== 'sealed-file' && value[kind] === undefined);
  if (missing !== undefined)
    throw refused(`Cannot read the key providers: "first" names "${missing}", which is not configured`);
  return value;
}
