import { typedApp } from '@sallyport/platform/http';
import type { RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { LogSourceBody, TriedBody, shownLogSource, shownTried } from './document-schema.ts';
import { documentLimits } from './document.ts';
import type { RuleDocuments } from './rule-documents.ts';
import { readTests } from './rule-tests.ts';
import { schemaKeys, schemaLevels, schemaModifiers, schemaStatuses } from './schema-help.ts';

export type DocumentRoutesNeeds = {
  readonly documents: RuleDocuments;
  /** Where a rule in force stands, by its id. Throws `rule_unknown`. */
  readonly fileOf: (ruleId: string) => string;
};

const Word = Type.Object({ name: Type.String(), help: Type.String() });

/** What somebody needs while they write a rule. Nothing is kept. */
export function addWritingRoutes(
  fastify: Parameters<RoutePlugin>[0],
  { documents, fileOf }: DocumentRoutesNeeds,
): void {
  const app = typedApp(fastify);
  const tags = ['rules'];

  app.post(
    '/v1/rules/check',
    {
      config: { scope: 'rules:write', bodyLimitBytes: 2 * 1024 * 1024, background: true },
      schema: {
        summary: 'What can be honoured of a rule text, what not and why, and what its tests come to; nothing is kept',
        tags,
        body: Type.Object(
          {
            text: Type.String({
              maxLength: documentLimits.textBytes,
              description: 'Sigma, one or more YAML documents',
            }),
            tests: Type.Optional(Type.Array(Type.Any(), { maxItems: documentLimits.tests })),
            document: Type.Optional(
              Type.String({ pattern: '^[0-9a-f]{24}$', description: 'Whose place it takes: its own ids are free' }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: TriedBody },
      },
    },
    async ({ body: { text, tests, document } }, reply) =>
      reply.send(shownTried(await documents.attempt({ text, cases: readTests(tests ?? []) }, document))),
  );

  app.get(
    '/v1/rules/vocabulary',
    {
      config: { scope: 'rules:read' },
      schema: {
        summary: 'The words of Sigma, and what rules in force look at: log sources with their fields, and tags',
        tags,
        response: {
          200: Type.Object({
            keys: Type.Array(Type.Object({ in: Type.String(), name: Type.String(), help: Type.String() })),
            modifiers: Type.Array(Word),
            levels: Type.Array(Type.String()),
            statuses: Type.Array(Type.String()),
            log_sources: Type.Array(
              Type.Object({ ...LogSourceBody, rules: Type.Integer(), fields: Type.Array(Type.String()) }),
            ),
            tags: Type.Array(Type.String()),
          }),
        },
      },
    },
    async (_request, reply) => {
      const { logSources, tags: known } = await documents.vocabulary();
      return reply.send({
        keys: schemaKeys.map((key) => ({ ...key })),
        modifiers: schemaModifiers.map((modifier) => ({ ...modifier })),
        levels: [...schemaLevels],
        statuses: [...schemaStatuses],
        log_sources: logSources.map((source) => ({
          ...shownLogSource(source),
          rules: source.rules,
          fields: [...source.fields],
        })),
        tags: [...known],
      });
    },
  );

  app.get(
    '/v1/rules/:id/text',
    {
      config: { scope: 'rules:read' },
      schema: {
        summary: 'The file a rule in force stands in, as it was loaded',
        tags,
        params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 256 }) }),
        response: { 200: Type.Object({ file: Type.String(), text: Type.String() }) },
      },
    },
    async ({ params }, reply) => {
      const file = fileOf(params.id);
      return reply.send({ file, text: await documents.textOf(file) });
    },
  );
}
