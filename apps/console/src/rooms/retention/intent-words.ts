import { formatDay } from '../../parts/day.ts';
import { plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { formatSpan } from '../../parts/span.ts';
import { labelParts, whoWords } from '../keys/key-words.ts';
import type { Approver, Intent } from './destructions-query.ts';

export type StepState = 'done' | 'current' | 'open' | 'stopped';
export type Step = { readonly title: string; readonly text: string; readonly state: StepState; readonly atMs?: number };

const endedStages: ReadonlySet<Intent['stage']> = new Set(['destroyed', 'agreed', 'cancelled', 'emptied']);
/** From here on nobody can bring the keys back in this installation. */
const beyondRecall: ReadonlySet<Intent['stage']> = new Set(['removed', 'destroying', 'scheduled', 'destroyed']);

export function isEnded({ stage }: Pick<Intent, 'stage'>): boolean {
  return endedStages.has(stage);
}

/** Whether keys go by it, as far as it came. */
export function isDestruction({ kind, stage }: Pick<Intent, 'kind' | 'stage'>): boolean {
  return (kind === 'request' || kind === 'expiry') && stage !== 'cancelled' && stage !== 'emptied';
}

export function canCancel({ stage }: Pick<Intent, 'stage'>): boolean {
  return stage === 'proposed' || stage === 'begun' || stage === 'rotated';
}

export type IntentTone = 'good' | 'warn' | 'bad' | 'quiet';

/** One word for how it stands. */
export function standingOf(intent: Pick<Intent, 'stage' | 'signatures' | 'kind' | 'wait' | 'suspended'>): {
  readonly word: string;
  readonly tone: IntentTone;
} {
  if (intent.suspended !== undefined && intent.stage === 'proposed')
    return { word: 'Must be signed anew', tone: 'warn' };
  switch (intent.stage) {
    case 'proposed':
      if (intent.kind !== 'expiry' && intent.signatures.length === 0)
        return { word: 'Nobody has signed', tone: 'warn' };
      if (intent.kind !== 'expiry' && intent.signatures.length === 1)
        return { word: 'Waits for a second person', tone: 'warn' };
      return { word: 'Waits', tone: 'warn' };
    case 'begun':
    case 'rotated':
      return { word: 'Being carried out', tone: 'warn' };
    case 'removed':
    case 'destroying':
      return { word: 'Destroyed here', tone: 'warn' };
    case 'scheduled':
      return { word: 'Destroyed here; the provider waits', tone: 'warn' };
    case 'destroyed':
      return { word: 'Destroyed', tone: 'good' };
    case 'agreed':
      return { word: 'In force', tone: 'good' };
    case 'cancelled':
      return { word: 'Cancelled', tone: 'quiet' };
    case 'emptied':
      return { word: 'Nothing was destroyed', tone: 'quiet' };
  }
}

/** What somebody wants, in a line. */
export function intentTitle({
  kind,
  keys,
  policy,
  holdName,
  holdIds,
  approver,
}: Pick<Intent, 'kind' | 'keys' | 'policy' | 'holdIds' | 'approver'> & {
  readonly holdName?: string | undefined;
}): string {
  switch (kind) {
    case 'request':
      return `Destroy ${plural(keys.length, 'key')}${rangeOf(keys)}`;
    case 'expiry':
      return `Let ${plural(keys.length, 'key')} expire${rangeOf(keys)}`;
    case 'policy':
      return policy === undefined
        ? 'Change how long a class is kept'
        : `Keep class “${policy.class}” ${keepWords(policy.keepDays)}`;
    case 'release':
      if (holdIds !== undefined && holdIds.length > 1) return `End ${plural(holdIds.length, 'legal hold')}`;
      return `End the legal hold${holdName === undefined ? '' : ` “${holdName}”`}`;
    case 'approver':
      return approver === undefined ? 'Change who may sign' : approverTitle(approver);
  }
}

function approverTitle({ change, name, isAlone }: NonNullable<Intent['approver']>): string {
  const alone = isAlone ? ', with nobody else left to agree' : '';
  switch (change) {
    case 'enrol':
      return `Let ${printable(name)} sign destructions${alone}`;
    case 'remove':
      return `Take a passkey of ${printable(name)} off the list${alone}`;
    case 'reinstate':
      return `Let a stopped passkey of ${printable(name)} count again${alone}`;
  }
}

export function keepWords(keepDays: number | null): string {
  return keepDays === null ? 'for ever' : plural(keepDays, 'day');
}

/** `: events, Nov 20, 2026 – Nov 22, 2026`; of people's keys that they are; else empty. */
function rangeOf(keys: Intent['keys']): string {
  const parts = keys.map(({ label }) => labelParts(label)).filter(({ day }) => day !== undefined);
  const days = parts.map(({ day }) => day ?? '').toSorted();
  const [first] = days;
  const last = days.at(-1);
  if (first === undefined || last === undefined)
    return keys.every(({ purpose }) => purpose === 'subject-page') ? ' of people’s data' : '';
  const classes = [...new Set(parts.map(({ group }) => group))].toSorted().join(', ');
  return `: ${classes}, ${first === last ? formatDay(first) : `${formatDay(first)} – ${formatDay(last)}`}`;
}

/** The way from a wish to its end, with where it stands on it. */
export function stepsOf(intent: Intent, names: ReadonlyMap<string, string>): Step[] {
  const { kind, by, atMs } = intent;
  const asked: Step = {
    title: kind === 'expiry' ? 'Due by its policy' : 'Asked for',
    text: `by ${whoWords(by, names)}`,
    state: 'done',
    atMs,
  };
  const steps = [
    asked,
    ...(kind === 'expiry' ? [] : signatureSteps(intent)),
    ...(kind === 'release' || (kind === 'approver' && intent.approver?.isAlone !== true) ? [] : [waitStep(intent)]),
    ...(kind === 'request' || kind === 'expiry' ? destructionSteps(intent) : [agreedStep(intent)]),
  ];
  if (intent.stage !== 'cancelled' && intent.stage !== 'emptied') return withCurrent(steps);
  return [
    ...steps.filter(({ state }) => state === 'done'),
    {
      title: intent.stage === 'cancelled' ? 'Cancelled' : 'Nothing was destroyed',
      text:
        intent.stage === 'cancelled'
          ? [whoWords(intent.endedBy ?? '', names), intent.endReason]
              .filter((part) => part !== undefined && part !== '')
              .join(': ')
          : 'every key of it is held, or may never be destroyed',
      state: 'stopped',
    },
  ];
}

function signatureSteps({ signatures, suspended }: Intent): Step[] {
  const who = ['Signed by one person', 'Signed by a second person'];
  return who.map((title, at) => {
    const signature = suspended === undefined ? signatures[at] : undefined;
    if (signature !== undefined)
      return { title, text: `${signature.name}, with a passkey`, state: 'done', atMs: signature.atMs };
    return {
      title,
      text:
        suspended ??
        (at === 0 ? 'with a passkey, over the exact list' : 'somebody else, with another passkey, over the same list'),
      state: 'open',
    };
  });
}

function waitStep({ wait, stage, signatures, kind }: Intent): Step {
  if (wait.neededMs === 0 && kind !== 'expiry' && kind !== 'approver')
    return { title: 'No waiting time', text: 'this server was started without one', state: 'done' };
  const title = kind === 'expiry' ? 'The time is vouched for' : `Waiting time, ${formatSpan(wait.neededMs)}`;
  const isOver = wait.remainingMs === 0 || (stage !== 'proposed' && stage !== 'cancelled' && stage !== 'emptied');
  const evidence =
    wait.evidence === 'witnesses'
      ? 'counted by the witnesses of the ledger, not by this machine’s clock'
      : 'counted while this server runs, since no witness vouches for the time';
  if (isOver) return { title, text: `over; ${evidence}`, state: 'done' };
  if (wait.remainingMs === undefined)
    return {
      title,
      text:
        signatures.length === 0 && kind !== 'expiry'
          ? `begins with the first signature; ${evidence}`
          : `nobody has vouched for its beginning yet; ${evidence}`,
      state: 'open',
    };
  return { title, text: `${formatSpan(wait.remainingMs)} left; ${evidence}`, state: 'open' };
}

function destructionSteps(intent: Intent): Step[] {
  const { stage, hasCertificate, kept, keys } = intent;
  const isCopied = intent.export !== undefined;
  const survivors = kept.length === 0 ? '' : `; ${plural(kept.length, 'key')} of ${keys.length} kept`;
  return [
    {
      title: 'Kept elsewhere',
      text: isCopied
        ? `generation ${intent.export?.generation ?? 0} of the vault was read back from ${intent.export?.location ?? ''}`
        : 'the vault without these keys, stored outside and read back from there',
      state: isCopied ? 'done' : 'open',
    },
    {
      title: 'Destroyed',
      text: beyondRecall.has(stage)
        ? `nobody can bring them back here${stage === 'destroyed' ? '; the providers answer that the master keys are gone' : ''}${survivors}`
        : 'from then on it cannot be cancelled',
      state: beyondRecall.has(stage) ? 'done' : 'open',
    },
    {
      title: 'Certificate',
      text: hasCertificate
        ? 'says what was destroyed, and what that cannot promise'
        : 'given once the master keys are gone and the copy is kept elsewhere',
      state: hasCertificate ? 'done' : 'open',
    },
  ];
}

const agreedTexts: Readonly<Partial<Record<Intent['kind'], string>>> = {
  release: 'what it covered may be destroyed again',
  approver: 'the list of who may sign is another from then on',
};

function agreedStep({ kind, stage }: Intent): Step {
  return {
    title: kind === 'release' ? 'Released' : 'In force',
    text: agreedTexts[kind] ?? 'days past it are destroyed without asking again',
    state: stage === 'agreed' ? 'done' : 'open',
  };
}

/** The first that is open is where it stands. */
function withCurrent(steps: readonly Step[]): Step[] {
  const at = steps.findIndex(({ state }) => state === 'open');
  return steps.map((step, index) => (index === at ? { ...step, state: 'current' } : step));
}

export type Signing =
  | { readonly kind: 'may' | 'signed' | 'not-enrolled' | 'none' }
  | { readonly kind: 'too-early'; readonly remainingMs: number | undefined };

/** What whoever looks can do about the signatures. */
export function canSign(
  {
    kind,
    stage,
    signatures,
    suspended,
    approver: change,
  }: Pick<Intent, 'kind' | 'stage' | 'signatures' | 'suspended' | 'approver'>,
  userId: string,
  approver: Pick<Approver, 'isEffective' | 'remainingMs' | 'stopped'> | undefined,
): Signing {
  if (stage !== 'proposed' || kind === 'expiry') return { kind: 'none' };
  const counting = suspended === undefined ? signatures : [];
  if (counting.length >= 2) return { kind: 'none' };
  if (counting.some(({ by }) => by === userId)) return { kind: 'signed' };
  if (approver === undefined) return { kind: 'not-enrolled' };
  // A server that stopped everybody is undone by any two of them.
  if (approver.stopped !== undefined) return { kind: change?.change === 'reinstate' ? 'may' : 'none' };
  return approver.isEffective ? { kind: 'may' } : { kind: 'too-early', remainingMs: approver.remainingMs };
}

/** What a signature brings about, before it is given. */
export function signingPoints({
  kind,
  signatures,
  keys,
  wait,
  approver,
}: Pick<Intent, 'kind' | 'signatures' | 'keys' | 'wait' | 'approver'>): string[] {
  const isSecond = signatures.length > 0;
  switch (kind) {
    case 'request':
    case 'expiry':
      return [
        `What ${keys.length === 1 ? 'this key has' : 'these keys have'} sealed can never be read again, here or in anything made from it. Proofs of it still verify.`,
        isSecond
          ? 'You are the second person. Once the waiting time is over it is carried out by itself.'
          : `The waiting time of ${formatSpan(wait.neededMs)} begins with your signature. Somebody else must sign the same list.`,
        'It can be cancelled by any administrator until it is carried out.',
      ];
    case 'policy':
      return [
        'Days past it are destroyed without anybody being asked again, at most two days’ keys in a day.',
        isSecond
          ? 'You are the second person. It takes effect once the waiting time is over.'
          : `The waiting time of ${formatSpan(wait.neededMs)} begins with your signature. Somebody else must sign it too.`,
      ];
    case 'release':
      return [
        'What the hold covers may be destroyed again, by requests and by retention.',
        isSecond ? 'You are the second person: it takes effect at once.' : 'Somebody else must sign it too.',
      ];
    case 'approver':
      return [
        approver?.change === 'remove'
          ? 'This passkey is never asked again, and its owner can only be enrolled as anybody else is.'
          : `Whoever holds ${approver?.passkeys.length === 1 ? 'this passkey' : 'these passkeys'} can destroy together with one other person. Compare the fingerprint with what its owner sees on their own screen.`,
        isSecond
          ? 'You are the second person: it takes effect at once.'
          : approver?.isAlone === true
            ? `Takes effect ${formatSpan(wait.neededMs)} after your signature without anybody else, or at once when somebody else signs too.`
            : 'Somebody else must sign it too.',
      ];
  }
}
