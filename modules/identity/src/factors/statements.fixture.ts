// Attestation statements as makers' authenticators write them: real keys, real certificates, real signatures.
// oxlint-disable-next-line import/no-unassigned-import
import 'reflect-metadata';
import { createHash, createSign, KeyObject, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { aaguidExtension, type Authority } from './fido.fixture.ts';
import {
  bytes,
  integer,
  list,
  map,
  text,
  type Attested,
  type MakeStatement,
} from './software-authenticator.fixture.ts';

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const es256 = -7;
const [notBefore, notAfter] = [new Date('2020-01-01'), new Date('2049-01-01')];

const sha256 = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest();
const signed = (key: KeyObject, data: Buffer): Buffer => createSign('sha256').update(data).sign(key);
const derOf = (certificate: x509.X509Certificate): Uint8Array => new Uint8Array(certificate.rawData);

/** A certificate about `publicKey`, issued by a maker. */
async function certificateOf(
  maker: Authority,
  publicKey: KeyObject,
  { subject, extensions }: { readonly subject: string; readonly extensions: readonly x509.Extension[] },
): Promise<Uint8Array> {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return derOf(
    await x509.X509CertificateGenerator.create({
      subject,
      issuer: maker.certificate.subject,
      notBefore,
      notAfter,
      signingKey: maker.keys.privateKey,
      publicKey: await webcrypto.subtle.importKey('spki', spki, ecdsa, true, ['verify']),
      signingAlgorithm: ecdsa,
      extensions: [new x509.BasicConstraintsExtension(false), ...extensions],
    }),
  );
}

/** WebAuthn Level 3 section 8.3: a TPM 2.0 certifies the passkey's public area with a key of its own. */
export function tpmStatement(
  maker: Authority,
  aaguid: string,
  wrong: { readonly extraData?: Buffer } = {},
): MakeStatement {
  return async ({ authenticatorData, clientDataHash, publicKey }) => {
    const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
    const names = ['2.23.133.2.1=id:FFFFF1D0', '2.23.133.2.2=Model', '2.23.133.2.3=id:13'];
    const certificate = await certificateOf(maker, KeyObject.from(keys.publicKey), {
      subject: '',
      extensions: [
        new x509.SubjectAlternativeNameExtension([new x509.GeneralName('dn', names.join(', '))], true),
        new x509.ExtendedKeyUsageExtension(['2.23.133.8.3']),
        aaguidExtension(aaguid),
      ],
    });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    // TPMT_PUBLIC: ECC, SHA-256, attributes, no policy; no symmetric, no scheme, NIST P-256, no KDF; the point.
    const publicArea = Buffer.concat([
      Buffer.from('0023000b0006047200000010001000030010', 'hex'),
      sized(Buffer.from(x, 'base64url')),
      sized(Buffer.from(y, 'base64url')),
    ]);
    const name = Buffer.concat([Buffer.from('000b', 'hex'), sha256(publicArea)]);
    // TPMS_ATTEST: magic, TPM_ST_ATTEST_CERTIFY, signer, what is vouched for, clock, firmware, the name twice.
    const certified = Buffer.concat([
      Buffer.from('ff5443478017', 'hex'),
      sized(Buffer.from('000b', 'hex')),
      sized(wrong.extraData ?? sha256(Buffer.concat([authenticatorData, clientDataHash]))),
      Buffer.alloc(17 + 8),
      sized(name),
      sized(name),
    ]);
    return [
      'tpm',
      map([
        [text('ver'), text('2.0')],
        [text('alg'), integer(es256)],
        [text('x5c'), list([certificate])],
        [text('sig'), bytes(signed(KeyObject.from(keys.privateKey), certified))],
        [text('certInfo'), bytes(certified)],
        [text('pubArea'), bytes(publicArea)],
      ]),
    ];
  };
}

/** WebAuthn Level 3 section 8.4: the certificate is about the passkey itself, and holds what was asked. */
export function androidKeyStatement(
  maker: Authority,
  wrong: { readonly challenge?: Buffer; readonly extensions?: readonly x509.Extension[] } = {},
): MakeStatement {
  return async ({ authenticatorData, clientDataHash, publicKey, privateKey }) => {
    // KeyDescription: version 3 and level 1 twice over, the challenge, no unique id, nothing enforced.
    const inner = Buffer.concat([
      Buffer.from('0201030a01010201040a0101', 'hex'),
      Buffer.from('0420', 'hex'),
      wrong.challenge ?? clientDataHash,
      Buffer.from('040030003000', 'hex'),
    ]);
    const description = Buffer.concat([Buffer.from([0x30, inner.length]), inner]);
    const certificate = await certificateOf(maker, publicKey, {
      subject: 'CN=Android Keystore Key',
      extensions: [new x509.Extension('1.3.6.1.4.1.11129.2.1.17', false, description), ...(wrong.extensions ?? [])],
    });
    return [
      'android-key',
      map([
        [text('alg'), integer(es256)],
        [text('sig'), bytes(signed(privateKey, Buffer.concat([authenticatorData, clientDataHash])))],
        [text('x5c'), list([certificate, derOf(maker.certificate)])],
      ]),
    ];
  };
}

/** WebAuthn Level 3 section 8.8: a certificate made for this passkey, with a number that is good once. */
export function appleStatement(maker: Authority, wrong: { readonly nonce?: Buffer } = {}): MakeStatement {
  return async ({ authenticatorData, clientDataHash, publicKey }) => {
    const nonce = wrong.nonce ?? sha256(Buffer.concat([authenticatorData, clientDataHash]));
    const certificate = await certificateOf(maker, publicKey, {
      subject: 'CN=credential',
      extensions: [
        new x509.Extension('1.2.840.113635.100.8.2', false, Buffer.concat([Buffer.from('3024a1220420', 'hex'), nonce])),
      ],
    });
    return ['apple', map([[text('x5c'), list([certificate])]])];
  };
}

/** WebAuthn Level 3 section 8.6: what keys of the time before passkeys sign. */
export function fidoU2fStatement(maker: Authority): MakeStatement {
  return async (attested: Attested) => {
    const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
    const certificate = await certificateOf(maker, KeyObject.from(keys.publicKey), {
      subject: 'CN=U2F',
      extensions: [],
    });
    const { authenticatorData, clientDataHash, publicKey } = attested;
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const credentialId = authenticatorData.subarray(55, 55 + authenticatorData.readUInt16BE(53));
    const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
    const data = Buffer.concat([
      Buffer.from([0]),
      authenticatorData.subarray(0, 32),
      clientDataHash,
      credentialId,
      point,
    ]);
    return [
      'fido-u2f',
      map([
        [text('sig'), bytes(signed(KeyObject.from(keys.privateKey), data))],
        [text('x5c'), list([certificate])],
      ]),
    ];
  };
}

/** TPM2B: its length in two bytes, and the bytes. */
function sized(data: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(data.length);
  return Buffer.concat([length, data]);
}
