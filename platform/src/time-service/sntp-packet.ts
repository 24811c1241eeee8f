// RFC 5905 section 7.3 and RFC 4330: the 48 bytes of a client's question and a server's answer.

const sntpPacketBytes = 48;
/** From 1900, where NTP counts from, to 1970. */
const epochSeconds = 2_208_988_800;
/** The top bit of seconds is set from 1968 to 2036; later ones belong to the era after (RFC 4330 section 3). */
const eraSeconds = 2 ** 32;

export type SntpAnswer = {
  readonly stratum: number;
  readonly leap: 0 | 1 | 2;
  readonly rootDelayMs: number;
  readonly rootDispersionMs: number;
  /** When the question came in and the answer went out, by the server's clock. */
  readonly receivedMs: number;
  readonly sentMs: number;
};

export type SntpReading =
  | { readonly ok: true; readonly answer: SntpAnswer }
  /** `isOther`: it may be anybody's packet. */
  | { readonly ok: false; readonly reason: string; readonly isOther?: true };

/**
 * The question carries 8 random bytes where a client would put its time: the server repeats them, nobody off the way can guess them,
 * and this host's clock is nobody's business. Throws `RangeError` unless there are 8.
 */
export function encodeSntpQuestion(cookie: Uint8Array): Buffer {
  if (cookie.length !== 8) throw new RangeError(`Cannot ask with ${cookie.length} bytes, must be 8`);
  const packet = Buffer.alloc(sntpPacketBytes);
  // No warning, version 4, client.
  packet[0] = (4 << 3) | 3;
  packet.set(cookie, 40);
  return packet;
}

/** What an answer says, if it answers this question. Extensions and keys after the 48 bytes are not looked at. Never throws. */
export function readSntpAnswer(packet: Uint8Array, cookie: Uint8Array): SntpReading {
  if (packet.length < sntpPacketBytes) return { ok: false, reason: 'it is too short', isOther: true };
  const bytes = Buffer.from(packet.buffer, packet.byteOffset, sntpPacketBytes);
  if (!bytes.subarray(24, 32).equals(cookie))
    return { ok: false, reason: 'it answers another question', isOther: true };
  const first = bytes.readUInt8(0);
  const [leap, version, mode] = [first >> 6, (first >> 3) & 7, first & 7];
  if (mode !== 4) return refuse(`it is of mode ${mode}, must be 4 (server)`);
  if (version < 3 || version > 4) return refuse(`it is of version ${version}, must be 3 or 4`);
  const stratum = bytes.readUInt8(1);
  if (stratum === 0) {
    const code = bytes.toString('latin1', 12, 16).replaceAll(/[^A-Z]/g, '');
    return refuse(`it wants not to be asked (${code === '' ? 'no reason given' : code})`);
  }
  if (stratum > 15 || leap === 3) return refuse('it is not synchronised itself');
  const [receivedMs, sentMs] = [timeAt(bytes, 32), timeAt(bytes, 40)];
  if (receivedMs === undefined || sentMs === undefined) return refuse('it states no time');
  if (sentMs < receivedMs) return refuse('it answered before it was asked');
  return {
    ok: true,
    answer: {
      stratum,
      leap: leap === 1 ? 1 : leap === 2 ? 2 : 0,
      rootDelayMs: (bytes.readInt32BE(4) / 65_536) * 1000,
      rootDispersionMs: (bytes.readUInt32BE(8) / 65_536) * 1000,
      receivedMs,
      sentMs,
    },
  };
}

function timeAt(bytes: Buffer, at: number): number | undefined {
  const [seconds, fraction] = [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)];
  if (seconds === 0 && fraction === 0) return undefined;
  const since1900 = seconds >= 2 ** 31 ? seconds : seconds + eraSeconds;
  return (since1900 - epochSeconds) * 1000 + (fraction / eraSeconds) * 1000;
}

function refuse(reason: string): SntpReading {
  return { ok: false, reason };
}
