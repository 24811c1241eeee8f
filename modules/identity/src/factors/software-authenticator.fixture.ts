// An authenticator and a browser in software: real CBOR, real COSE ES256 keys, real signatures. Can be told to misbehave.
import { createHash, createSign, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import type { CreationResponse, RequestResponse } from './passkeys.ts';

export type SoftwareAuthenticator = {
  readonly credentialId: string;
  create(options: object, at: Ceremony): CreationResponse;
  /** With a statement made of what is signed: a maker's certificate may be about this very passkey. */
  attest(options: object, at: Ceremony, make: MakeStatement): Promise<CreationResponse>;
  use(options: object, at: Ceremony): RequestResponse;
};

export type Attested = {
  readonly authenticatorData: Buffer;
  readonly clientDataHash: Buffer;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
};
/** Format, and the statement as CBOR. */
export type MakeStatement = (attested: Attested) => Promise<readonly [string, Buffer]>;

/** Where the browser is, and how the authenticator behaves. */
export type Ceremony = {
  readonly origin: string;
  readonly hostName: string;
  readonly userVerified?: boolean;
  readonly counter?: number;
  readonly challenge?: string;
  /** Format and statement (CBOR) of an attestation; none when left out. */
  readonly attestation?: readonly [string, Buffer];
  /** A `packed` attestation, signed with a maker's key over the authenticator data and the client data. */
  readonly maker?: Maker;
  /** 32 hexadecimal digits; zeros when left out. */
  readonly aaguid?: string;
  /** Backup eligible and backed up: a passkey that is synced. */
  readonly synced?: boolean;
};

/** Who makes authenticators: certificates, leaf first, and the key of the leaf. */
export type Maker = { readonly chain: readonly Uint8Array[]; readonly key: KeyObject };

const backupFlags = 0x08 | 0x10;
const userPresent = 0x01;
const userVerified = 0x04;
const attestedCredential = 0x40;

export function createSoftwareAuthenticator(): SoftwareAuthenticator {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const id = randomBytes(32);
  const credentialId = id.toString('base64url');
  let counter = 0;

  const dataOf = (at: Ceremony, more: number, rest: Buffer): Buffer => {
    counter = at.counter ?? counter + 1;
    const flags =
      userPresent | (at.userVerified === false ? 0 : userVerified) | (at.synced === true ? backupFlags : 0) | more;
    const head = Buffer.alloc(5);
    head.writeUInt8(flags, 0);
    head.writeUInt32BE(counter, 1);
    return Buffer.concat([sha256(Buffer.from(at.hostName)), head, rest]);
  };
  const clientDataOf = (type: string, options: object, at: Ceremony): Buffer =>
    Buffer.from(
      JSON.stringify({ type, challenge: at.challenge ?? challengeOf(options), origin: at.origin, crossOrigin: false }),
    );

  /** What a new passkey is described by, and the response once there is a statement about it. */
  function begin(options: object, at: Ceremony) {
    const key = map([
      [integer(1), integer(2)],
      [integer(3), integer(-7)],
      [integer(-1), integer(1)],
      [integer(-2), bytes(Buffer.from(x, 'base64url'))],
      [integer(-3), bytes(Buffer.from(y, 'base64url'))],
    ]);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(id.length);
    const data = dataOf(
      at,
      attestedCredential,
      Buffer.concat([Buffer.from(at.aaguid ?? '0'.repeat(32), 'hex'), length, id, key]),
    );
    const clientData = clientDataOf('webauthn.create', options, at);
    return {
      data,
      clientData,
      respond(format: string, statement: Buffer): CreationResponse {
        const attestation = map([
          [text('fmt'), text(format)],
          [text('attStmt'), statement],
          [text('authData'), bytes(data)],
        ]);
        return {
          id: credentialId,
          rawId: credentialId,
          response: {
            clientDataJSON: clientData.toString('base64url'),
            attestationObject: attestation.toString('base64url'),
            transports: ['internal', 'unheard-of'],
          },
        };
      },
    };
  }

  return {
    credentialId,
    create(options, at) {
      const { data, clientData, respond } = begin(options, at);
      if (at.maker !== undefined)
        return respond('packed', packedStatement(at.maker, Buffer.concat([data, sha256(clientData)])));
      return respond(at.attestation?.[0] ?? 'none', at.attestation?.[1] ?? map([]));
    },
    async attest(options, at, make) {
      const { data, clientData, respond } = begin(options, at);
      const statement = await make({
        authenticatorData: data,
        clientDataHash: sha256(clientData),
        publicKey,
        privateKey,
      });
      return respond(...statement);
    },
    use(options, at) {
      const data = dataOf(at, 0, Buffer.alloc(0));
      const clientData = clientDataOf('webauthn.get', options, at);
      const signature = createSign('sha256')
        .update(Buffer.concat([data, sha256(clientData)]))
        .sign(privateKey);
      return {
        id: credentialId,
        rawId: credentialId,
        response: {
          clientDataJSON: clientData.toString('base64url'),
          authenticatorData: data.toString('base64url'),
          signature: signature.toString('base64url'),
        },
      };
    },
  };
}

function challengeOf(options: object): string {
  if ('challenge' in options && typeof options.challenge === 'string') return options.challenge;
  throw new TypeError('Cannot answer: the options have no challenge');
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest();
}

/** WebAuthn Level 3 section 8.2, ES256. */
function packedStatement({ chain, key }: Maker, signed: Buffer): Buffer {
  return map([
    [text('alg'), integer(-7)],
    [text('sig'), bytes(createSign('sha256').update(signed).sign(key))],
    [text('x5c'), list(chain)],
  ]);
}

/** An attestation statement with one certificate in it. */
export function certificateStatement(): Buffer {
  return map([[text('x5c'), Buffer.concat([Buffer.from([0x81]), bytes(Buffer.from('certificate'))])]]);
}

/** CBOR (RFC 8949), as much as is needed here. */
function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value]);
  if (value < 256) return Buffer.from([(major << 5) | 24, value]);
  return Buffer.from([(major << 5) | 25, value >> 8, value & 0xff]);
}
export function integer(value: number): Buffer {
  return value < 0 ? head(1, -1 - value) : head(0, value);
}
export function bytes(value: Buffer): Buffer {
  return Buffer.concat([head(2, value.length), value]);
}
export function text(value: string): Buffer {
  return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
}
/** Of byte strings. */
export function list(values: readonly Uint8Array[]): Buffer {
  return Buffer.concat([head(4, values.length), ...values.map((value) => bytes(Buffer.from(value)))]);
}
export function map(entries: readonly (readonly [Buffer, Buffer])[]): Buffer {
  return Buffer.concat([head(5, entries.length), ...entries.flat()]);
}
