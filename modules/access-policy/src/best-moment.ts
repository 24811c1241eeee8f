import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { AccessRequest } from './access-request.ts';
import { createDecisionCache } from './decision-cache.ts';
import { cellsOf, type Moment, type MomentCells } from './moment-cells.ts';
import { createTruthTable, type MomentAt, type Truth } from './policy-truth.ts';

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
  /** What one of them comes to, by itself. */
  readonly truthOf: (id: string, request: AccessRequest) => Truth;
  readonly askingForProof: ReadonlySet<string>;
  /** What is asked, without the action, and what the policies can tell of it as it is. */
  readonly probe: (request: AccessRequest) => { readonly asked: string; readonly probe: Probe };
}): {
  /** For questions about one principal and resource. */
  search(): (request: AccessRequest) => boolean;
} {
  const { policies, truthOf, askingForProof, probe } = parts;
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
      [one, { ...one, context: { ...one.context, proofAgeSeconds: 0 } }].map((each) => ({
        request: each,
        ...probe(each),
      })),
    );
  };

  /** Without a policy that permits, or against one that forbids whatever the moment, there is nothing to search for. */
  const isHopeless = ({ failing, others }: Probe): boolean =>
    others === 'forbid' || (others === 'silent' && !failing.some((id) => policies.get(id)?.effect === 'permit'));

  /** What all policies together come to at a moment: those that fail without it one by one, the others as they are. */
  const answerAt = (way: { readonly request: AccessRequest; readonly probe: Probe }, kinds: MomentCells) => {
    const { failing, others } = way.probe;
    const tables = failing.flatMap((id) => {
      const policy = policies.get(id);
      if (policy === undefined) return [];
      const ask = (moment: Moment): Truth =>
        truthOf(id, { ...way.request, context: { ...way.request.context, ...moment } });
      return [
        { effect: policy.effect, isAsking: askingForProof.has(id), truth: createTruthTable(policy.json, kinds, ask) },
      ];
    });
    return (at: MomentAt): 'yes' | 'no' | 'asking' => {
      if (others === 'forbid') return 'no';
      let [isPermitted, isAsked] = [others === 'permit', others === 'asking'];
      for (const { effect, isAsking, truth } of tables) {
        const said = truth(at);
        if (said === 'not') continue;
        if (said === 'fails' || (effect === 'forbid' && !isAsking)) return 'no';
        if (effect === 'permit') isPermitted = true;
        else isAsked = true;
      }
      if (isAsked) return 'asking';
      return isPermitted ? 'yes' : 'no';
    };
  };

  return {
    search() {
      const answers = new Map<string, boolean>();
      return (request) => {
        // What a token was made for is asked before any policy is, and is not the same for each action.
        const { principal, action } = request;
        if ([principal, principal.onBehalfOf].some((who) => who?.limitedTo?.includes(action) === false)) return false;
        const probes = probesOf(request);
        if (probes.some((ways) => ways.every((way) => isHopeless(way.probe)))) return false;
        const ids = [...new Set(probes.flat().flatMap((way) => way.probe.failing))].toSorted();
        const failing = ids.flatMap((id) => policies.get(id) ?? []);
        const probed = probes.map((ways) => ways.map((way) => [way.asked, way.probe]));
        const key = JSON.stringify([probed, failing.some(({ json }) => looksAtAction(json)) ? action : '']);
        const known = answers.get(key);
        if (known !== undefined) return known;
        const kinds = cells.load(ids.join(' '), () => cellsOf(failing.map(({ json }) => json)));
        const asking = probes.map((ways) => ways.map((way) => answerAt(way, kinds)));
        const found = momentsIn(kinds).some((at) =>
          asking.every(([before, proved], who) => {
            const answer = before?.(at);
            if (answer !== 'asking') return answer === 'yes';
            const isPerson = (who === 0 ? principal : principal.onBehalfOf)?.kind === 'user';
            return isPerson && proved?.(at) === 'yes';
          }),
        );
        answers.set(key, found);
        return found;
      };
    },
  };
}

/** The usual ones first; none where the policies ask for none. */
function* momentsIn({ hours, weekdays, addresses }: MomentCells): Generator<MomentAt> {
  if (hours[0] === undefined && weekdays[0] === undefined && addresses[0] === undefined) return;
  for (const hour of hours.keys())
    for (const weekday of weekdays.keys()) for (const address of addresses.keys()) yield [hour, weekday, address];
}

/** In what it asks, besides for which actions it is. */
function looksAtAction({ conditions }: PolicyJson): boolean {
  return JSON.stringify(conditions).includes('"action"');
}
