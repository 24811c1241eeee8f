import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';

/**
 * Checks requests against their TypeBox schemas. Bodies are taken as they are, so "5" is no number; what comes as text
 * (parameters, query, headers) is converted. Defaults are filled in everywhere.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema);
  return (received: unknown) => {
    const value = Value.Default(schema, httpPart === 'body' ? received : Value.Convert(schema, received));
    if (compiled.Check(value)) return { value };
    return { error: compiled.Errors(value) };
  };
};
