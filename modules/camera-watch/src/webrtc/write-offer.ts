import { clockRates } from './sdp-offer.ts';
import type { Offer } from './sdp-offer.ts';

/** The offer written anew from what was understood of it: nothing else of what was sent is parsed a second time. */
export function writeOffer({ ufrag, password, fingerprint, media }: Offer): string {
  const lines = [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    `a=group:BUNDLE ${media.map(({ mid }) => mid).join(' ')}`,
    ...media.flatMap((each) => [
      `m=${each.kind} 9 UDP/TLS/RTP/SAVPF ${each.payloadType}`,
      'c=IN IP4 0.0.0.0',
      `a=ice-ufrag:${ufrag}`,
      `a=ice-pwd:${password}`,
      `a=fingerprint:sha-256 ${fingerprint}`,
      'a=setup:actpass',
      `a=mid:${each.mid}`,
      'a=sendonly',
      'a=rtcp-mux',
      `a=rtpmap:${each.payloadType} ${clockRates[each.codec]}`,
      ...(each.parameters === undefined ? [] : [`a=fmtp:${each.payloadType} ${each.parameters}`]),
      ...each.feedback.map((feedback) => `a=rtcp-fb:${each.payloadType} ${feedback}`),
      `a=ssrc:${each.source} cname:sender`,
    ]),
  ];
  return `${lines.join('\r\n')}\r\n`;
}
