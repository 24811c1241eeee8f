import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf } from '@sallyport/platform/errors';
import fc from 'fast-check';
import { parseOffer } from './sdp-offer.ts';
import { offerLines } from './offer.fixture.ts';
import { writeOffer } from './write-offer.ts';

function refusalOf(lines: readonly string[]): string | undefined {
  try {
    parseOffer(lines.join('\r\n'));
    return undefined;
  } catch (error) {
    return codeOf(error) ?? String(error);
  }
}

function replaced(search: string | RegExp, replacement: string): string[] {
  const before = offerLines();
  const after = before.map((line) => line.replace(search, replacement));
  assert.notDeepEqual(after, before);
  return after;
}

test('of an offer as browsers make it, one codec each is taken, and no address', () => {
  const offer = parseOffer(`${offerLines().join('\r\n')}\r\n`);
  assert.deepEqual(
    offer.media.map(({ kind, mid, codec, payloadType, source }) => [kind, mid, codec, payloadType, source]),
    [
      ['audio', '0', 'opus', 111, 456_095_376],
      ['video', '1', 'VP8', 96, 388_160_663],
    ],
  );
  assert.deepEqual(offer.media[1]?.feedback, ['nack', 'nack pli', 'goog-remb']);
  assert.equal(offer.ufrag, '0cEU');
  const written = writeOffer(offer);
  assert.doesNotMatch(written, /candidate|192\.0\.2\.|rtx|simulcast|VP9|evil/);
  assert.deepEqual(parseOffer(written), offer);
});

test('H.264 is taken with the parameters it was offered with, where it stands first', () => {
  const lines = offerLines().map((line) =>
    line.startsWith('m=video') ? line.replace(' 96 97 ', ' 102 96 97 ') : line,
  );
  const [, video] = parseOffer(
    [...lines, 'a=rtpmap:102 H264/90000', 'a=fmtp:102 packetization-mode=1;profile-level-id=42e01f'].join('\n'),
  ).media;
  assert.deepEqual([video?.codec, video?.payloadType], ['H264', 102]);
  assert.equal(video?.parameters, 'packetization-mode=1;profile-level-id=42e01f');
});

test('what is no offer is told apart from one that cannot be served', () => {
  const sound = offerLines().slice(
    0,
    offerLines().findIndex((line) => line.startsWith('m=video')),
  );
  const refused = [
    sound,
    sound.slice(
      0,
      sound.findIndex((line) => line.startsWith('m=')),
    ),
    replaced('a=sendonly', 'a=recvonly'),
    replaced('VP8/90000', 'VP9/90000'),
    replaced('opus/48000/2', 'G722/8000'),
    replaced('a=setup:actpass', 'a=setup:passive'),
    replaced('a=rtcp-mux', 'a=rtcp-other'),
    replaced('BUNDLE 0 1', 'BUNDLE 0'),
    replaced(/^a=ssrc:/, 'a=source:'),
    replaced('a=fingerprint:sha-256', 'a=fingerprint:md5'),
    replaced('m=audio 9', 'm=application 9'),
    replaced('UDP/TLS/RTP/SAVPF', 'RTP/AVP'),
    [...offerLines(), ...offerLines().filter((line) => line.startsWith('m=video'))],
  ];
  for (const lines of refused) assert.equal(refusalOf(lines), 'sdp_refused', lines.join('\n'));
  const invalid = [
    [],
    ['hello'],
    ['v=0', ...Array.from({ length: 2000 }, () => 'a=x')],
    [...offerLines(), 'a=x\u0000'],
    [...offerLines(), `a=${'x'.repeat(3000)}`],
    [...offerLines(), 'a=x'.repeat(20_000)],
    replaced('a=ice-ufrag:0cEU', 'a=ice-ufrag:0c"EU'),
    replaced('a=ice-pwd:', 'a=ice-nothing:'),
    replaced('a=mid:1', 'a=mid:0'),
    replaced('a=mid:1', 'a=mid:1 2'),
  ];
  for (const lines of invalid) assert.equal(refusalOf(lines), 'sdp_invalid', lines.slice(0, 60).join('\n'));
});

test('whatever is sent, it is an offer of one video or refused by a code, and nothing it holds makes a line of its own', () => {
  const line = fc.oneof(
    fc.constantFrom(...offerLines()),
    fc.string(),
    fc.constantFrom('m=video 9 UDP/TLS/RTP/SAVPF 96', 'a=mid:1', 'a=fmtp:96 x\ra=candidate:1', 'a=fmtp:96 a=1;b'),
  );
  fc.assert(
    fc.property(
      fc.array(fc.record({ at: fc.nat(80), line, isDropped: fc.boolean() }), { maxLength: 12 }),
      (changes) => {
        const lines = offerLines();
        for (const { at, line: text, isDropped } of changes) lines.splice(at % lines.length, isDropped ? 1 : 0, text);
        let offer;
        try {
          offer = parseOffer(lines.join('\r\n'));
        } catch (error) {
          assert.match(codeOf(error) ?? String(error), /^sdp_(?:invalid|refused)$/);
          return;
        }
        assert.equal(offer.media.filter(({ kind }) => kind === 'video').length, 1);
        const written = writeOffer(offer);
        assert.doesNotMatch(written, /candidate/);
        assert.deepEqual(parseOffer(written), offer);
      },
    ),
    { numRuns: 500 },
  );
});
