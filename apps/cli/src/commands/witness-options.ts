import type { EvidenceWitness } from '@sallyport/ledger/evidence';
import {
  evaluateQuorum,
  formatVerifierKey,
  parsePolicy,
  parseVerifierKey,
  type TlogPolicy,
  type VerifierKey,
} from '@sallyport/merkle-log';
import { messageOf } from '@sallyport/platform/errors';
import { CliError } from '../errors.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { shortText, styled, type TextOutput } from '../terminal.ts';
import { readVerifierKey } from './verifier-key-option.ts';

export type WitnessOptions = { readonly witness?: readonly string[]; readonly policy?: string };

/** Evidence of one event or of many. */
type Verified = { readonly witnesses: readonly EvidenceWitness[]; readonly verifierKey: string };

/** `known` are the vkeys of those in the file whom the reader knows by a key from elsewhere. */
export type WitnessJudgement =
  | { readonly ok: true; readonly known: ReadonlySet<string> }
  | { readonly ok: false; readonly reason: string };

/** `checkpoint` is the one in the evidence, verified. */
export type WitnessJudge = (result: Verified, checkpoint: string) => WitnessJudgement;

const maxPolicyBytes = 1024 * 1024;

/** What the reader asks of witnesses. Keys in the file count for nothing by themselves. */
export async function readWitnessOptions(options: WitnessOptions): Promise<WitnessJudge> {
  const given = await Promise.all((options.witness ?? []).map(readWitnessKey));
  const policy = options.policy === undefined ? undefined : await readPolicyFile(options.policy);
  const trusted = new Set([
    ...given,
    ...(policy?.witnesses ?? []).map(({ verifierKey }) => formatVerifierKey(verifierKey)),
  ]);
  return (result, checkpoint) => {
    const missing = given.find((key) => !result.witnesses.some(({ verifierKey }) => verifierKey === key));
    if (missing !== undefined)
      return { ok: false, reason: `Witness "${parseVerifierKey(missing).name}" has not cosigned its checkpoint` };
    if (policy !== undefined) {
      const quorum = evaluateQuorum({ policy, checkpoint, logKeys: [parseVerifierKey(result.verifierKey)] });
      if (!quorum.ok) return { ok: false, reason: quorum.reason };
    }
    const known = result.witnesses.map(({ verifierKey }) => verifierKey).filter((key) => trusted.has(key));
    return { ok: true, known: new Set(known) };
  };
}

/** Who has seen the event outside, when, and by whose word. */
export function witnessLines({ witnesses }: Verified, known: ReadonlySet<string>, terminal: TextOutput): string[] {
  if (witnesses.length === 0) return ['  witnessed by nobody outside'];
  return witnesses.map(({ name, verifierKey, cosignedAtMs }) => {
    const whose = known.has(verifierKey)
      ? styled(terminal, 'green', 'a key you gave')
      : styled(terminal, 'yellow', 'a key that only the file names');
    return `  witnessed by ${shortText(name, 120)} at ${isoOf(cosignedAtMs)}, by ${whose}`;
  });
}

/** A witness may state any time at all. */
export function isoOf(ms: number): string {
  return Math.abs(ms) <= 8_640_000_000_000_000 ? new Date(ms).toISOString() : `second ${Math.floor(ms / 1000)}`;
}

/** Throws `CliError` `usage` for what is no key of a witness. */
export async function readWitnessKeys({ witness = [] }: WitnessOptions): Promise<readonly VerifierKey[]> {
  return (await Promise.all(witness.map(readWitnessKey))).map(parseVerifierKey);
}

async function readWitnessKey(given: string): Promise<string> {
  const { text, key } = await readVerifierKey(given);
  if (key.kind === 'ed25519')
    throw new CliError('usage', `Cannot use "${given}" as the key of a witness: it is the key of a log`, {
      hint: 'the key of the log goes with --key',
    });
  return text;
}

export async function readPolicyFile(path: string): Promise<TlogPolicy> {
  try {
    return parsePolicy(await readBoundedFile(path, maxPolicyBytes));
  } catch (error) {
    const why = error instanceof Error && error.name === 'MerkleLogError' ? messageOf(error) : whyNot(error);
    throw new CliError('usage', `Cannot use "${path}" as a policy: ${why}`, {
      cause: error,
      hint: 'its lines are "witness NAME VKEY", "group NAME 2 NAME NAME NAME" and "quorum NAME"',
    });
  }
}
