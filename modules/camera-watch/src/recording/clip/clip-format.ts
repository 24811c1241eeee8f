import { canonicalJson, isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';

/*
 * A clip is an HTML page with its data inside, between `clipOpening` and `clipClosing`:
 *   "sallyport-clip@v1" · "manifest" base64(canonical JSON) · "export" base64(evidence)
 *   for each segment: "segment" base64(evidence) base64(SPSEG1) · "end", a line each
 * There is one way to write it: a reader writes what it read again and compares.
 */
const clipPlace = '<!--CLIP-->';
const clipOpening = '<pre id="clip" hidden>';
const clipClosing = '</pre>';
const format = 'sallyport-clip@v1';

export type ClipSegment = {
  readonly start_ms: number;
  readonly end_ms: number;
  readonly frames: number;
  readonly late: boolean;
  readonly plain_sha256: string;
};

/** What whoever exported says the clip is; its SHA-256 stands in the export's own ledger event. */
export type ClipManifest = {
  readonly camera: string;
  readonly name: string;
  readonly place: string;
  /** What was asked for; segments are whole and may reach past both ends. */
  readonly from_ms: number;
  readonly to_ms: number;
  readonly reason: string;
  readonly exported_ms: number;
  readonly exported_by: string;
  /** SHA-256 of the page around the data, with `clipPlace` in its place. */
  readonly page_sha256: string;
  readonly shortest_gap_ms: number;
  readonly segments: readonly ClipSegment[];
  readonly gaps: readonly { readonly from_ms: number; readonly to_ms: number; readonly why: string }[];
};

/** A clip's lines, split and not checked yet. */
export type ClipLines = {
  readonly manifest: string;
  readonly exported: string;
  readonly segments: readonly { readonly evidence: string; readonly bytes: string }[];
};

export function manifestText(manifest: ClipManifest): string {
  return canonicalJson({
    ...manifest,
    segments: manifest.segments.map((segment) => ({ ...segment })),
    gaps: manifest.gaps.map((gap) => ({ ...gap })),
  });
}

export const clipHead = (manifest: string, exported: string): string =>
  `${format}\nmanifest ${encodeBase64(manifest)}\nexport ${encodeBase64(exported)}\n`;
export const clipSegmentPrefix = (evidence: string): string => `segment ${encodeBase64(evidence)} `;
export const clipEnd = 'end';

/** Page and data of a clip file. Throws when it is none. */
export function splitClipFile(html: string): { readonly page: string; readonly data: string } {
  const [before, after] = partsAround(html, clipOpening);
  const [data, rest] = partsAround(after, clipClosing);
  return { page: `${before}${clipOpening}${clipPlace}${clipClosing}${rest}`, data };
}

/** The page before and after a clip's data. Throws when there is no one place for it. */
export function splitClipPage(page: string): { readonly before: string; readonly after: string } {
  const [before, after] = partsAround(page, `${clipOpening}${clipPlace}${clipClosing}`);
  return { before: `${before}${clipOpening}`, after: `${clipClosing}${after}` };
}

function partsAround(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error('The file is no clip');
  return [text.slice(0, at), text.slice(at + mark.length)];
}

/** Throws when the lines are not those of a clip. Nothing of what they hold is decoded. */
export function readClipLines(data: string): ClipLines {
  const lines = data.split('\n');
  if (lines[0] !== format || lines.at(-1) !== clipEnd) throw new Error('The clip is cut short or is none');
  const field = (line: string | undefined, name: string, values: number): string[] => {
    const [label, ...found] = (line ?? '').split(' ');
    if (label !== name || found.length !== values)
      throw new Error(`A line of the clip must be "${name}" and its values`);
    return found;
  };
  const [manifest = ''] = field(lines[1], 'manifest', 1);
  const [exported = ''] = field(lines[2], 'export', 1);
  const segments = lines.slice(3, -1).map((line) => {
    const [evidence = '', bytes = ''] = field(line, 'segment', 2);
    return { evidence, bytes };
  });
  return { manifest, exported, segments };
}

/** Undefined when the text is not a manifest, written the one way. */
export function parseManifest(text: string): ClipManifest | undefined {
  let value: JsonValue;
  try {
    value = parseJson(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value)) return undefined;
  const manifest: ClipManifest = {
    camera: textOf(value['camera']),
    name: textOf(value['name']),
    place: textOf(value['place']),
    from_ms: numberOf(value['from_ms']),
    to_ms: numberOf(value['to_ms']),
    reason: textOf(value['reason']),
    exported_ms: numberOf(value['exported_ms']),
    exported_by: textOf(value['exported_by']),
    page_sha256: textOf(value['page_sha256']),
    shortest_gap_ms: numberOf(value['shortest_gap_ms']),
    segments: objectsOf(value['segments']).map((segment) => ({
      start_ms: numberOf(segment['start_ms']),
      end_ms: numberOf(segment['end_ms']),
      frames: numberOf(segment['frames']),
      late: segment['late'] === true,
      plain_sha256: textOf(segment['plain_sha256']),
    })),
    gaps: objectsOf(value['gaps']).map((gap) => ({
      from_ms: numberOf(gap['from_ms']),
      to_ms: numberOf(gap['to_ms']),
      why: textOf(gap['why']),
    })),
  };
  return manifestText(manifest) === text ? manifest : undefined;
}

function objectsOf(value: JsonValue | undefined) {
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return items.filter((item) => isJsonObject(item));
}

function numberOf(value: JsonValue | undefined): number {
  return typeof value === 'number' ? value : -1;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function encodeBase64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''));
}

/** Throws for everything but the one way to write base64. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const lastGroup = binary.length - (binary.length % 3 === 0 ? Math.min(3, binary.length) : binary.length % 3);
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || !text.endsWith(btoa(binary.slice(lastGroup))) || text.length % 4 !== 0)
    throw new Error('Base64 is not written the one way it can be');
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

export function decodeBase64Text(text: string): string {
  return utf8.decode(decodeBase64(text));
}
