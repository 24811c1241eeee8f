import { createHash, verify, X509Certificate } from 'node:crypto';

/** A message of the handshake of DTLS 1.2 (RFC 6347 section 4.2.2), put together. */
export type HandshakeMessage = { readonly msg_type: number; readonly fragment: Uint8Array };

/**
 * Whether who answers our handshake has the key of the certificate that its offer named. The library compares the
 * certificate, which everybody on the way can read and send again, and looks at no signature (0.25.2): somebody between a
 * camera and us could show another picture as that camera's. So what is not signed does not reach it.
 */
export type SenderProof = {
  /** Those of the messages that may go on. `clientRandom` is ours. Never throws. */
  filter<Message extends HandshakeMessage>(messages: readonly Message[], clientRandom: Uint8Array): Message[];
  /** Before, nothing that was decrypted may be used. */
  isGiven(): boolean;
};

const types = { serverHello: 2, certificate: 11, serverKeyExchange: 12 } as const;
const namedCurve = 3;
/** What our hello offers (RFC 5246 section 7.4.1.4.1), and the kind of key that belongs to it. */
const sha256 = 4;
const keyTypes = new Map([
  [1, 'rsa'],
  [3, 'ec'],
]);

/** `fingerprint` as it stands in SDP: SHA-256, upper case, with colons. */
export function createSenderProof(fingerprint: string): SenderProof {
  let serverRandom: Uint8Array | undefined;
  let certificate: X509Certificate | undefined;
  let isGiven = false;

  function mayPass({ msg_type: type, fragment }: HandshakeMessage, clientRandom: Uint8Array): boolean {
    if (type === types.serverHello) {
      if (isGiven || fragment.length < 34) return false;
      // After its version.
      serverRandom = Uint8Array.from(fragment.subarray(2, 34));
      return true;
    }
    if (type === types.certificate) {
      const read = isGiven ? undefined : readCertificate(fragment, fingerprint);
      certificate = read ?? certificate;
      return read !== undefined;
    }
    if (type !== types.serverKeyExchange) return true;
    if (isGiven || serverRandom === undefined || certificate === undefined) return false;
    isGiven = isSigned(fragment, Buffer.concat([clientRandom, serverRandom]), certificate);
    return isGiven;
  }

  return {
    filter: (messages, clientRandom) => messages.filter((message) => mayPass(message, clientRandom)),
    isGiven: () => isGiven,
  };
}

/** RFC 5246 section 7.4.2; undefined when the first is not the one that was named. */
function readCertificate(fragment: Uint8Array, fingerprint: string): X509Certificate | undefined {
  const bytes = Buffer.from(fragment);
  if (bytes.length < 6) return undefined;
  const first = bytes.subarray(6, 6 + bytes.readUIntBE(3, 3));
  const found = createHash('sha256').update(first).digest('hex').toUpperCase().match(/../g)?.join(':');
  if (found !== fingerprint) return undefined;
  try {
    return new X509Certificate(first);
  } catch {
    return undefined;
  }
}

/** RFC 8422 section 5.4: a curve by name, a point, and the signature over both and the two random numbers. */
function isSigned(fragment: Uint8Array, randoms: Uint8Array, { publicKey }: X509Certificate): boolean {
  const bytes = Buffer.from(fragment);
  const end = 4 + (bytes[3] ?? 0);
  if (bytes[0] !== namedCurve || bytes.length < end + 4 || bytes[end] !== sha256) return false;
  if (keyTypes.get(bytes[end + 1] ?? 0) !== publicKey.asymmetricKeyType) return false;
  const signature = bytes.subarray(end + 4);
  if (signature.length !== bytes.readUInt16BE(end + 2)) return false;
  try {
    return verify('sha256', Buffer.concat([randoms, bytes.subarray(0, end)]), publicKey, signature);
  } catch {
    return false;
  }
}
