import { Type } from 'typebox';
import type { Explained } from './explain.ts';
import { factWords } from './fact-words.ts';

const text = Type.String();

export const ExplainedBody = Type.Object({
  answer: Type.String({ description: '`allow`, `deny` or `needs_proof`' }),
  reason: text,
  version: Type.Integer({ description: 'Of the policies; 0: the bundled ones alone' }),
  sha256: text,
  roles: Type.Array(text, { description: 'That counted here' }),
  policies: Type.Array(
    Type.Object({
      id: text,
      words: text,
      effect: text,
      own: Type.Boolean(),
      file: text,
      line: Type.Integer(),
      text,
      facts: Type.Array(
        Type.Object({
          of: text,
          name: text,
          value: Type.Optional(Type.Any()),
          known: Type.Boolean(),
          words: Type.String({ description: 'The fact in a sentence' }),
        }),
      ),
    }),
  ),
  ways: Type.Array(Type.Object({ kind: text, words: text, role: Type.Optional(text) })),
});

export function shownExplained(
  { answer, decision, policies, roles, ways }: Explained,
  of: { readonly version: number; readonly hash: string },
) {
  return {
    answer,
    reason: decision.reason,
    version: of.version,
    sha256: of.hash,
    roles: [...roles],
    policies: policies.map(({ facts, ...policy }) => ({
      ...policy,
      facts: facts.map((fact) => ({
        of: fact.of,
        name: fact.name,
        known: fact.value !== undefined,
        words: factWords(fact),
        ...(fact.value === undefined ? {} : { value: fact.value }),
      })),
    })),
    ways: ways.map((way) => ({ ...way })),
  };
}
