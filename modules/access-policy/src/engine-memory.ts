import { createHash } from 'node:crypto';
import type { PolicyJson, SchemaJson } from '@cedar-policy/cedar-wasm/nodejs';
import { createTextMemory, type TextMemory } from './text-memory.ts';

/**
 * What the engine made of texts it was given before. It holds each policy against the schema by itself, whatever others stand beside it, so
 * that a policy is held against a schema once. Only what was found good is kept, what is kept cannot be changed, and a text or schema that
 * differs in one character is another.
 */
export type EngineMemory = {
  readonly json: TextMemory<PolicyJson>;
  readonly schemas: TextMemory<SchemaJson<string>>;
  /** Whether it was held against this schema, and nothing was wrong. */
  isValid(schema: string, policy: string): boolean;
  foundValid(schema: string, policy: string): void;
};

export function createEngineMemory(): EngineMemory {
  const valid = createTextMemory<true>(policyLimits);
  const under = (schema: string, policy: string): string =>
    `${createHash('sha256').update(schema).digest('hex')} ${policy}`;
  return {
    json: frozenIn(createTextMemory(policyLimits)),
    schemas: frozenIn(createTextMemory({ text: 1_000_000, all: 1_000_000 })),
    isValid: (schema, policy) => valid.get(under(schema, policy)) === true,
    foundValid: (schema, policy) => valid.set(under(schema, policy), true),
  };
}

/** The organisation's policies have half of this, several versions of them alike for the most part. */
const policyLimits = { text: 20_000, all: 1_000_000 } as const;

function frozenIn<Answer extends object>(memory: TextMemory<Answer>): TextMemory<Answer> {
  return {
    get: (text) => memory.get(text),
    set(text, answer) {
      freeze(answer);
      memory.set(text, answer);
    },
  };
}

/** Without recursion: a chain of clauses is as deep as it is long. */
function freeze(whole: object): void {
  const open: unknown[] = [whole];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    Object.freeze(value);
    for (const inner of Object.values<unknown>({ ...value })) open.push(inner);
  }
}

/** Of this thread, as what the engine keeps is. */
export const engineMemory: EngineMemory = createEngineMemory();
