import { typedApp, type RoutePlugin } from '@sallyport/platform/http';
import { Type, type Static } from 'typebox';
import type { PackDecisions } from '../decisions/index.ts';
import { packNames } from '../decisions/index.ts';
import { coverage } from './coverage.ts';

const ShownCoverage = Type.Object({
  threats: Type.Array(
    Type.Object({
      list: Type.String({ description: 'Whose list it stands in' }),
      id: Type.String(),
      name: Type.String(),
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

/** `/v1/agents/coverage`: threats others have named, with what is done about them and what is not. */
export function createCoverageRoutes(packs: PackDecisions): RoutePlugin {
  const threats = (): Static<typeof ShownCoverage>['threats'] =>
    coverage.map(({ policies, means, rules, ...threat }) => ({
      ...threat,
      means: [...means],
      rules: [...rules],
      packs: [...packs].map(([pack, decisions]) => ({
        pack,
        policies: decisions.policies.filter((id) => policies.some((name) => id.endsWith(`-${name}`))),
      })),
    }));
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
      async (): Promise<Static<typeof ShownCoverage>> => ({ threats: threats() }),
    );
  };
}
