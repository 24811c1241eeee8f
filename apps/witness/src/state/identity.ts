// Who the witness is: a name, and one key for each kind of cosignature.
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { createCosigner, formatVerifierKey } from '@sallyport/merkle-log';
import type { Cosigner } from '@sallyport/merkle-log';
import { messageOf } from '@sallyport/platform/errors';
import { createPrivateKey } from 'node:crypto';
import { WitnessError } from '../errors.ts';
import type { RandomBytes } from '../needs.ts';
import { sealSecret, unsealSecret } from './secret-sealing.ts';
import type { Unsealing } from './secret-sealing.ts';

const format = 'sallyport-witness-key@v1';
const seedBytes = 32;
const maxNameBytes = 255;

/** PKCS #8 with the seed of RFC 8032 and, in its seed-only form, of RFC 9881. */
const ed25519Head = Buffer.from('302e020100300506032b657004220420', 'hex');
const mlDsa44Head = Buffer.from('3034020100300b060960864801650304031104228020', 'hex');

export type Identity = {
  readonly name: string;
  /** One of Ed25519, one of ML-DSA-44; both cosign every checkpoint. */
  readonly cosigners: readonly Cosigner[];
};

/** What is known of a witness without opening its secret. */
export type PublicIdentity = {
  readonly name: string;
  readonly verifierKeys: readonly string[];
  readonly sealing: Unsealing['kind'];
};

/** The content of a key file for new keys. Throws `configuration_invalid`. */
export function createKeyFile(request: { name: string; unsealing: Unsealing; random: RandomBytes }): Buffer {
  const { name, unsealing, random } = request;
  const secret = random(2 * seedBytes);
  if (Buffer.byteLength(name) > maxNameBytes)
    throw new WitnessError('configuration_invalid', `Cannot use the name "${name}": must be at most 255 bytes`);
  let identity: Identity;
  try {
    identity = identityOf(name, secret);
  } catch (cause) {
    throw new WitnessError('configuration_invalid', `Cannot use the name "${name}": ${messageOf(cause)}`, {
      cause,
      hint: 'use an address without scheme, such as witness.example.org/w1',
    });
  }
  const verifierKeys = identity.cosigners.map(({ verifierKey }) => formatVerifierKey(verifierKey));
  const sealed = sealSecret(secret, { unsealing, random, context: contextOf(name, verifierKeys) });
  const content: JsonObject = {
    format,
    name,
    verifier_keys: verifierKeys,
    sealing: sealed.kind,
    salt: Buffer.from(sealed.salt).toString('base64'),
    secret: Buffer.from(sealed.bytes).toString('base64'),
  };
  return Buffer.from(`${JSON.stringify(content, undefined, 2)}\n`);
}

/** Throws `state_damaged`. */
export function readPublicIdentity(file: Uint8Array): PublicIdentity {
  const { name, verifierKeys, sealing } = parseKeyFile(file);
  return { name, verifierKeys, sealing };
}

/** Throws `state_damaged`, `unseal_failed`. */
export function openKeyFile(file: Uint8Array, unsealing: Unsealing): Identity {
  const { name, verifierKeys, sealing, salt, secret } = parseKeyFile(file);
  const context = contextOf(name, verifierKeys);
  const opened = unsealSecret({ kind: sealing, salt, bytes: secret }, { unsealing, context });
  if (opened.length !== 2 * seedBytes) throw damaged('its secret has the wrong length');
  const identity = identityOf(name, opened);
  const found = identity.cosigners.map(({ verifierKey }) => formatVerifierKey(verifierKey));
  if (found.join() !== verifierKeys.join()) throw damaged('its secret is not that of its verifier keys');
  return identity;
}

function identityOf(name: string, secret: Uint8Array): Identity {
  const keys = [
    Buffer.concat([ed25519Head, secret.subarray(0, seedBytes)]),
    Buffer.concat([mlDsa44Head, secret.subarray(seedBytes)]),
  ];
  const cosigners = keys.map((key) =>
    createCosigner({ name, privateKey: createPrivateKey({ key, format: 'der', type: 'pkcs8' }) }),
  );
  return { name, cosigners };
}

function contextOf(name: string, verifierKeys: readonly string[]): string {
  return [format, name, ...verifierKeys].join('\n');
}

function parseKeyFile(file: Uint8Array): PublicIdentity & { salt: Uint8Array; secret: Uint8Array } {
  const text = Buffer.from(file).toString('utf8');
  let content: JsonValue;
  try {
    content = parseJson(text);
  } catch (cause) {
    throw damaged('it is not JSON', cause);
  }
  if (!isJsonObject(content) || content['format'] !== format) throw damaged(`its format is not "${format}"`);
  const keys: readonly unknown[] = Array.isArray(content['verifier_keys']) ? content['verifier_keys'] : [];
  const verifierKeys = keys.filter((key) => typeof key === 'string');
  const sealing = content['sealing'];
  if (sealing !== 'none' && sealing !== 'passphrase' && sealing !== 'file') throw damaged('its sealing is unknown');
  return {
    name: textOf(content['name']),
    verifierKeys,
    sealing,
    salt: Buffer.from(textOf(content['salt']), 'base64'),
    secret: Buffer.from(textOf(content['secret']), 'base64'),
  };
}

function damaged(why: string, cause?: unknown): WitnessError {
  return new WitnessError('state_damaged', `Cannot use the key file of the witness: ${why}`, {
    cause,
    hint: 'put it back from a copy, or make a new witness and give its key to everybody who trusts this one',
  });
}
