import { createHmac, timingSafeEqual } from 'node:crypto';

/** Where a datagram came from. */
export type DatagramSource = { readonly address: string; readonly port: number };

/**
 * Whether a datagram may be looked at: checks of ICE (RFC 8445 section 7.3) that prove the password of our answer, and what
 * else comes from an address that one of them came from. Nothing is answered to anybody else, so nobody can have this server
 * send to a third. An address can be forged by whoever knows it: `MediaFlow` sees to that. Never throws.
 */
export type DatagramGuard = (datagram: Uint8Array, from: DatagramSource) => boolean;

const headerBytes = 20;
const magicCookie = 0x2112a442;
const bindingRequest = 0x0001;
const attributes = { username: 0x0006, integrity: 0x0008 } as const;
const integrityBytes = 20;
/** A sender has a few: as many as it has networks. */
const mostProven = 8;

export function createDatagramGuard(credentials: {
  /** Of our answer. */
  readonly ufrag: string;
  readonly password: string;
  /** Of the offer. */
  readonly senderUfrag: string;
}): DatagramGuard {
  const username = Buffer.from(`${credentials.ufrag}:${credentials.senderUfrag}`);
  /** Last proven is last. */
  const proven = new Set<string>();
  return (datagram, { address, port }) => {
    const from = `${address} ${String(port)}`;
    if (!isStun(datagram)) return proven.has(from);
    if (!isProof(Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length), username, credentials.password))
      return false;
    proven.delete(from);
    proven.add(from);
    const [oldest] = proven;
    if (proven.size > mostProven && oldest !== undefined) proven.delete(oldest);
    return true;
  };
}

/** RFC 7983. */
export function isStun([first = 0]: Uint8Array): boolean {
  return first <= 3;
}

/** A binding request for us with a good MESSAGE-INTEGRITY (RFC 8489 section 14.5). */
function isProof(datagram: Buffer, username: Buffer, password: string): boolean {
  if (datagram.length < headerBytes || datagram.readUInt16BE(0) !== bindingRequest) return false;
  if (datagram.readUInt32BE(4) !== magicCookie || datagram.readUInt16BE(2) !== datagram.length - headerBytes)
    return false;
  let isForUs = false;
  for (let at = headerBytes; at + 4 <= datagram.length;) {
    const type = datagram.readUInt16BE(at);
    const length = datagram.readUInt16BE(at + 2);
    const value = datagram.subarray(at + 4, at + 4 + length);
    if (value.length < length) return false;
    if (type === attributes.username) isForUs = value.equals(username);
    if (type === attributes.integrity)
      return isForUs && length === integrityBytes && timingSafeEqual(value, integrityOf(datagram, at, password));
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return false;
}

/** Over all that stands before it, as if it were the last. */
function integrityOf(datagram: Buffer, at: number, password: string): Buffer {
  const before = Buffer.from(datagram.subarray(0, at));
  before.writeUInt16BE(at - headerBytes + 4 + integrityBytes, 2);
  return createHmac('sha1', password).update(before).digest();
}
