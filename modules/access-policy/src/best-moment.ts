import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { AccessDecision, AccessRequest } from './access-request.ts';
import { createDecisionCache } from './decision-cache.ts';
import { cellsOf, momentsIn, type MomentCells } from './moment-cells.ts';

/** What the policies say of a question as far as they can tell: which fail for want of a fact, and what the others come to. */
export type Probe = {
  readonly failing: readonly string[];
  /** `asking`: what forbids does so until there is a fresh proof. */
  readonly others: 'permit' | 'forbid' | 'asking' | 'silent';
};

type Policy = { readonly json: PolicyJson; readonly effect: 'permit' | 'forbid' };

/**
 * Whether somebody is let in at any moment. Only policies that fail without the facts of the moment depend on them, so the moments that these
 * can tell apart are all there are, and actions of which the same ones fail, while the others come to the same, are searched once.
 */
export function createBestMoment(parts: {
  readonly policies: ReadonlyMap<string, Policy>;
  readonly decide: (request: AccessRequest) => AccessDecision;
  /** What is asked, without the action, and what the policies can tell of it as it is. */
  readonly probe: (request: AccessRequest) => { readonly asked: string; readonly probe: Probe };
}): {
  /** For questions about one principal and resource. */
  search(): (request: AccessRequest) => boolean;
} {
  const { policies, decide, probe } = parts;
  const cells = createDecisionCache<MomentCells>(200);

  /** As they are and after a proof, and whoever answers for them likewise: a decision looks at these four. */
  const probesOf = (request: AccessRequest) => {
    const { onBehalfOf } = request.principal;
    const asking = [
      request,
      ...(onBehalfOf === undefined
        ? []
        : [{ ...request, principal: onBehalfOf, risk: { value: 0, isFresh: true } as const }]),
    ];
    return asking.map((one) =>
      [one, { ...one, context: { ...one.context, proofAgeSeconds: 0 } }].map((each) => probe(each)),
    );
  };

  /** Without a policy that permits, or against one that forbids whatever the moment, there is nothing to search for. */
  const isHopeless = ({ failing, others }: Probe): boolean =>
    others === 'forbid' || (others === 'silent' && !failing.some((id) => policies.get(id)?.effect === 'permit'));

  return {
    search() {
      const answers = new Map<string, boolean>();
      return (request) => {
        const probes = probesOf(request);
        if (probes.some((ways) => ways.every((way) => isHopeless(way.probe)))) return false;
        const ids = [...new Set(probes.flat().flatMap((way) => way.probe.failing))].toSorted();
        const failing = ids.flatMap((id) => policies.get(id) ?? []);
        const key = JSON.stringify([probes, failing.some(({ json }) => looksAtAction(json)) ? request.action : '']);
        const known = answers.get(key);
        if (known !== undefined) return known;
        const kinds = cells.load(ids.join(' '), () => cellsOf(failing.map(({ json }) => json)));
        const found = momentsIn(kinds).some((moment) => {
          const decision = decide({ ...request, context: { ...request.context, ...moment } });
          return decision.allowed || decision.needsProof === true;
        });
        answers.set(key, found);
        return found;
      };
    },
  };
}

/** In what it asks, besides for which actions it is. */
function looksAtAction({ conditions }: PolicyJson): boolean {
  return JSON.stringify(conditions).includes('"action"');
}
