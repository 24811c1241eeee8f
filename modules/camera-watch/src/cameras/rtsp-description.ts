import { CameraWatchError } from '../errors.ts';

/** One picture or sound track of a camera. */
export type RtspTrack = {
  readonly media: 'video' | 'audio';
  /** Where it is set up, absolute, as the camera names it. */
  readonly control: string;
  /** Lines of SDP about how it is encoded. */
  readonly lines: readonly string[];
};

export type RtspDescription = {
  /** The first that ffmpeg is known to read. */
  readonly video: RtspTrack;
  /** The same; undefined without one. */
  readonly audio: RtspTrack | undefined;
  /** Where all of it is played, absolute. */
  readonly control: string;
};

/**
 * What ffmpeg of Debian decodes; what it does not know would end the pictures, too. No containers within packets (MP2T,
 * X-QT, ASF): they would set other readers of ffmpeg to work on what a camera sends.
 */
const readable = {
  video: /^(?:H26[1345]|H263-(?:1998|2000)|JPEG|MP4V-ES|MPV|VP[89])\//i,
  audio: /^(?:PCMU|PCMA|L16|G722|G726-(?:16|24|32|40)|MPEG4-GENERIC|MP4A-LATM|MPA|OPUS|GSM|SPEEX|VORBIS|AC3)\//i,
} as const;
/** Types of payload that mean the same without a name (RFC 3551 section 6): JPEG, H261, MPV, H263; PCMU, GSM, PCMA, G722, L16, MPA. */
const readableNumbers = { video: new Set([26, 31, 32, 34]), audio: new Set([0, 3, 8, 9, 10, 11, 14]) } as const;
/** Below it, a type of payload has its meaning whatever else is said of it. */
const firstFreeNumber = 35;

/**
 * Reads what a camera says it has (SDP, RFC 8866; RFC 2326 appendix C). Of all tracks the first picture and the first sound
 * that can be read are taken; `base` is `Content-Base` or the address that was asked for. Throws `camera_input_failed`
 * without pictures.
 */
export function readDescription(text: string, base: string): RtspDescription {
  const [session = [], ...sections] = sectionsOf(text.split(/\r?\n/));
  const control = resolved(attribute(session, 'control:') ?? '*', base);
  const tracks = sections.flatMap((lines) => trackOf(lines, control));
  const video = tracks.find(({ media }) => media === 'video');
  if (video === undefined)
    throw new CameraWatchError('camera_input_failed', 'the camera offers no pictures that can be read');
  return { video, audio: tracks.find(({ media }) => media === 'audio'), control };
}

/** The same in our own words: nothing of the camera's but how its tracks are encoded. */
export function writeDescription(
  tracks: readonly { readonly lines: readonly string[]; readonly control: string }[],
): string {
  const lines = tracks.flatMap((track) => [...track.lines, `a=control:${track.control}`]);
  return ['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 0.0.0.0', 't=0 0', ...lines, ''].join('\r\n');
}

/** An `m=` line begins a section; the lines before the first are of the session. */
function sectionsOf(lines: readonly string[]): string[][] {
  const sections: string[][] = [[]];
  for (const line of lines) {
    if (line.startsWith('m=')) sections.push([]);
    sections.at(-1)?.push(line);
  }
  return sections;
}

function trackOf(lines: readonly string[], base: string): RtspTrack[] {
  const [first = '', ...rest] = lines;
  const [, kind, payload] = /^m=(video|audio) \d+(?:\/\d+)? RTP\/AVPF?(?:\/TCP)? (\d{1,3})(?: |$)/i.exec(first) ?? [];
  const media = kind?.toLowerCase();
  if ((media !== 'video' && media !== 'audio') || payload === undefined) return [];
  // Said twice, it means two things: the first is judged, and only that goes on.
  const encoding = attribute(rest, `rtpmap:${payload} `);
  if (!isReadable(media, Number(payload), encoding)) return [];
  const about = new RegExp(`^a=(?:fmtp:${payload} |framerate:|framesize:${payload} )[ -~]{1,8000}$`);
  const named = encoding === undefined ? [] : [`a=rtpmap:${payload} ${encoding}`];
  const control = attribute(rest, 'control:');
  return [
    {
      media,
      control: control === undefined ? base : resolved(control, base),
      lines: [`m=${media} 0 RTP/AVP ${payload}`, ...named, ...rest.filter((line) => about.test(line))],
    },
  ];
}

function isReadable(media: 'video' | 'audio', payload: number, encoding: string | undefined): boolean {
  const isNumbered = readableNumbers[media].has(payload);
  if (encoding === undefined) return isNumbered;
  return (isNumbered || payload >= firstFreeNumber) && /^[!-~]{1,64}$/.test(encoding) && readable[media].test(encoding);
}

/** What stands behind `a=` and these words, the first time. */
function attribute(lines: readonly string[], words: string): string | undefined {
  const start = `a=${words}`;
  return lines
    .find((line) => line.toLowerCase().startsWith(start))
    ?.slice(start.length)
    .trim();
}

/**
 * As cameras mean it and every player reads it: what is not absolute is put behind the base, whatever RFC 3986 has of
 * directories. Only ever said to the camera; no connection is opened to what stands here.
 */
function resolved(control: string, base: string): string {
  const address =
    control === '*' ? base : isAddress(control) ? control : `${base.replace(/\/$/, '')}/${control.replace(/^\//, '')}`;
  if (!isAddress(address))
    throw new CameraWatchError('camera_input_failed', 'the camera names a track by what is no address');
  return address;
}

/** One that may stand in the first line of a request. */
export function isAddress(text: string): boolean {
  return /^rtsps?:\/\/[\u0021-\u007e]{1,4000}$/i.test(text);
}
