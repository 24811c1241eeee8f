import type { Clock } from '@sallyport/platform/clock';
import type { Principal } from '@sallyport/platform/http';
import type { PrincipalRisk } from './access-request.ts';

export type RiskFactsNeeds = {
  /** What is known of whom now. Undefined, and a throw: nobody can tell. */
  readonly read: (principal: Principal) => { readonly value: number; readonly freshUntilMs: number } | undefined;
  readonly clock: Clock;
  /** One answer is good for so long (3 s). */
  readonly holdForMs?: number;
  /** Principals whose answers are kept (1,000). */
  readonly maxPrincipals?: number;
};

/** How much people and keys are at risk, for decisions: asked for once in seconds, however many requests they make. */
export type RiskFacts = {
  /** Undefined where nobody can tell, and for the operator and devices, of whom no policy asks. Never throws. */
  of(principal: Principal): PrincipalRisk | undefined;
};

export function createRiskFacts(needs: RiskFactsNeeds): RiskFacts {
  const { read, clock, holdForMs = 3000, maxPrincipals = 1000 } = needs;
  type Held = { readonly askedMs: number; readonly fact: { value: number; freshUntilMs: number } | undefined };
  const held = new Map<string, Held>();

  function ask(principal: Principal): Held {
    let fact: Held['fact'];
    try {
      fact = read(principal);
    } catch {
      // Whoever cannot be told about counts as not known: that is the answer, and it is held like any other.
      fact = undefined;
    }
    return { askedMs: clock.monotonicMs(), fact };
  }

  return {
    of(principal) {
      if (principal.kind === 'operator' || principal.kind === 'device') return undefined;
      const name = JSON.stringify([principal.kind, principal.id, principal.name, principal.sessionId]);
      const known = held.get(name);
      const isGood = known !== undefined && clock.monotonicMs() - known.askedMs < holdForMs;
      const { fact, askedMs } = isGood ? known : ask(principal);
      held.delete(name);
      held.set(name, { fact, askedMs });
      const oldest = held.keys().next().value;
      if (held.size > maxPrincipals && oldest !== undefined) held.delete(oldest);
      return fact === undefined ? undefined : { value: fact.value, isFresh: clock.nowMs() <= fact.freshUntilMs };
    },
  };
}
