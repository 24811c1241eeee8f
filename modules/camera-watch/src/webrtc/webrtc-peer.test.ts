import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { MediaStreamTrack, RTCPeerConnection, RTCRtpCodecParameters, RtpHeader, RtpPacket } from 'werift';
import { offerLines } from './offer.fixture.ts';
import { parseOffer } from './sdp-offer.ts';
import { openWebrtcPeer } from './webrtc-peer.ts';

/** RFC 8489: a binding request with user name, what browsers add, and the proof. */
function check(username: string, password: string): Buffer {
  const attributes = [
    [0x0006, Buffer.from(username)],
    [0x0024, Buffer.from([0x6e, 0, 0, 0xff])],
    [0x802a, randomBytes(8)],
  ] as const;
  const body = Buffer.concat(
    attributes.map(([type, value]) => {
      const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
      padded.writeUInt16BE(type, 0);
      padded.writeUInt16BE(value.length, 2);
      padded.set(value, 4);
      return padded;
    }),
  );
  const header = Buffer.alloc(20);
  header.writeUInt16BE(1, 0);
  header.writeUInt16BE(body.length + 24, 2);
  header.writeUInt32BE(0x2112a442, 4);
  header.set(randomBytes(12), 8);
  const integrity = createHmac('sha1', password).update(header).update(body).digest();
  return Buffer.concat([header, body, Buffer.from([0, 8, 0, 20]), integrity]);
}

test('an answer says one address and one codec, and only who knows its password is answered there', async (t) => {
  const peer = await openWebrtcPeer({
    offer: parseOffer(offerLines().join('\r\n')),
    address: { host: '127.0.0.1', announced: undefined, ports: { from: 29_400, to: 29_499 } },
    random: randomBytes,
    monotonicMs: () => performance.now(),
    onPacket: () => assert.fail('Nobody sends'),
    onEnd: () => undefined,
  });
  t.after(() => peer.close());
  const { answer } = peer;
  const candidates = [...answer.matchAll(/^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host/gm)];
  const [, host, port] = candidates[0] ?? [];
  assert.ok(candidates.every((each) => each[1] === '127.0.0.1' && each[2] === port));
  assert.match(answer.slice(0, answer.indexOf('m=')), /^a=ice-lite\r$/m);
  assert.deepEqual(
    [...answer.matchAll(/^a=rtpmap:(.*)\r$/gm)].map(([, map]) => map),
    ['111 opus/48000/2', '96 VP8/90000'],
  );
  assert.doesNotMatch(answer, /stun:|turn:|192\.0\.2\./);

  const ufrag = /^a=ice-ufrag:(\S+)/m.exec(answer)?.[1] ?? '';
  const password = /^a=ice-pwd:(\S+)/m.exec(answer)?.[1] ?? '';
  // RFC 8445 section 5.3: 24 and 128 random bits.
  assert.deepEqual([ufrag.length, password.length], [8, 32]);
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  const good = check(`${ufrag}:0cEU`, password);
  const answered = once(socket, 'message');
  for (const datagram of [
    check(`${ufrag}:0cEU`, 'another password, as long as it'),
    check('other:0cEU', password),
    Buffer.from('16fefd00000000000000000002022800', 'hex'),
    good,
  ])
    socket.send(datagram, Number(port), host);
  const [first]: unknown[] = await answered;
  assert.ok(Buffer.isBuffer(first));
  // A success, and of the last: nothing came back for those before it.
  assert.deepEqual([first.readUInt16BE(0), first.subarray(8, 20)], [0x0101, good.subarray(8, 20)]);
});

test('packets of a sender that has the key of the certificate in its offer are taken', async (t) => {
  const vp8 = new RTCRtpCodecParameters({ mimeType: 'video/VP8', clockRate: 90_000, payloadType: 96 });
  const sender = new RTCPeerConnection({
    codecs: { video: [vp8] },
    iceServers: [],
    iceUseIpv4: false,
    iceUseIpv6: false,
    iceAdditionalHostAddresses: ['127.0.0.1'],
    iceInterfaceAddresses: { udp4: '127.0.0.1' },
  });
  t.after(() => sender.close());
  const track = new MediaStreamTrack({ kind: 'video' });
  sender.addTransceiver(track, { direction: 'sendonly' });
  await sender.setLocalDescription(await sender.createOffer());
  const { promise: came, resolve } = Promise.withResolvers<string>();
  const peer = await openWebrtcPeer({
    offer: parseOffer(sender.localDescription?.sdp ?? ''),
    address: { host: '127.0.0.1', announced: undefined, ports: { from: 29_400, to: 29_499 } },
    random: randomBytes,
    monotonicMs: () => performance.now(),
    onPacket: (kind) => resolve(kind),
    onEnd: resolve,
  });
  t.after(() => peer.close());
  await sender.setRemoteDescription({ type: 'answer', sdp: peer.answer });
  let sequenceNumber = 0;
  const timer = setInterval(() => {
    sequenceNumber += 1;
    const header = new RtpHeader({ sequenceNumber, timestamp: sequenceNumber * 3000, payloadType: 96, marker: true });
    track.writeRtp(new RtpPacket(header, Buffer.from([0x10, 0x10, 1, 2])));
  }, 20);
  t.after(() => clearInterval(timer));
  assert.equal(await came, 'video');
});
