import { parseNote, parseCheckpoint, parseVerifierKey, verifyCosignature } from '@sallyport/merkle-log';
import type { VerifierKey } from '@sallyport/merkle-log';
import { surelyComeMs, waitingObstacle } from '../destruction.ts';
import type { TimeFacts, VouchedTime } from '../destruction.ts';
import type { Moment, Section } from './section.ts';

/** A state of one of our logs that witnesses signed, and when each says it did. */
export type Vouching = {
  readonly log: number;
  readonly size: number;
  readonly times: readonly VouchedTime[];
  readonly checkpoint: string;
};

export type Evidence = {
  readonly kind: 'witnesses' | 'running-time';
  readonly quorum: number;
  factsSince(since: Moment): TimeFacts;
  /** Undefined when so much time has passed since. */
  obstacle(since: Moment, waitMs: number): ReturnType<typeof waitingObstacle>;
  /** What has surely come, by somebody outside. Undefined without witnesses, or before they were heard. */
  vouchedNowMs(): number | undefined;
};

/**
 * Time as somebody outside vouches for it, where witnesses have been known for the waiting time; else only the time this
 * vault was seen running. The clock of this machine makes nothing come sooner.
 */
export function timeEvidence(
  section: Section,
  now: { readonly atMs: number; readonly observedMs: number },
  heard: readonly Vouching[],
): Evidence {
  const { witnesses } = section;
  const quorum = witnesses?.needed ?? 1;
  const known = new Set(witnesses?.keys.map(identityOf));
  const ours = (times: readonly VouchedTime[]): VouchedTime[] => times.filter(({ by }) => known.has(by));
  const present = ours(heard.flatMap(({ times }) => times));
  const factsSince = (since: Moment): TimeFacts => {
    if (witnesses === undefined) {
      const running = (observedMs: number): VouchedTime[] => [{ atMs: observedMs + 1, by: 'running time' }];
      return { recordedAt: running(since.observedMs), now: running(now.observedMs) };
    }
    // Witnesses alone cannot hurry, for which they are is the server's word: the clock here has to agree, or time seen running.
    const ownElapsedMs = Math.max(now.atMs - since.atMs, now.observedMs - since.observedMs);
    return { recordedAt: ours(since.vouched), now: present, ownElapsedMs };
  };
  return {
    kind: witnesses === undefined ? 'running-time' : 'witnesses',
    quorum,
    factsSince,
    obstacle: (since, waitMs) => waitingObstacle(factsSince(since), { waitMs, quorum }),
    vouchedNowMs: () => (witnesses === undefined ? undefined : surelyComeMs(present, quorum)),
  };
}

/** Distinct by public key: a name proves nothing. */
export function identityOf(verifierKey: string): string {
  return Buffer.from(parseVerifierKey(verifierKey).publicKey).toString('hex');
}

/**
 * Reads a checkpoint with cosignatures of these witnesses. Which are right, and of whom, is verified here; whose log it is,
 * by the caller. Undefined when it is no checkpoint.
 */
export function readCosigned(
  note: string,
  keys: readonly string[],
):
  | {
      readonly origin: string;
      readonly treeSize: number;
      readonly root: Uint8Array;
      readonly times: readonly VouchedTime[];
    }
  | undefined {
  try {
    const { text, signatures } = parseNote(note);
    const { origin, treeSize, root } = parseCheckpoint(text);
    const times = new Map<string, VouchedTime>();
    for (const vkey of keys) {
      const key: VerifierKey = parseVerifierKey(vkey);
      for (const signature of signatures) {
        if (signature.name !== key.name || signature.keyId !== key.keyId) continue;
        const verified = verifyCosignature({ text, key, bytes: signature.signature });
        const by = Buffer.from(key.publicKey).toString('hex');
        if (verified.ok && verified.timestampSeconds > 0) times.set(by, { atMs: verified.timestampSeconds * 1000, by });
      }
    }
    return { origin, treeSize, root, times: [...times.values()] };
  } catch {
    return undefined;
  }
}

/** Writes into every moment a vouching covers, and that it was not yet known for, when its witnesses say they signed. */
export function withVouching(section: Section, { log, size, times }: Vouching): Section {
  let isChanged = false;
  const vouch = (moment: Moment): Moment => {
    if (moment.log !== log || moment.index === undefined || moment.index >= size) return moment;
    const fresh = times.filter(({ by }) => !moment.vouched.some((one) => one.by === by));
    if (fresh.length === 0) return moment;
    isChanged = true;
    return { ...moment, vouched: [...moment.vouched, ...fresh] };
  };
  const next: Section = {
    ...section,
    approvers: section.approvers.map((approver) => ({ ...approver, since: vouch(approver.since) })),
    intents: section.intents.map((intent) => ({
      ...intent,
      ...(intent.signed === undefined ? {} : { signed: vouch(intent.signed) }),
      // Where nobody is left to sign, the wait begins with the proposal.
      ...(intent.approver === undefined ? {} : { proposed: vouch(intent.proposed) }),
    })),
    ...(section.lastExpiry === undefined ? {} : { lastExpiry: vouch(section.lastExpiry) }),
  };
  return isChanged ? next : section;
}
