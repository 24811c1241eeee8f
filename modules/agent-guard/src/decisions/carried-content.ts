import { redact } from '@sallyport/content-redaction';
import type { KindCount } from '@sallyport/content-redaction';
import { standings } from '@sallyport/information-flow';
import type { FlowCall, JudgedValue, SessionFlow, Standing } from '@sallyport/information-flow';

/** What policies are told of secrets and personal data in a call, found by their form. */
export type CarriedFacts = {
  /** Who wrote the secrets that go along, at worst; `none` where there is none. */
  readonly secret: Standing;
  /** Of personal data; whom the call is for is not among it. */
  readonly personal: Standing;
  /** Kinds of both: `aws-key`, `email`. */
  readonly carried: readonly string[];
  /** Something that came in had words meant for a machine. Weak: for what is stricter, never for what lets through. */
  readonly sawSignals: boolean;
};

export type Carried = {
  readonly facts: CarriedFacts;
  readonly found: readonly KindCount[];
  /** There was more than was looked at. */
  readonly isCut: boolean;
};

/** Remembers what the person of a session wrote themselves, so that it is theirs to send. */
export type CarriedContent = {
  typed(text: string): void;
  /** Something that came in had signals. */
  signalled(): void;
  of(call: FlowCall, destinations: readonly JudgedValue[]): Carried;
};

/** Of more pieces the worst is taken. */
const maxPieces = 20;
const maxTyped = 1000;

export function createCarriedContent(flow: Pick<SessionFlow, 'standingOf'>): CarriedContent {
  const typed = new Set<string>();
  let sawSignals = false;

  const standingOf = (kind: string, text: string): Standing => {
    if (typed.has(text)) return 'named';
    const { standing } = flow.standingOf(kind, text);
    return standing === 'mentioned' ? 'named' : standing;
  };
  const worst = (pieces: readonly { readonly kind: string; readonly text: string }[]): Standing => {
    if (pieces.length === 0) return 'none';
    const looked = pieces.slice(0, maxPieces).map(({ kind, text }) => standingOf(kind, text));
    // More than are looked at could be anybody's.
    return pieces.length > maxPieces ? 'made' : worstOf(looked);
  };

  return {
    typed(text) {
      for (const piece of redact(text).pieces) if (typed.size < maxTyped) typed.add(piece.text);
    },
    signalled() {
      sawSignals = true;
    },
    of(call, destinations) {
      const { found, pieces, isCut } = redact(call.input);
      const whom = new Set(destinations.map(({ text }) => text));
      const personal = pieces.filter((piece) => piece.class === 'personal' && !whom.has(piece.text));
      const secrets = pieces.filter((piece) => piece.class === 'secret');
      const carried = [...new Set([...secrets, ...personal].map(({ kind }) => kind))].toSorted();
      return { facts: { secret: worst(secrets), personal: worst(personal), carried, sawSignals }, found, isCut };
    },
  };
}

function worstOf(all: readonly Standing[]): Standing {
  return all.reduce((worst, next) => (standings.indexOf(next) > standings.indexOf(worst) ? next : worst), 'none');
}
