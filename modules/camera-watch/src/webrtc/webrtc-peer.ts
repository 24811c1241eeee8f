import { isIPv6 } from 'node:net';
import {
  ReceiverEstimatedMaxBitrate,
  RTCPeerConnection,
  RtcpPayloadSpecificFeedback,
  RTCRtpCodecParameters,
  StunProtocol,
} from 'werift';
import type { RTCDtlsTransport, RTCIceTransport } from 'werift';
import { createDatagramGuard, isStun } from './datagram-guard.ts';
import { createMediaFlow } from './media-flow.ts';
import type { MediaFlow } from './media-flow.ts';
import type { OfferedMedia } from './sdp-offer.ts';
import { createSenderProof } from './sender-proof.ts';
import type { SenderProof } from './sender-proof.ts';
import type { RtpPacket } from './rtp-packet.ts';
import type { OpenRequest } from './webrtc-protocol.ts';
import { writeOffer } from './write-offer.ts';

/** The end here of one WebRTC connection that only receives. */
export type WebrtcPeer = {
  /** The answer in SDP. */
  readonly answer: string;
  /** Asks the sender for a key picture. */
  askForKey(): void;
  /** To be called a few times a second: says how much may be sent, since a sender forgets it, and sees whether it hung up. */
  look(): void;
  close(): void;
};

type PeerNeeds = OpenRequest & {
  readonly random: (length: number) => Uint8Array;
  readonly monotonicMs: () => number;
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
  const flow = createMediaFlow(needs.monotonicMs);
  const proof = createSenderProof(offer.fingerprint);
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
      if (!proof.isGiven()) return;
      flow.noteMedia();
      if (header.payloadType !== payloadType) return;
      const { sequenceNumber: sequence, timestamp, marker } = header;
      onPacket(kind, { sequence, timestamp, marker, payload });
    });
  });
  await connection.setRemoteDescription({ type: 'offer', sdp: writeOffer(offer) });
  for (const transport of connection.iceTransports) setCredentials(transport, needs.random);
  await connection.setLocalDescription(await connection.createAnswer());
  const sdp = connection.localDescription?.sdp ?? '';
  for (const transport of connection.iceTransports) guardTransport(transport, offer.ufrag, flow);
  for (const transport of connection.dtlsTransports) demandProof(transport, proof);
  isGuarded = true;
  // As a server of DTLS the library would ask for a proof that it does not look at.
  if (!/^a=setup:active\r?$/m.test(sdp)) throw new Error('the answer does not begin the handshake');
  if (!sdp.includes('a=candidate:')) throw new Error(`there is no free UDP port on ${address.host}`);

  const source = offer.media.find(({ kind }) => kind === 'video')?.source ?? 0;
  const receiver = connection.getTransceivers().find(({ kind }) => kind === 'video')?.receiver;
  return {
    answer: withIceLite(sdp),
    askForKey: () => void receiver?.sendRtcpPLI(source).catch(() => undefined),
    look() {
      if (flow.isOver()) onEnd('the sender hung up');
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

/** RFC 8445 section 5.3 asks for 24 and 128 random bits; the library's own have 16 and 88. */
function setCredentials({ connection }: RTCIceTransport, random: PeerNeeds['random']): void {
  connection.localUsername = Buffer.from(random(6)).toString('base64');
  connection.localPassword = Buffer.from(random(24)).toString('base64');
}

/**
 * The library takes every check for one of the sender's, whoever sent it and with whatever password, and all else from
 * anywhere: nothing reaches it but what the guard lets through. Throws when it is not built as it was when this was written.
 */
function guardTransport({ connection }: RTCIceTransport, senderUfrag: string, flow: MediaFlow): void {
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
      if (!guard(datagram, { address, port })) return;
      if (isStun(datagram) || flow.mayPass(datagram)) onData(datagram, from);
    };
  }
}

/** Stands before any message is read: the first of them answers one that is sent 100 ms later. */
function demandProof(transport: RTCDtlsTransport, proof: SenderProof): void {
  transport.onStateChange.subscribe((state) => {
    if (state !== 'connecting') return;
    queueMicrotask(() => {
      const { dtls } = transport;
      // Without it no proof is given, and nothing is used.
      if (dtls === undefined) return;
      const { onHandleHandshakes } = dtls;
      dtls.onHandleHandshakes = async (messages) => {
        const passed = proof.filter(messages, dtls.cipher.localRandom.serialize());
        if (passed.length > 0) await onHandleHandshakes(passed);
      };
    });
  });
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
