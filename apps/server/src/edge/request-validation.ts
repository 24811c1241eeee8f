import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { Value } from 'typebox/value';

/** Looking for what is wrong costs many times what checking does: above this many values nobody is told where. */
const maxExplainedValues = 10_000;

type Check = {
  readonly compiled: Validator;
  readonly hasDefaults: boolean;
};

/** What checks values against a schema. Throws for a schema that cannot be compiled. */
export function buildValidator(schema: TSchema): Validator {
  return Compile(schema);
}

/**
 * Checks requests against their TypeBox schemas, each compiled at its first request, as answers are
 * (`response-serialization.ts`). Bodies are taken as they are, so "5" is no number; what comes as text (parameters, query,
 * headers) is converted. Defaults are filled in everywhere.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  let check: Check | undefined;
  return (received: unknown) => {
    check ??= { compiled: buildValidator(schema), hasDefaults: JSON.stringify(schema).includes('"default":') };
    const { compiled, hasDefaults } = check;
    // Text that fits as it came stays what it is: looking for what it might be converted to costs more than all else here.
    if (httpPart !== 'body' && !hasDefaults && compiled.Check(received)) return { value: received };
    const converted = httpPart === 'body' ? received : Value.Convert(schema, received);
    const value = hasDefaults ? Value.Default(schema, converted) : converted;
    if (compiled.Check(value)) return { value };
    if (countValues(value, maxExplainedValues) < maxExplainedValues) return { error: compiled.Errors(value) };
    return {
      error: [
        {
          keyword: 'size',
          schemaPath: '#',
          instancePath: '',
          params: {},
          message: 'must fit its schema, and is too large to say where it does not',
        },
      ],
    };
  };
};

/** How many values are in it, itself included; stops at `limit`. */
function countValues(value: unknown, limit: number): number {
  const waiting = [value];
  let count = 0;
  while (waiting.length > 0 && count < limit) {
    const next = waiting.pop();
    count += 1;
    if (typeof next !== 'object' || next === null) continue;
    const inside: unknown[] = Object.values(next);
    if (inside.length + count >= limit) return limit;
    waiting.push(...inside);
  }
  return count;
}
