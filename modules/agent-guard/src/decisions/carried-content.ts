import { redact } from '@sallyport/content-redaction';
import type { KindCount, KnownValue } from '@sallyport/content-redaction';
import { standings } from '@sallyport/information-flow';
import type { FlowCall, JudgedValue, SessionFlow, Standing } from '@sallyport/information-flow';

/** What policies are told of secrets and personal data in a call, found by their form or known from before. */
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

/** What tokens of the session stand for. */
export type KnownContent = {
  /** Put back in this call: it is carried, whatever it looks like where it stands now. */
  readonly restored: readonly KnownValue[];
  /** Looked for in it as they stand. */
  readonly known: readonly KnownValue[];
};

/** Remembers what the person of a session wrote themselves, so that it is theirs to send. */
export type CarriedContent = {
  typed(text: string): void;
  /** Something that came in had signals. */
  signalled(): void;
  of(call: FlowCall, destinations: readonly JudgedValue[], known?: KnownContent): Carried;
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
    of(call, destinations, { restored, known } = { restored: [], known: [] }) {
      const { found, pieces, isCut } = redact(call.input, { known: [...restored, ...known] });
      const whom = new Set(destinations.map(({ text }) => text));
      // A piece may be more than what was put back in it, and whose that is another matter.
      const all = [
        ...new Map([...pieces, ...restored].map((piece) => [`${piece.class} ${piece.text}`, piece])).values(),
      ];
      const personal = all.filter((piece) => piece.class === 'personal' && !whom.has(piece.text));
      const secrets = all.filter((piece) => piece.class === 'secret');
      const carried = [...new Set([...secrets, ...personal].map(({ kind }) => kind))].toSorted();
      return {
        facts: {
          // What was not looked at could be anything, and anybody's.
          secret: isCut ? 'made' : worst(secrets),
          personal: isCut ? 'made' : worst(personal),
          carried,
          sawSignals,
        },
        found,
        isCut,
      };
    },
  };
}

function worstOf(all: readonly Standing[]): Standing {
  return all.reduce((worst, next) => (standings.indexOf(next) > standings.indexOf(worst) ? next : worst), 'none');
}
