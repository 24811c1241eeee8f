// c2sp.org/tlog-witness, the side of the log: what each answer of a witness means.
import { createHash } from 'node:crypto';
import {
  TREE_SIZE_MEDIA_TYPE,
  formatAddCheckpoint,
  formatNote,
  parseCosignatures,
  parseNote,
  parseSignedCheckpoint,
  parseTreeSize,
  parseVerifierKey,
  verifyCosignature,
  verifyNote,
} from '@sallyport/merkle-log';
import type { NoteSignature } from '@sallyport/merkle-log';
import { messageOf } from '@sallyport/platform/errors';
import type { ProveConsistency } from '../asking-outside.ts';
import type { CallWitness, WitnessAnswer } from './call-witness.ts';
import type { Witness } from './witness-store.ts';

export type Question = {
  readonly witness: Pick<Witness, 'url' | 'verifierKey' | 'authorityPem'>;
  /** Signed by the log alone, and on disk; of at least one entry. */
  readonly checkpoint: string;
  /** The vkey of the log. */
  readonly logKey: string;
  /** The size the witness is taken to have cosigned last. */
  readonly oldSize: number;
  /** The size it is known to have cosigned; 0 when it never did. */
  readonly cosignedSize: number;
  readonly consistency: ProveConsistency;
  readonly signal: AbortSignal;
};

export type NoAnswer = 'unreachable' | 'unknown_log' | 'unknown_key' | 'busy' | 'wrong_time' | 'wrong_answer';

/** What a witness said. A claim is its bare word; `held` is a checkpoint under the log's own key that it showed for it. */
export type WitnessSays = {
  /** It named a size below what it had cosigned: its own state was put back, or it lies. */
  readonly fellBackTo?: number;
} & (
  | { readonly kind: 'cosigned'; readonly signature: NoteSignature; readonly atMs: number }
  /** It says it has cosigned more than this log holds. */
  | { readonly kind: 'ahead'; readonly size: number; readonly held: string | undefined }
  /** It says it has cosigned another history. */
  | { readonly kind: 'conflict'; readonly held: string | undefined }
  /** It knows logs that follow this one, which knows of none: this is the past of some ledger. */
  | { readonly kind: 'superseded'; readonly origins: readonly string[] }
  | { readonly kind: 'none'; readonly why: NoAnswer; readonly message: string }
);

export type AskNeeds = { readonly call: CallWitness; readonly nowMs: () => number };

/** An honest witness answers with its present time. A recorded answer of old must not pass for a new one. */
export const timeToleranceMs = 120_000;
const mostRequests = 3;

/** Never rejects; ends with the signal. */
export async function askWitness(needs: AskNeeds, question: Question): Promise<WitnessSays> {
  const { witness, checkpoint, cosignedSize } = question;
  const size = parseSignedCheckpoint(checkpoint).checkpoint.treeSize;
  let oldSize = Math.min(question.oldSize, size);
  let fellBackTo: number | undefined;
  const said = (says: WitnessSays): WitnessSays => (fellBackTo === undefined ? says : { ...says, fellBackTo });
  try {
    for (let request = 0; request < mostRequests; request += 1) {
      const proof = oldSize === 0 || oldSize === size ? [] : await question.consistency(oldSize, size);
      const beganMs = needs.nowMs();
      const answer = await needs.call({
        method: 'POST',
        url: `${witness.url}/add-checkpoint`,
        authorityPem: witness.authorityPem,
        body: formatAddCheckpoint({ oldSize, proof, checkpoint }),
        signal: question.signal,
      });
      const read = readAnswer(answer, { oldSize, size });
      switch (read.kind) {
        case 'signed':
          return said(verifyAnswer(question, answer.body, { beganMs, endedMs: needs.nowMs() }));
        case 'ahead':
          return said({ kind: 'ahead', size: read.size, held: await shownBy(needs, question) });
        case 'conflict':
          return said({ kind: 'conflict', held: await shownBy(needs, question) });
        case 'none':
          return said(read);
        case 'other-size':
          if (read.size < cosignedSize) fellBackTo = read.size;
          oldSize = read.size;
      }
    }
    return said({ kind: 'none', why: 'busy', message: 'It names another size each time it is asked' });
  } catch (error) {
    return said({ kind: 'none', why: 'unreachable', message: messageOf(error) });
  }
}

type ReadAnswer =
  | { readonly kind: 'signed' }
  | { readonly kind: 'other-size'; readonly size: number }
  | { readonly kind: 'ahead'; readonly size: number }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'none'; readonly why: NoAnswer; readonly message: string };

/** The table of answers. Only 200 is ever good news; what is not in the specification is no answer. */
function readAnswer(
  { status, contentType, body }: WitnessAnswer,
  asked: { oldSize: number; size: number },
): ReadAnswer {
  const none = (why: NoAnswer, message: string): ReadAnswer => ({ kind: 'none', why, message });
  switch (status) {
    case 200:
      return { kind: 'signed' };
    case 403:
      return none('unknown_key', 'It knows the log by another key');
    case 404:
      return none('unknown_log', 'It does not know the log: give it the key of the log');
    case 409: {
      const size = contentType === TREE_SIZE_MEDIA_TYPE ? sizeIn(body) : undefined;
      if (size !== undefined && size > asked.size) return { kind: 'ahead', size };
      // At one size only the root can differ; the size may then be left out.
      if (asked.oldSize === asked.size && (size === undefined || size === asked.size)) return { kind: 'conflict' };
      if (size === undefined) return none('wrong_answer', 'It answered 409 without a size');
      if (size === asked.oldSize) return none('wrong_answer', 'It refused the size that it names itself');
      return { kind: 'other-size', size };
    }
    case 422:
      // Before the first size there is nothing to contradict.
      return asked.oldSize === 0
        ? none('wrong_answer', 'It refused a first checkpoint as contradicting an earlier one')
        : { kind: 'conflict' };
    case 429:
    case 503:
      return none('busy', `It is busy (${status})`);
    default:
      return none('wrong_answer', `It answered ${status}`);
  }
}

function sizeIn(body: Buffer): number | undefined {
  try {
    return parseTreeSize(body);
  } catch {
    return undefined;
  }
}

/** Believes nothing but a signature of its own key over this very checkpoint, with a time between question and answer. */
function verifyAnswer(
  { witness, checkpoint }: Question,
  body: Buffer,
  asked: { readonly beganMs: number; readonly endedMs: number },
): WitnessSays {
  const none = (why: NoAnswer, message: string): WitnessSays => ({ kind: 'none', why, message });
  const key = parseVerifierKey(witness.verifierKey);
  let signatures: readonly NoteSignature[];
  try {
    signatures = parseCosignatures(body);
  } catch (error) {
    return none('wrong_answer', messageOf(error));
  }
  const signature = signatures.find(({ name, keyId }) => name === key.name && keyId === key.keyId);
  if (signature === undefined) return none('wrong_answer', 'It signed with another key');
  const { text } = parseSignedCheckpoint(checkpoint).note;
  const verified = verifyCosignature({ text, key, bytes: signature.signature });
  if (!verified.ok) return none('wrong_answer', verified.reason);
  const atMs = verified.timestampSeconds * 1000;
  if (atMs < asked.beganMs - timeToleranceMs || atMs > asked.endedMs + timeToleranceMs)
    return none(
      'wrong_time',
      `It signed as of ${new Date(Math.min(atMs, maxDateMs)).toISOString()}: its clock or ours is wrong`,
    );
  return { kind: 'cosigned', signature, atMs };
}

const maxDateMs = 8_640_000_000_000_000;

/**
 * The newest checkpoint that it says it cosigned, when it shows one under the log's own key; without the signatures of others,
 * which are anybody's text.
 */
async function shownBy(needs: AskNeeds, question: Question): Promise<string | undefined> {
  const key = parseVerifierKey(question.logKey);
  const kept = [key, parseVerifierKey(question.witness.verifierKey)];
  const shown = await read(needs, question, 'checkpoint');
  if (shown === undefined) return undefined;
  try {
    const { text, signatures } = parseNote(shown.body);
    const own = kept.flatMap(
      ({ name, keyId }) => signatures.find((one) => one.name === name && one.keyId === keyId) ?? [],
    );
    const note = formatNote({ text, signatures: own });
    const isOfLog = parseSignedCheckpoint(note).checkpoint.origin === key.name;
    return isOfLog && verifyNote({ note, verifierKeys: [key] }).ok ? note : undefined;
  } catch {
    return undefined;
  }
}

/**
 * As `askWitness`, and whether anything follows the log: one put back to the very size at which it was closed is still cosigned,
 * and only what follows it gives it away.
 */
export async function askWhetherNewest(needs: AskNeeds, question: Question): Promise<WitnessSays> {
  const says = await askWitness(needs, question);
  const origins = says.kind === 'cosigned' ? await successorsBy(needs, question) : [];
  if (origins.length === 0) return says;
  const { fellBackTo } = says;
  return { kind: 'superseded', origins, ...(fellBackTo === undefined ? {} : { fellBackTo }) };
}

/** The logs that an operator has told it follow this one; none where it keeps no such list, and answers with a page instead. */
async function successorsBy(needs: AskNeeds, question: Question): Promise<readonly string[]> {
  const found = await read(needs, question, 'successors');
  if (found === undefined || !/^text\/plain\s*(;|$)/i.test(found.contentType)) return [];
  // Those of this program have names without spaces.
  return found.body.split('\n', mostSuccessors).filter((line) => /^[!-~]{1,300}$/.test(line));
}

const mostSuccessors = 10;

/** A file beside the specification, below the hash of the log's name; undefined unless it is there. */
async function read(
  needs: AskNeeds,
  { witness, logKey, signal }: Question,
  file: 'checkpoint' | 'successors',
): Promise<{ readonly contentType: string; readonly body: string } | undefined> {
  const origin = createHash('sha256').update(parseVerifierKey(logKey).name).digest('hex');
  try {
    const url = `${witness.url}/${origin}/${file}`;
    const answer = await needs.call({ method: 'GET', url, authorityPem: witness.authorityPem, signal });
    return answer.status === 200 ? { contentType: answer.contentType, body: answer.body.toString('utf8') } : undefined;
  } catch {
    return undefined;
  }
}
