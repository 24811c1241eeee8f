// Verifies exported clips offline: in the clip's own page, in the console, on the command line. Needs no server.
import { hash } from 'node:crypto';
import { verifyEvidence } from '@sallyport/ledger/evidence';
import type { EvidenceVerification } from '@sallyport/ledger/evidence';
import { decodeSegment } from '@sallyport/segment-format';
import type { Segment } from '@sallyport/segment-format';
import { readSegmentEvent } from '../recording-event.ts';
import { readClipExport } from './clip-export-event.ts';
import { decodeBase64, decodeBase64Text, parseManifest, readClipLines, splitClipFile } from './clip-format.ts';
import type { ClipManifest, ClipSegment } from './clip-format.ts';

export type { ClipManifest, ClipSegment } from './clip-format.ts';

type Proof = Extract<EvidenceVerification, { ok: true }>;

export type SegmentVerdict =
  | { readonly ok: true; readonly claimed: ClipSegment; readonly segment: Segment; readonly proof: Proof }
  | { readonly ok: false; readonly claimed: ClipSegment | undefined; readonly reason: string };

export type ClipHead =
  | { readonly ok: true; readonly manifest: ClipManifest; readonly proof: Proof }
  | { readonly ok: false; readonly reason: string };

/** A clip whose segments are checked one by one: each takes as long as hashing its bytes. */
export type OpenedClip = {
  readonly head: ClipHead;
  readonly segmentCount: number;
  /** Checks the segment at this place among the clip's: its bytes, event, leaf, path, signature, camera and times. */
  verifySegment(at: number): SegmentVerdict;
};

export type ClipVerification = {
  readonly ok: boolean;
  /** Undefined when not even that could be read. */
  readonly manifest: ClipManifest | undefined;
  readonly verdicts: readonly SegmentVerdict[];
  /** What does not hold of the whole; segments say theirs themselves. */
  readonly problems: readonly string[];
  /** Every key a signature in it verifies under. */
  readonly verifierKeys: readonly string[];
  readonly keyGiven: boolean;
};

export type ClipOptions = {
  /** Keys of the log, known beforehand; one for each log when the ledger was restored. Without, the clip merely agrees with itself. */
  readonly verifierKeys?: readonly string[];
};

/** Opens the data of a clip, which is an attacker's: never throws. */
export function openClip(data: string, options: ClipOptions = {}): OpenedClip {
  try {
    const lines = readClipLines(data);
    const manifestJson = decodeBase64Text(lines.manifest);
    const manifest = parseManifest(manifestJson);
    if (manifest === undefined) return unreadable('What the clip says of itself cannot be read');
    if (manifest.segments.length !== lines.segments.length)
      return unreadable(
        `The clip has ${lines.segments.length} segments, and ${manifest.segments.length} were exported`,
      );
    return {
      head: verifyHead({ manifest, manifestJson, evidence: lines.exported }, options),
      segmentCount: lines.segments.length,
      verifySegment(at) {
        const [line, claimed] = [lines.segments[at], manifest.segments[at]];
        if (line === undefined || claimed === undefined) return { ok: false, claimed, reason: 'It is not in the clip' };
        return verifySegment({ line, claimed, manifest, previous: manifest.segments[at - 1] }, options);
      },
    };
  } catch (error) {
    return unreadable(reasonOf(error));
  }
}

/** Checks the whole file, every byte of it: the page around the data as well. Never throws. */
export function verifyClipFile(html: string, options: ClipOptions = {}): ClipVerification {
  let parts;
  try {
    parts = splitClipFile(html);
  } catch (error) {
    return summarize({ ok: false, reason: reasonOf(error) }, [], [], options);
  }
  const clip = openClip(parts.data, options);
  const verdicts = Array.from({ length: clip.segmentCount }, (_, at) => clip.verifySegment(at));
  const isPageOurs = clip.head.ok && sha256(new TextEncoder().encode(parts.page)) === clip.head.manifest.page_sha256;
  const problems = clip.head.ok && !isPageOurs ? ['The page around the clip is not the one it was exported with'] : [];
  return summarize(clip.head, verdicts, problems, options);
}

/** The verdict on a whole whose parts were checked. */
export function summarize(
  head: ClipHead,
  verdicts: readonly SegmentVerdict[],
  problems: readonly string[],
  options: ClipOptions,
): ClipVerification {
  const proofs = [head, ...verdicts].flatMap((part) => (part.ok ? [part.proof] : []));
  const all = head.ok ? problems : [head.reason, ...problems];
  return {
    ok: all.length === 0 && verdicts.every(({ ok }) => ok),
    manifest: head.ok ? head.manifest : undefined,
    verdicts,
    problems: all,
    verifierKeys: [...new Set(proofs.map(({ verifierKey }) => verifierKey))],
    // An empty list of keys is none: nothing was compared with it.
    keyGiven: options.verifierKeys !== undefined && options.verifierKeys.length > 0,
  };
}

function verifyHead(
  clip: { readonly manifest: ClipManifest; readonly manifestJson: string; readonly evidence: string },
  options: ClipOptions,
): ClipHead {
  const { manifest } = clip;
  const proof = verifyProof(clip.evidence, options);
  if (!proof.ok) return { ok: false, reason: `The record of the export does not verify: ${proof.reason}` };
  const exported = readClipExport(proof.event);
  if (exported === undefined) return { ok: false, reason: 'The proof beside the clip is not that of an export' };
  if (exported.manifestSha256 !== sha256(new TextEncoder().encode(clip.manifestJson)))
    return { ok: false, reason: 'What the clip says of itself is not what was exported' };
  if (exported.camera !== manifest.camera || exported.by !== manifest.exported_by)
    return { ok: false, reason: 'The export was of another camera or by somebody else' };
  return { ok: true, manifest, proof };
}

function verifySegment(
  {
    line,
    claimed,
    manifest,
    previous,
  }: {
    readonly line: { readonly evidence: string; readonly bytes: string };
    readonly claimed: ClipSegment;
    readonly manifest: ClipManifest;
    readonly previous: ClipSegment | undefined;
  },
  options: ClipOptions,
): SegmentVerdict {
  const refuse = (reason: string): SegmentVerdict => ({ ok: false, claimed, reason });
  try {
    const bytes = decodeBase64(line.bytes);
    const plainSha256 = sha256(bytes);
    if (plainSha256 !== claimed.plain_sha256) return refuse('Its bytes are not those that were exported');
    const proof = verifyProof(line.evidence, options);
    if (!proof.ok) return refuse(proof.reason);
    const sealed = readSegmentEvent(proof.event);
    if (sealed === undefined) return refuse('The sealed event is not that of a recorded segment');
    if (sealed.plainSha256 !== plainSha256) return refuse('Its bytes are not those the ledger holds the hash of');
    const segment = decodeSegment(bytes);
    if (sealed.camera !== manifest.camera || segment.camera !== manifest.camera)
      return refuse('It is of another camera');
    const isItsTime =
      [segment.startedMs, sealed.startMs].every((ms) => ms === claimed.start_ms) &&
      [segment.endedMs, sealed.endMs].every((ms) => ms === claimed.end_ms);
    if (!isItsTime) return refuse('It is of another time');
    if (segment.frames !== claimed.frames || sealed.frames !== claimed.frames || sealed.isLate !== claimed.late)
      return refuse('It is not the segment that was exported');
    if (previous !== undefined && previous.start_ms >= claimed.start_ms)
      return refuse('It stands out of the order of time');
    return { ok: true, claimed, segment, proof };
  } catch (error) {
    return refuse(reasonOf(error));
  }
}

function verifyProof(base64: string, { verifierKeys }: ClipOptions): EvidenceVerification {
  const evidence = decodeBase64(base64);
  if (verifierKeys === undefined) return verifyEvidence(evidence);
  const [first, ...others] = verifierKeys.map((verifierKey) => verifyEvidence(evidence, { verifierKey }));
  return [first, ...others].find((result) => result?.ok === true) ?? first ?? verifyEvidence(evidence);
}

function unreadable(reason: string): OpenedClip {
  return {
    head: { ok: false, reason },
    segmentCount: 0,
    verifySegment: () => ({ ok: false, claimed: undefined, reason }),
  };
}

function sha256(bytes: Uint8Array): string {
  return Array.from(hash('sha256', bytes, 'buffer'), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'It cannot be read';
}
