import { assuranceOf, isWeak, type Assurance, type SecondFactor, type Shown } from './assurance.ts';
import { strongFactors, type Requirement } from './requirements.ts';

/** The factors somebody has. */
export type Held = {
  readonly totp: boolean;
  /** For any host name; `passkeyHere` for the one the browser shows now. */
  readonly passkey: boolean;
  readonly passkeyHere: boolean;
  /** Bound to them or naming them, good or not; `certificateHere` when one could be shown now. */
  readonly certificate: boolean;
  readonly certificateHere: boolean;
  /** An authority lets people bind certificates themselves, and a browser could show one where they are. */
  readonly certificateBindable: boolean;
  readonly recovery: boolean;
  /** They once received a code by e-mail or SMS; `codeNow` when codes can be sent today. */
  readonly code: boolean;
  readonly codeNow: boolean;
};

export type EnrolReason = 'no-second-factor' | 'stronger-required' | 'factor-lost';
export type Enrollable = 'totp' | 'passkey' | 'certificate';
/** What somebody has that stands for more than one factor, or follows one. */
export type OwnedFactor = Enrollable;

export type Judgement =
  | {
      readonly kind: 'enough';
      /** 1 only with a weak second factor, where it may be one. */
      readonly assurance: Assurance;
      /** It also counts as a fresh proof of who they are. */
      readonly isProof: boolean;
    }
  /** The best first. Empty: nothing they have can be used here. */
  | { readonly kind: 'second-factor'; readonly factors: readonly SecondFactor[] }
  | { readonly kind: 'enrol'; readonly factors: readonly Enrollable[]; readonly reason: EnrolReason };

/**
 * Whether what was shown is enough, and if not, what is to come next. Decides for every way in alike, so that none is weaker than
 * another. Whoever has a factor that would do is never offered to enrol another on the strength of less, except by a recovery code:
 * that is what it is for. Never `enough` below what is required.
 */
export function judge(shown: Shown, held: Held, required: Requirement): Judgement {
  // For the day nothing else works: what roles require must not close the last door. Who opens it, others are told.
  const sealed = shown.methods.filter((method) => method === 'sealed').length;
  if (sealed === 2) return { kind: 'enough', assurance: 2, isProof: true };
  if (sealed === 1 && shown.methods.includes('passkey')) return { kind: 'enough', assurance: 3, isProof: true };
  const { leastAssurance, factors } = required;
  const assurance = assuranceOf(shown, factors);
  const weak = isWeak(shown, factors);
  if (assurance >= leastAssurance || (weak && leastAssurance === 2)) {
    const isProof = !weak && isProofEnough(shown, held, required);
    return { kind: 'enough', assurance: assurance === 0 ? 1 : assurance, isProof };
  }

  const own = (['passkey', 'certificate', 'totp', 'code'] as const).filter((factor) => held[factor]);
  const suffices = (factor: SecondFactor): boolean => {
    const more: Shown = { ...shown, methods: [...shown.methods, factor] };
    return assuranceOf(more, factors) >= leastAssurance || (leastAssurance === 2 && isWeak(more, factors));
  };
  const hasOneThatDoes = own.some(suffices);
  const isUsable = (factor: SecondFactor): boolean =>
    factor === 'passkey'
      ? held.passkeyHere
      : factor === 'certificate'
        ? held.certificateHere
        : factor === 'code'
          ? held.codeNow
          : true;
  const isShown = (factor: SecondFactor): boolean => shown.methods.includes(factor);

  const hasShownWhatTheyCan = assuranceOf(shown, strongFactors) >= 2 || own.every(isShown);
  if (isShown('recovery') || (!hasOneThatDoes && hasShownWhatTheyCan)) {
    const reason = own.length === 0 ? 'no-second-factor' : hasOneThatDoes ? 'factor-lost' : 'stronger-required';
    return { kind: 'enrol', factors: enrollable(required, held.certificateBindable), reason };
  }
  // Where nothing they have would do, what they have is the way to enrolling something that does.
  const next = own.filter((factor) => isUsable(factor) && !isShown(factor) && (!hasOneThatDoes || suffices(factor)));
  return { kind: 'second-factor', factors: held.recovery ? [...next, 'recovery'] : next };
}

/** What somebody may enrol to meet the requirement. */
export function enrollable({ leastAssurance, factors }: Requirement, isBindable: boolean): readonly Enrollable[] {
  return [
    'passkey',
    ...(isBindable && factors.has('certificate') ? (['certificate'] as const) : []),
    ...(leastAssurance === 2 && factors.has('totp') ? (['totp'] as const) : []),
  ];
}

/** What somebody who is signed in can prove themselves with: for what a stolen session must not be enough. The best first. */
export function proofsOf(held: Held, { leastAssurance, factors, provesWithPasskey }: Requirement): OwnedFactor[] {
  const proofs: OwnedFactor[] = held.passkeyHere ? ['passkey'] : [];
  if (held.certificateHere && factors.has('certificate')) proofs.push('certificate');
  const isOnlyPasskey = leastAssurance === 3 || !factors.has('totp') || (provesWithPasskey && held.passkeyHere);
  if (held.totp && !isOnlyPasskey) proofs.push('totp');
  return proofs;
}

/** Signing in with less than a proof would take must not stand for one. A recovery code does: what was lost cannot prove. */
function isProofEnough({ methods }: Shown, held: Held, { provesWithPasskey }: Requirement): boolean {
  if (methods.some((method) => method === 'passkey' || method === 'certificate' || method === 'recovery')) return true;
  return !(provesWithPasskey && held.passkeyHere);
}
