import fastJsonStringify from 'fast-json-stringify';
import type { FastifySerializerCompiler } from 'fastify';
import type { TSchema } from 'typebox';

type Serialize = (answer: unknown) => string;

/** What writes answers that hold what their schema names and nothing else. Throws for a schema that cannot be compiled. */
export function buildSerializer(schema: object): Serialize {
  return fastJsonStringify(schema);
}

/**
 * Each compiled at its first answer: most routes are never asked while a server runs, and compiling all of them took a
 * tenth of its start. That every one can be compiled is a test.
 */
export const compileSerializer: FastifySerializerCompiler<TSchema> = ({ schema }) => {
  let serialize: Serialize | undefined;
  return (answer: unknown) => {
    serialize ??= buildSerializer(schema);
    return serialize(answer);
  };
};
