import type { EnrolmentOutcome } from './enrolment.ts';
import type { KnownDevice } from './session.ts';

/** What keeps this browser from being a camera. */
export type Unfit = 'insecure' | 'no_camera' | 'no_keys';

/** Where the phone stands; one page of the screen each. */
export type Phase =
  | { readonly kind: 'starting' }
  | { readonly kind: 'unfit'; readonly why: Unfit }
  /** No identity and no code. */
  | { readonly kind: 'stranger' }
  /** A code is there; nothing was sent yet, or it was refused. `current` would be given up. */
  | {
      readonly kind: 'invited';
      readonly code: string;
      readonly current: boolean;
      readonly isBusy: boolean;
      readonly problem?: Exclude<EnrolmentOutcome['kind'], 'enrolled'>;
    }
  | { readonly kind: 'waiting'; readonly fingerprint: string; readonly isReached: boolean }
  | {
      readonly kind: 'ready';
      readonly device: KnownDevice | undefined;
      readonly contact: 'reached' | 'unreached' | 'unknown';
    }
  | { readonly kind: 'filming'; readonly device: KnownDevice | undefined }
  | { readonly kind: 'revoked'; readonly name: string; readonly atMs: number; readonly isErased: boolean };

export type PhaseEvent =
  | { readonly kind: 'unfit'; readonly why: Unfit }
  | {
      readonly kind: 'opened';
      readonly code: string | undefined;
      readonly identity:
        | { readonly fingerprint: string; readonly isApproved: boolean; readonly device?: KnownDevice }
        | undefined;
      readonly removed: { readonly name: string; readonly atMs: number } | undefined;
    }
  | { readonly kind: 'enrolling' }
  | { readonly kind: 'enrolment_failed'; readonly problem: Exclude<EnrolmentOutcome['kind'], 'enrolled'> }
  | { readonly kind: 'enrolled'; readonly fingerprint: string }
  | { readonly kind: 'kept' }
  | { readonly kind: 'contact'; readonly contact: 'reached' | 'unreached' | 'unknown' }
  | { readonly kind: 'approved'; readonly device: KnownDevice }
  | { readonly kind: 'started' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'revoked'; readonly name: string; readonly atMs: number; readonly isErased: boolean };

/**
 * The phase after an event; the same one for an event that has no meaning there. From `revoked` only a page opened with a
 * new code leads on: nothing that was under way may bring the camera back.
 */
export function nextPhase(phase: Phase, event: PhaseEvent): Phase {
  switch (event.kind) {
    case 'unfit':
      return phase.kind === 'revoked' ? phase : { kind: 'unfit', why: event.why };
    case 'opened':
      return opened(event);
    case 'enrolling':
      return phase.kind === 'invited'
        ? { kind: 'invited', code: phase.code, current: phase.current, isBusy: true }
        : phase;
    case 'enrolment_failed':
      return phase.kind === 'invited' ? { ...phase, isBusy: false, problem: event.problem } : phase;
    case 'enrolled':
      return phase.kind === 'invited' ? { kind: 'waiting', fingerprint: event.fingerprint, isReached: true } : phase;
    case 'kept':
      return phase.kind === 'invited' ? { kind: 'starting' } : phase;
    case 'contact':
      return withContact(phase, event.contact);
    case 'approved':
      if (phase.kind === 'filming') return { ...phase, device: event.device };
      return phase.kind === 'waiting' || phase.kind === 'ready'
        ? { kind: 'ready', device: event.device, contact: 'reached' }
        : phase;
    case 'started':
      return phase.kind === 'ready' ? { kind: 'filming', device: phase.device } : phase;
    case 'stopped':
      return phase.kind === 'filming' ? { kind: 'ready', device: phase.device, contact: 'reached' } : phase;
    case 'revoked':
      return { kind: 'revoked', name: event.name, atMs: event.atMs, isErased: event.isErased };
  }
}

function opened({ code, identity, removed }: Extract<PhaseEvent, { kind: 'opened' }>): Phase {
  if (code !== undefined) return { kind: 'invited', code, current: identity !== undefined, isBusy: false };
  if (removed !== undefined) return { kind: 'revoked', ...removed, isErased: true };
  if (identity === undefined) return { kind: 'stranger' };
  // What was approved once may film before the server is reached: it records until then.
  return identity.isApproved
    ? { kind: 'ready', device: identity.device, contact: 'reached' }
    : { kind: 'waiting', fingerprint: identity.fingerprint, isReached: true };
}

function withContact(phase: Phase, contact: 'reached' | 'unreached' | 'unknown'): Phase {
  if (phase.kind === 'waiting') return { ...phase, isReached: contact !== 'unreached' };
  return phase.kind === 'ready' ? { ...phase, contact } : phase;
}
