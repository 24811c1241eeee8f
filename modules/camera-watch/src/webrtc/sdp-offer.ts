import { CameraWatchError } from '../errors.ts';
import { videoCodecs } from './video-frame.ts';
import type { VideoCodec } from './video-frame.ts';

/** What of an offer counts here. Whoever sends it never sees more of it used. */
export type Offer = {
  readonly ufrag: string;
  readonly password: string;
  /** SHA-256 of the certificate, as it stands in SDP (RFC 8122). */
  readonly fingerprint: string;
  /** In the order of the offer: one of video, at most one of sound. */
  readonly media: readonly OfferedMedia[];
};

export type OfferedMedia = {
  readonly kind: 'video' | 'audio';
  /** RFC 8843 section 7.1 names them; a token. */
  readonly mid: string;
  readonly codec: VideoCodec | 'opus';
  readonly payloadType: number;
  /** Of the codec, as offered. */
  readonly parameters: string | undefined;
  /** Which of `usedFeedback` it understands. */
  readonly feedback: readonly string[];
  /** SSRC of its packets. */
  readonly source: number;
};

export const maxOfferBytes = 32 * 1024;
const maxLines = 1500;
const maxLineLength = 2000;

const usedFeedback = ['nack', 'nack pli', 'goog-remb'];
/** As `rtpmap` writes them. */
export const clockRates: Readonly<Record<OfferedMedia['codec'], string>> = {
  H264: 'H264/90000',
  VP8: 'VP8/90000',
  opus: 'opus/48000/2',
};

type Section = { readonly kind: string; readonly formats: readonly string[]; readonly lines: readonly string[] };

/**
 * Reads an offer (RFC 8866, RFC 9429) of somebody who sends one picture stream, and at most one of sound, in one bundle.
 * Addresses in it are left out: this server asks nobody, it is asked.
 * Throws `CameraWatchError` `sdp_invalid` for what is none, `sdp_refused` for one that cannot be served.
 */
export function parseOffer(text: string): Offer {
  const lines = linesOf(text);
  const firstMedia = lines.findIndex((line) => line.startsWith('m='));
  const session = firstMedia < 0 ? lines : lines.slice(0, firstMedia);
  const sections = sectionsOf(firstMedia < 0 ? [] : lines.slice(firstMedia));
  const [first] = sections;
  if (first === undefined || !sections.some(({ kind }) => kind === 'video')) throw refused('it must send video');
  const kinds = sections.map(({ kind }) => kind);
  if (new Set(kinds).size < kinds.length || kinds.some((kind) => kind !== 'video' && kind !== 'audio'))
    throw refused('it must send one video and at most one audio, and nothing else');
  const media = sections.map((section) => readMedia(section));
  const bundle = valueOf(session, 'group:BUNDLE ')?.split(' ') ?? [];
  if (media.length > 1 && !media.every(({ mid }) => bundle.includes(mid)))
    throw refused('video and audio must be in one bundle');
  if (new Set(media.map(({ mid }) => mid)).size < media.length) throw invalid('two parts have one name');
  const find = (name: string): string | undefined => valueOf(first.lines, name) ?? valueOf(session, name);
  const ufrag = matching(find('ice-ufrag:'), /^[A-Za-z0-9+/]{4,256}$/, 'ice-ufrag');
  const password = matching(find('ice-pwd:'), /^[A-Za-z0-9+/]{22,256}$/, 'ice-pwd');
  // Who would begin the handshake (RFC 8842): it is only this side that can check the other's signature.
  if (find('setup:') !== 'actpass') throw refused('setup must be actpass');
  const fingerprint = [...valuesOf(first.lines, 'fingerprint:'), ...valuesOf(session, 'fingerprint:')]
    .map((value) => /^sha-256 ((?:[0-9a-f]{2}:){31}[0-9a-f]{2})$/i.exec(value)?.[1])
    .find((value) => value !== undefined);
  if (fingerprint === undefined) throw refused('there must be a fingerprint by SHA-256');
  return { ufrag, password, fingerprint: fingerprint.toUpperCase(), media };
}

function linesOf(text: string): string[] {
  if (text.length > maxOfferBytes) throw invalid(`it must be at most ${maxOfferBytes} bytes`);
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  if (lines.length > maxLines) throw invalid(`it must have at most ${maxLines} lines`);
  if (lines[0] !== 'v=0') throw invalid('it must begin with "v=0"');
  for (const line of lines)
    if (line.length > maxLineLength || !/^[a-z]=[^\p{Cc}]*$/u.test(line)) throw invalid('a line is none of SDP');
  return lines;
}

function sectionsOf(lines: readonly string[]): Section[] {
  const sections: { kind: string; formats: string[]; lines: string[] }[] = [];
  for (const line of lines) {
    if (!line.startsWith('m=')) {
      sections.at(-1)?.lines.push(line);
      continue;
    }
    const [, kind, port, protocol, formats] =
      /^m=([a-z]{1,20}) (\d{1,5}) ([A-Z/]{1,40})((?: [\w-]{1,20}){1,200})$/.exec(line) ?? [];
    if (kind === undefined || formats === undefined) throw invalid('a line of media is none');
    if (protocol !== 'UDP/TLS/RTP/SAVPF') throw refused('media must go as UDP/TLS/RTP/SAVPF');
    if (port === '0') throw refused('a part that is switched off must be left out');
    if (sections.length === 2) throw refused('it must send one video and at most one audio, and nothing else');
    sections.push({ kind, formats: formats.trim().split(' '), lines: [] });
  }
  return sections;
}

function readMedia({ kind, formats, lines }: Section): OfferedMedia {
  const isVideo = kind === 'video';
  if (lines.includes('a=recvonly') || lines.includes('a=inactive')) throw refused(`${kind} must be sent`);
  if (!lines.includes('a=rtcp-mux')) throw refused('there must be rtcp-mux');
  const wanted: readonly OfferedMedia['codec'][] = isVideo ? videoCodecs : ['opus'];
  const maps = new Map(
    valuesOf(lines, 'rtpmap:').map((value): [string, string] => {
      const [format = '', codec = ''] = value.split(' ', 2);
      return [format, codec.toLowerCase()];
    }),
  );
  for (const format of formats) {
    const codec = wanted.find((each) => maps.get(format) === clockRates[each].toLowerCase());
    if (codec === undefined || !/^\d{1,3}$/.test(format) || Number(format) > 127) continue;
    const parameters = valueOf(lines, `fmtp:${format} `);
    if (codec === 'H264' && parameters?.includes('packetization-mode=2') === true) continue;
    return {
      kind: isVideo ? 'video' : 'audio',
      mid: matching(valueOf(lines, 'mid:'), /^[\w!#$%&'*+.^`{|}~-]{1,32}$/, 'mid'),
      codec,
      payloadType: Number(format),
      parameters: parameters === undefined ? undefined : matching(parameters, /^[\w\-=;., /+]{1,400}$/, 'fmtp'),
      feedback: usedFeedback.filter((each) => lines.includes(`a=rtcp-fb:${format} ${each}`)),
      source: sourceOf(lines),
    };
  }
  throw refused(`${kind} must be ${wanted.join(' or ')}`);
}

/** The first: others are of what was sent again, or of smaller pictures. */
function sourceOf(lines: readonly string[]): number {
  const source = Number(/^(\d{1,10}) /.exec(valueOf(lines, 'ssrc:') ?? '')?.[1]);
  if (source > 0 && source <= 0xffffffff) return source;
  throw refused('each part must say its "ssrc"');
}

function valuesOf(lines: readonly string[], name: string): string[] {
  return lines.filter((line) => line.startsWith(`a=${name}`)).map((line) => line.slice(name.length + 2));
}

function valueOf(lines: readonly string[], name: string): string | undefined {
  return valuesOf(lines, name)[0];
}

function matching(value: string | undefined, pattern: RegExp, name: string): string {
  if (value !== undefined && pattern.test(value)) return value;
  throw invalid(`"${name}" is missing or malformed`);
}

function invalid(why: string): CameraWatchError {
  return new CameraWatchError('sdp_invalid', `Cannot read the offer: ${why}`);
}

function refused(why: string): CameraWatchError {
  return new CameraWatchError('sdp_refused', `Cannot take the offer: ${why}`);
}
