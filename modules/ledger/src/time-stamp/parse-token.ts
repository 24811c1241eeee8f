// RFC 3161 section 2.4.2 and RFC 5652: the token, as far as it is one, in the parts its verification needs. Nothing is believed here.
import { BaseBlock, Constructed, fromBER, ObjectIdentifier, OctetString, Sequence } from 'asn1js';
import type { AsnType, Integer } from 'asn1js';
import { ContentInfo, IssuerAndSerialNumber, SignedData, TSTInfo } from 'pkijs';
import type { AlgorithmIdentifier, Attribute, SignerInfo } from 'pkijs';
import { shapeFault } from './der-shape.ts';
import { attributeTypes, contentTypes, digestNames } from './object-identifiers.ts';

export type ParsedToken = {
  /** The bytes of the statement, which the signature is over by their hash. */
  readonly statement: Buffer;
  readonly imprint: { readonly algorithm: string; readonly hash: Buffer };
  readonly atMs: number;
  readonly accuracyMs: number | undefined;
  readonly serialNumber: Buffer;
  readonly policy: string;
  readonly nonce: Buffer | undefined;
  /** DER, of whoever was put in. */
  readonly certificates: readonly Buffer[];
  /** What names the signer, to pick its certificate by; the signature itself names it by `certificateHash`. */
  readonly signature: {
    /** DER of the signed attributes, as a SET. */
    readonly attributes: Buffer;
    readonly contentType: string;
    readonly messageDigest: Buffer;
    readonly digest: 'sha256' | 'sha384' | 'sha512';
    readonly algorithm: AlgorithmIdentifier;
    readonly bytes: Buffer;
    readonly certificateHash: { readonly algorithm: 'sha256' | 'sha384' | 'sha512'; readonly hash: Buffer };
    readonly signer: { readonly issuer: Buffer; readonly serialNumber: Buffer } | undefined;
  };
};

/** Real ones have 1 to 8 kB. */
export const maxTokenBytes = 64 * 1024;

/** Throws an `Error` that says what is wrong. */
export function parseToken(token: Uint8Array): ParsedToken {
  const content = new ContentInfo({ schema: readElement(token) });
  if (content.contentType !== contentTypes.signedData) throw new Error('it is no signed data');
  const signed = new SignedData({ schema: content.content });
  const { encapContentInfo, signerInfos } = signed;
  if (encapContentInfo.eContentType !== contentTypes.timeStampInfo) throw new Error('what is signed is no time-stamp');
  const statement = Buffer.from(encapContentInfo.eContent?.getValue() ?? new ArrayBuffer());
  const info = new TSTInfo({ schema: readElement(statement) });
  const [signer, ...others] = signerInfos;
  if (signer === undefined || others.length > 0)
    throw new Error(`it has ${signerInfos.length} signatures, must have one`);
  if (info.version !== 1) throw new Error(`it is of version ${info.version}, must be 1`);
  const atMs = info.genTime.getTime();
  if (!Number.isSafeInteger(atMs)) throw new Error('it states no time');
  return {
    statement,
    imprint: {
      algorithm: info.messageImprint.hashAlgorithm.algorithmId,
      hash: Buffer.from(info.messageImprint.hashedMessage.getValue()),
    },
    atMs,
    accuracyMs: accuracyOf(info),
    serialNumber: bytesOf(info.serialNumber),
    policy: info.policy,
    nonce: info.nonce === undefined ? undefined : bytesOf(info.nonce),
    certificates: certificatesIn(content.content),
    signature: signatureOf(signer),
  };
}

/** The one element the bytes are. Throws when there are too many, too few, or when they go on. */
export function readElement(bytes: Uint8Array): AsnType {
  if (bytes.length > maxTokenBytes) throw new Error(`it has ${bytes.length} bytes, must be at most ${maxTokenBytes}`);
  const fault = shapeFault(bytes);
  if (fault !== undefined) throw new Error(fault);
  const { offset, result } = fromBER(bytes);
  if (offset !== bytes.length) throw new Error('it is no ASN.1');
  return result;
}

/** As they came: hashes are over these bytes. */
function certificatesIn(signedData: unknown): readonly Buffer[] {
  const parts: readonly AsnType[] = signedData instanceof Sequence ? signedData.valueBlock.value : [];
  const set = parts.find(({ idBlock }) => idBlock.tagClass === contextClass && idBlock.tagNumber === 0);
  const found: readonly AsnType[] = set instanceof Constructed ? set.valueBlock.value : [];
  return found.flatMap((one) => (one instanceof Sequence ? [Buffer.from(one.valueBeforeDecodeView)] : []));
}

const contextClass = 3;

function bytesOf(integer: Integer): Buffer {
  return Buffer.from(integer.valueBlock.valueHexView);
}

function accuracyOf({ accuracy }: TSTInfo): number | undefined {
  if (accuracy === undefined) return undefined;
  const { seconds = 0, millis = 0, micros = 0 } = accuracy;
  return Math.ceil(seconds * 1000 + millis + micros / 1000);
}

function signatureOf(signer: SignerInfo): ParsedToken['signature'] {
  const { signedAttrs } = signer;
  const sid: unknown = signer.sid;
  if (signedAttrs === undefined) throw new Error('its signature is not over what it should be over');
  const value = (type: string, name: string): AsnType => {
    const found = signedAttrs.attributes.filter((attribute: Attribute) => attribute.type === type);
    const values: readonly unknown[] = found[0]?.values ?? [];
    const [only] = values;
    if (found.length !== 1 || values.length !== 1 || !(only instanceof BaseBlock))
      throw new Error(`its signature must have one attribute "${name}"`);
    return readElement(Buffer.from(only.toBER()));
  };
  const contentType = value(attributeTypes.contentType, 'content-type');
  const messageDigest = value(attributeTypes.messageDigest, 'message-digest');
  if (!(contentType instanceof ObjectIdentifier) || !(messageDigest instanceof OctetString))
    throw new Error('an attribute of its signature is of another type');
  return {
    attributes: Buffer.from(signedAttrs.encodedValue),
    contentType: contentType.getValue(),
    messageDigest: Buffer.from(messageDigest.getValue()),
    digest: digestOf(signer.digestAlgorithm.algorithmId),
    algorithm: signer.signatureAlgorithm,
    bytes: Buffer.from(signer.signature.getValue()),
    certificateHash: certificateHashOf(value(attributeTypes.signingCertificateV2, 'signing-certificate-v2')),
    signer:
      sid instanceof IssuerAndSerialNumber
        ? { issuer: Buffer.from(sid.issuer.toSchema().toBER()), serialNumber: bytesOf(sid.serialNumber) }
        : undefined,
  };
}

/** RFC 5035: the first of the certificates named is the signer's. SHA-256 where no algorithm is. */
function certificateHashOf(attribute: AsnType): ParsedToken['signature']['certificateHash'] {
  const first = (element: AsnType | undefined): AsnType | undefined =>
    element instanceof Sequence ? element.valueBlock.value[0] : undefined;
  const named = first(first(attribute));
  const parts = named instanceof Sequence ? named.valueBlock.value : [];
  const [head, second] = parts;
  const hash = head instanceof OctetString ? head : second;
  if (!(hash instanceof OctetString)) throw new Error('its attribute "signing-certificate-v2" names no certificate');
  const identifier = head instanceof Sequence ? first(head) : undefined;
  if (identifier === undefined) return { algorithm: 'sha256', hash: Buffer.from(hash.getValue()) };
  if (!(identifier instanceof ObjectIdentifier)) throw new Error('its certificate is named by no known hash');
  return { algorithm: digestOf(identifier.getValue()), hash: Buffer.from(hash.getValue()) };
}

function digestOf(identifier: string): 'sha256' | 'sha384' | 'sha512' {
  const name = digestNames.get(identifier);
  if (name === undefined) throw new Error(`it uses hash ${identifier}, must use SHA-256, SHA-384 or SHA-512`);
  return name;
}
