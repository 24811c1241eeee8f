import { hash } from 'node:crypto';
import { isSealedBody, parseJson } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import {
  formatTlogProof,
  hashLeaf,
  parseSignedCheckpoint,
  parseTlogProof,
  parseVerifierKey,
  verifyCosignature,
  verifyInclusion,
  verifyNote,
} from '@sallyport/merkle-log';
import type { SignedNote, VerifierKey } from '@sallyport/merkle-log';
import { formatOpenings, maxOpenings, openWith, parseOpenings } from './evidence-openings.ts';
import type { EvidenceOpenings } from './evidence-openings.ts';
import { decodeLeaf } from './leaf.ts';
import type { EvidenceFile } from './ledger.ts';

export type EvidenceParts = {
  /** The log's signed-note vkey, for convenience; trust comes from knowing it beforehand. */
  readonly verifierKey: string;
  readonly leaf: Uint8Array;
  readonly salt: Uint8Array;
  readonly body: Uint8Array;
  /** Of a body with sealed strings, what they say; none or one for each. */
  readonly openings?: EvidenceOpenings | undefined;
  readonly index: number;
  readonly proof: readonly Uint8Array[];
  readonly checkpoint: string;
  /** Of witnesses, a vkey for each signature of the checkpoint after the log's own, in their order. */
  readonly witnessKeys?: readonly string[];
  /** RFC 3161 tokens (DER) about the text of the checkpoint. */
  readonly timeStamps?: readonly Uint8Array[];
};

/** Somebody outside who saw the log only grow up to this checkpoint, by a key that stands in the file. */
export type EvidenceWitness = {
  readonly name: string;
  readonly verifierKey: string;
  /** When it says it signed. */
  readonly cosignedAtMs: number;
};

export type EvidenceVerification =
  | {
      readonly ok: true;
      /** The event as recorded; strings that were sealed for themselves and that nobody opens here read `[sealed]`. */
      readonly event: JsonValue;
      /** How many such strings there are: personal data that was erased, or is kept back. */
      readonly closed: number;
      readonly index: number;
      readonly treeSize: number;
      readonly origin: string;
      readonly receivedAtMs: number;
      readonly classUid: number;
      /** The key the checkpoint verifies under. */
      readonly verifierKey: string;
      /** Whether that key was given by the caller, or only stands in the file: then the file merely agrees with itself. */
      readonly keyGiven: boolean;
      /** Each cosignature verifies; whose keys these are is for the reader to know. */
      readonly witnesses: readonly EvidenceWitness[];
      /**
       * Tokens that say when this checkpoint existed, not looked into here: `verifyTimeStampToken` (`@sallyport/ledger/time-stamp`)
       * does, over `stamped`. Until then their bytes say nothing.
       */
      readonly timeStamps: readonly Uint8Array[];
      /** What the tokens are about: the text of the checkpoint. */
      readonly stamped: string;
    }
  | { readonly ok: false; readonly check: EvidenceCheck; readonly reason: string };

/** What is checked, in this order; a refusal names the first that fails. */
export type EvidenceCheck = 'form' | 'key' | 'event' | 'signature' | 'inclusion';

const format = 'sallyport-evidence@v1';
/** Throws on anything that is not UTF-8: what is shown must be what was sealed. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** As many as a note may have signatures beside the log's own. */
const maxWitnesses = 99;
const maxTimeStamps = 4;
const maxEvidenceBytes = 8 * 1024 * 1024;
/** The last second that calendars here have a name for. */
const latestSeconds = 8_640_000_000_000;

/**
 * One event with all an auditor needs, as text:
 *   format · `key` vkey · `witness` vkey, none or more · `timestamp` base64, none to four · `leaf` base64 · `salt` base64 · `body` base64 ·
 *   `opening` salt and text, one for each sealed string of the body or none at all · a C2SP tlog-proof@v1 with index, path and checkpoint.
 */
export function formatEvidence(parts: EvidenceParts): string {
  const proof = formatTlogProof({ index: parts.index, proof: parts.proof, checkpoint: parts.checkpoint });
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const witnesses = (parts.witnessKeys ?? []).map((key) => `witness ${key}\n`).join('');
  const stamps = (parts.timeStamps ?? []).map((token) => `timestamp ${base64(token)}\n`).join('');
  return `${format}\nkey ${parts.verifierKey}\n${witnesses}${stamps}leaf ${base64(parts.leaf)}\nsalt ${base64(parts.salt)}\nbody ${base64(parts.body)}\n${formatOpenings(parts.openings)}${proof}`;
}

/**
 * Checks an evidence file from its bytes alone: the body hashes into the leaf, the leaf into the tree, the tree into
 * the checkpoint, the checkpoint under the key. Every byte counts: the parts, written out again, must give the same file.
 * The file is an attacker's; nothing it says is trusted before it is checked. Never throws.
 */
export function verifyEvidence(
  file: Uint8Array | string,
  options: { verifierKey?: string } = {},
): EvidenceVerification {
  if (file.length > maxEvidenceBytes)
    return refuse('form', `The file has ${file.length} bytes, must be at most ${maxEvidenceBytes}`);
  try {
    return check(typeof file === 'string' ? file : utf8.decode(file), options.verifierKey);
  } catch (error) {
    return refuse('form', error instanceof Error ? error.message : 'The file cannot be read');
  }
}

function check(text: string, givenKey: string | undefined): EvidenceVerification {
  const parts = parse(text);
  if (formatEvidence(parts) !== text) return refuse('form', 'The file is not written the one way evidence is written');
  if (givenKey !== undefined && givenKey.trim() !== parts.verifierKey) {
    return refuse('key', 'The file is signed by another log than the one whose key was given');
  }
  const leaf = decodeLeaf(parts.leaf);
  if (leaf.kind !== 'event') return refuse('event', 'The leaf is not an event’s');
  if (parts.salt.length !== 32) return refuse('event', `The salt has ${parts.salt.length} bytes, must be 32`);
  const bodyHash = hash('sha256', Buffer.concat([parts.salt, parts.body]), 'buffer');
  if (!bodyHash.equals(leaf.hash)) return refuse('event', 'The event is not the one the leaf commits to');
  const logKey = parseVerifierKey(parts.verifierKey);
  const verified = verifyNote({ note: parts.checkpoint, verifierKeys: [logKey] });
  if (!verified.ok) return refuse('signature', verified.reason);
  const { note, checkpoint } = parseSignedCheckpoint(parts.checkpoint);
  const witnesses = cosignaturesOf(note, parts.witnessKeys ?? [], logKey);
  if (typeof witnesses === 'string') return refuse('signature', witnesses);
  const { origin, treeSize, root } = checkpoint;
  if (logKey.name !== origin) return refuse('key', `The key is not that of log "${origin}"`);
  const { index, proof } = parts;
  const included = verifyInclusion({ index, treeSize, leafHash: hashLeaf(parts.leaf), proof, root });
  if (!included.ok) return refuse('inclusion', included.reason);
  const opened = openWith(parts.body, parts.openings);
  if (opened === undefined) return refuse('event', 'The openings in the file are not what the event commits to');
  const event = parseJson(opened.text);
  const { closed } = opened;
  const { receivedAtMs, classUid } = leaf;
  return {
    ok: true,
    event,
    closed,
    index,
    treeSize,
    origin,
    receivedAtMs,
    classUid,
    verifierKey: parts.verifierKey,
    keyGiven: givenKey !== undefined,
    witnesses,
    timeStamps: parts.timeStamps ?? [],
    stamped: note.text,
  };
}

/**
 * The log's signature, then that of each witness named in the file, and no other: a signature nobody can check is a line
 * anybody may change. Else why not.
 */
export function cosignaturesOf(
  { text, signatures }: SignedNote,
  witnessKeys: readonly string[],
  logKey: VerifierKey,
): EvidenceWitness[] | string {
  const cosignatures = signatures.slice(1);
  if (cosignatures.length !== witnessKeys.length)
    return 'The checkpoint must carry the log’s signature, one of each witness the file names, and no other';
  const witnesses: EvidenceWitness[] = [];
  // A cosignature with Ed25519 does not hold the name: one key under two names is one witness, and the log is none.
  const counted = new Set([publicKeyOf(logKey)]);
  for (const [at, verifierKey] of witnessKeys.entries()) {
    const key = parseVerifierKey(verifierKey);
    const signature = cosignatures[at];
    if (counted.has(publicKeyOf(key))) return `The key of witness "${key.name}" stands in the file already`;
    counted.add(publicKeyOf(key));
    if (signature?.name !== key.name || signature.keyId !== key.keyId)
      return `The signature of witness "${key.name}" is missing`;
    const verified = verifyCosignature({ text, key, bytes: signature.signature });
    if (!verified.ok) return verified.reason;
    if (verified.timestampSeconds < 1 || verified.timestampSeconds > latestSeconds)
      return `Witness "${key.name}" states no time at which it signed`;
    witnesses.push({ name: key.name, verifierKey, cosignedAtMs: verified.timestampSeconds * 1000 });
  }
  return witnesses;
}

function publicKeyOf({ publicKey }: VerifierKey): string {
  return Buffer.from(publicKey).toString('hex');
}

/** The event a file is about, as it was sealed, unchecked: for files the ledger has just made. Throws when the text is none of them. */
export function eventOfEvidence(text: EvidenceFile): JsonValue | undefined {
  const { body, openings } = parse(text);
  const opened = openWith(body, openings);
  return opened === undefined ? undefined : parseJson(opened.text);
}

/** The file with what the sealed strings of its event say, as far as `open` can tell; as it is when there are none. */
export async function openEvidence(
  text: EvidenceFile,
  open: (marked: string) => Promise<EvidenceOpenings>,
): Promise<EvidenceFile> {
  const parts = parse(text);
  if (!isSealedBody(parts.body)) return text;
  return formatEvidence({ ...parts, openings: await open(utf8.decode(parts.body)) });
}

/** The signed checkpoint in a file that `verifyEvidence` accepted. Throws when the text is no evidence. */
export function checkpointOfEvidence(text: EvidenceFile): string {
  return parse(text).checkpoint;
}

function parse(text: string): EvidenceParts {
  /** What follows the name on the lines from there on that begin with it. */
  const repeated = (from: number, name: string, most: number): string[] => {
    const found = text.split('\n', from + most).slice(from);
    const end = found.findIndex((line) => !line.startsWith(`${name} `));
    return (end === -1 ? found : found.slice(0, end)).map((line) => line.slice(name.length + 1));
  };
  const witnessKeys = repeated(2, 'witness', maxWitnesses);
  const timeStamps = repeated(2 + witnessKeys.length, 'timestamp', maxTimeStamps);
  if (timeStamps.includes('')) throw new Error('A time-stamp in the file is empty');
  const after = 2 + witnessKeys.length + timeStamps.length;
  const lines = text.split('\n', after + 3);
  const field = (line: number, name: string): string => {
    const [label, value, ...rest] = (lines[line] ?? '').split(' ');
    if (label !== name || value === undefined || rest.length > 0)
      throw new Error(`Line ${line + 1} must be "${name}" and its value`);
    return value;
  };
  if (lines[0] !== format) throw new Error(`The file must start with "${format}"`);
  const verifierKey = field(1, 'key');
  const [leaf, salt, body] = [field(after, 'leaf'), field(after + 1, 'salt'), field(after + 2, 'body')].map((value) =>
    Buffer.from(value, 'base64'),
  );
  if (leaf === undefined || salt === undefined || body === undefined) throw new Error('The file is cut short');
  const openings = repeated(after + 3, 'opening', maxOpenings);
  const start = text.split('\n', after + 3 + openings.length).join('\n').length + 1;
  const { index, proof, checkpoint, extra } = parseTlogProof(text.slice(start));
  if (extra !== undefined) throw new Error('The proof must carry nothing extra');
  return {
    verifierKey,
    witnessKeys,
    timeStamps: timeStamps.map((token) => Buffer.from(token, 'base64')),
    leaf,
    salt,
    body,
    openings: parseOpenings(openings),
    index,
    proof,
    checkpoint,
  };
}

function refuse(check: EvidenceCheck, reason: string): EvidenceVerification {
  return { ok: false, check, reason };
}
