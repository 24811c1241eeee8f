import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import type { PackDecisions } from '../decisions/index.ts';
import { packNames } from '../decisions/index.ts';
import type { OwnInForce } from '../decisions/own-decisions.ts';
import type { OwnPolicies } from '../own-policies/own-policies.ts';
import type { AgentSessions } from '../sessions/agent-sessions.ts';
import { coverage } from './coverage.ts';
import type { Covered } from './coverage.ts';

const unreadable = Type.Optional(
  Type.String({ description: 'Why the policies cannot be read: no call under them is let through' }),
);
const ShownCoverage = Type.Object({
  packs: Type.Array(
    Type.Object({
      pack: Type.Enum([...packNames]),
      agents: Type.Integer({ description: 'Agents that are judged by it' }),
      unreadable,
    }),
  ),
  own: Type.Object({ unreadable }, { description: "The organisation's own policies, beside every pack" }),
  threats: Type.Array(
    Type.Object({
      list: Type.String({ description: 'Whose list it stands in' }),
      id: Type.String(),
      name: Type.String(),
      state: Type.Enum(['covered', 'uncovered', 'broken'], {
        description: '`broken`: policies would hold it, and those of a pack, or the own ones, cannot be read',
      }),
      words: Type.String({ description: 'What is done; empty where nothing is' }),
      gap: Type.String({ description: 'What is not' }),
      means: Type.Array(Type.String(), { description: 'Parts of the product that do something about it' }),
      packs: Type.Array(
        Type.Object({
          pack: Type.Enum([...packNames]),
          policies: Type.Array(Type.String(), {
            description: 'Policies of the pack that hold it; none in one that watches',
          }),
        }),
      ),
      rules: Type.Array(Type.String(), { description: 'Bundled rules that tell of it' }),
    }),
  ),
});

type Shown = Static<typeof ShownCoverage>;

/** `/v1/agents/coverage`: threats others have named, with what is done about them and what is not. */
export function createCoverageRoutes(needs: {
  readonly packs: PackDecisions;
  readonly sessions: Pick<AgentSessions, 'agents'>;
  readonly ownPolicies?: Pick<OwnPolicies, 'inForce'>;
}): RoutePlugin {
  return async (fastify) => {
    typedApp(fastify).get(
      '/v1/agents/coverage',
      {
        config: { scope: 'agents:read' },
        schema: {
          summary: 'Threats to agents that others have named, with what is done about each and what is not',
          tags: ['agents'],
          response: { 200: ShownCoverage },
        },
      },
      async () =>
        shownCoverage({
          packs: needs.packs,
          agents: await needs.sessions.agents(),
          own: needs.ownPolicies?.inForce() ?? { kind: 'none' },
        }),
    );
  };
}

/** Packs that hold nothing: what counts as covered does not rest on them. */
const watching: ReadonlySet<string> = new Set(['observe']);

/** As it stands now: a policy that nobody can read covers nothing. */
export function shownCoverage({
  packs: loaded,
  agents,
  own,
}: {
  readonly packs: PackDecisions;
  readonly agents: readonly { readonly pack: string }[];
  readonly own: OwnInForce;
}): Shown {
  const whyOwn = own.kind === 'unreadable' ? own.reason : undefined;
  const packs = [...loaded].map(([pack, decisions]) => {
    const why = decisions.whyUnreadable();
    return { pack, why, policies: why === undefined ? decisions.policies : [] };
  });
  const isBroken = whyOwn !== undefined || packs.some(({ pack, why }) => why !== undefined && !watching.has(pack));
  return {
    packs: packs.map(({ pack, why }) => ({
      pack,
      agents: agents.filter((agent) => agent.pack === pack).length,
      ...(why === undefined ? {} : { unreadable: why }),
    })),
    own: whyOwn === undefined ? {} : { unreadable: whyOwn },
    threats: coverage.map(({ policies: named, means, rules, ...threat }) => ({
      ...threat,
      state: stateOf({ means, rules, policies: named }, isBroken),
      means: [...means],
      rules: [...rules],
      packs: packs.map(({ pack, policies }) => ({
        pack,
        policies: policies.filter((id) => named.some((name) => id.endsWith(`-${name}`))),
      })),
    })),
  };
}

function stateOf(
  { means, rules, policies }: Pick<Covered, 'means' | 'rules' | 'policies'>,
  isBroken: boolean,
): Shown['threats'][number]['state'] {
  if (policies.length > 0 && isBroken) return 'broken';
  return means.length + rules.length + policies.length > 0 ? 'covered' : 'uncovered';
}
