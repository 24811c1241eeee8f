import { isIPv6 } from 'node:net';
import {
  ReceiverEstimatedMaxBitrate,
  RTCPeerConnection,
  RtcpPayloadSpecificFeedback,
  RTCRtpCodecParameters,
  StunProtocol,
} from 'werift';
import type { RTCIceTransport } from 'werift';
import { createDatagramGuard } from './datagram-guard.ts';
import type { OfferedMedia } from './sdp-offer.ts';
import type { RtpPacket } from './rtp-packet.ts';
import type { OpenRequest } from './webrtc-protocol.ts';
import { writeOffer } from './write-offer.ts';

/** The end here of one WebRTC connection that only receives. */
export type WebrtcPeer = {
  /** The answer in SDP. */
  readonly answer: string;
  /** Asks the sender for a key picture. */
  askForKey(): void;
  /** Says how much may be sent; to be repeated, since a sender forgets it. */
  grantBandwidth(): void;
  close(): void;
};

type PeerNeeds = OpenRequest & {
  readonly onPacket: (kind: 'video' | 'audio', packet: RtpPacket) => void;
  /** It will not come back. */
  readonly onEnd: (reason: string) => void;
};

/** 2.5 Mbit/s: enough for 1280 × 720. A browser that is not told begins with a tenth of it and takes a minute. */
const bitrate = { mantissa: 156_250, exponent: 4 } as const;

/**
 * Answers an offer. Listens on one UDP port of one address, and sends nothing to anybody who did not prove the password of
 * this answer first (ICE lite, RFC 8445 section 2.5): there are no servers it asks, and addresses it was offered are not used.
 */
export async function openWebrtcPeer(needs: PeerNeeds): Promise<WebrtcPeer> {
  const { offer, address, onPacket, onEnd } = needs;
  const codecsOf = (kind: OfferedMedia['kind']): RTCRtpCodecParameters[] =>
    offer.media.filter((media) => media.kind === kind).map((media) => codecParameters(media));
  let isGuarded = false;
  const connection = new RTCPeerConnection({
    // What comes before the guard stands is not answered.
    iceFilterStunResponse: () => isGuarded,
    codecs: { video: codecsOf('video'), audio: codecsOf('audio') },
    headerExtensions: { video: [], audio: [] },
    iceLite: true,
    iceServers: [],
    iceUseTcp: false,
    // None is looked for: the address is given.
    iceUseIpv4: false,
    iceUseIpv6: false,
    iceAdditionalHostAddresses: [address.announced ?? address.host],
    iceInterfaceAddresses: isIPv6(address.host) ? { udp6: address.host } : { udp4: address.host },
    icePortRange: [address.ports.from, address.ports.to],
    bundlePolicy: 'max-bundle',
  });
  connection.connectionStateChange.subscribe((state) => {
    if (state === 'failed' || state === 'closed') onEnd(`the connection ${state}`);
  });
  connection.onTrack.subscribe((track) => {
    const kind = track.kind;
    if (kind !== 'video' && kind !== 'audio') return;
    const payloadType = offer.media.find((media) => media.kind === kind)?.payloadType;
    track.onReceiveRtp.subscribe(({ header, payload }) => {
      if (header.payloadType !== payloadType) return;
      const { sequenceNumber: sequence, timestamp, marker } = header;
      onPacket(kind, { sequence, timestamp, marker, payload });
    });
  });
  await connection.setRemoteDescription({ type: 'offer', sdp: writeOffer(offer) });
  await connection.setLocalDescription(await connection.createAnswer());
  const sdp = connection.localDescription?.sdp ?? '';
  for (const transport of connection.iceTransports) guardTransport(transport, offer.ufrag);
  isGuarded = true;
  if (!sdp.includes('a=candidate:')) throw new Error(`there is no free UDP port on ${address.host}`);

  const source = offer.media.find(({ kind }) => kind === 'video')?.source ?? 0;
  const receiver = connection.getTransceivers().find(({ kind }) => kind === 'video')?.receiver;
  return {
    answer: withIceLite(sdp),
    askForKey: () => void receiver?.sendRtcpPLI(source).catch(() => undefined),
    grantBandwidth() {
      if (receiver === undefined || connection.connectionState !== 'connected') return;
      const feedback = new ReceiverEstimatedMaxBitrate({
        senderSsrc: receiver.rtcpSsrc,
        mediaSsrc: 0,
        ssrcNum: 1,
        brExp: bitrate.exponent,
        brMantissa: bitrate.mantissa,
        ssrcFeedbacks: [source],
      });
      const packet = new RtcpPayloadSpecificFeedback({ feedback });
      void receiver.transport.sendRtcp([packet]).catch(() => undefined);
    },
    close: () => void connection.close(),
  };
}

/**
 * The library takes every check for one of the sender's, whoever sent it and with whatever password, and all else from
 * anywhere: nothing reaches it but what the guard lets through. Throws when it is not built as it was when this was written.
 */
function guardTransport({ connection }: RTCIceTransport, senderUfrag: string): void {
  const { localUsername: ufrag, localPassword: password } = connection;
  const protocols: unknown = Reflect.get(connection, 'protocols');
  if (!Array.isArray(protocols)) throw new TypeError('Cannot guard the connection: its sockets are not found');
  for (const protocol of protocols) {
    if (!(protocol instanceof StunProtocol)) throw new TypeError('Cannot guard the connection: it has another socket');
    const guard = createDatagramGuard({ ufrag, password, senderUfrag });
    const { transport } = protocol;
    const { onData } = transport;
    transport.onData = (datagram, from) => {
      const [address, port] = from;
      if (guard(datagram, { address, port })) onData(datagram, from);
    };
  }
}

function codecParameters({ codec, payloadType, parameters, feedback, kind }: OfferedMedia): RTCRtpCodecParameters {
  return new RTCRtpCodecParameters({
    mimeType: `${kind}/${codec}`,
    clockRate: codec === 'opus' ? 48_000 : 90_000,
    payloadType,
    ...(codec === 'opus' ? { channels: 2 } : {}),
    ...(parameters === undefined ? {} : { parameters }),
    rtcpFeedback: feedback.map((each) => {
      const [type = '', parameter] = each.split(' ', 2);
      return { type, ...(parameter === undefined ? {} : { parameter }) };
    }),
  });
}

/** It is an attribute of the session (RFC 8839 section 5.3); in each part, where it stands here, nobody looks for it. */
function withIceLite(sdp: string): string {
  const lines = sdp.split('\r\n').filter((line) => line !== 'a=ice-lite' && line !== 'a=ice-options:trickle');
  const firstMedia = lines.findIndex((line) => line.startsWith('m='));
  return lines.toSpliced(firstMedia, 0, 'a=ice-lite').join('\r\n');
}
