/** A packet of RTP (RFC 3550 section 5.1) as far as media need it. All of it is the sender's word. */
export type RtpPacket = {
  /** 16 bits, one more each packet. */
  readonly sequence: number;
  /** 32 bits; the same for all packets of one picture. */
  readonly timestamp: number;
  /** The last packet of a picture. */
  readonly marker: boolean;
  readonly payload: Uint8Array;
};
