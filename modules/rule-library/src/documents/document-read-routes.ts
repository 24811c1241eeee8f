import { typedApp } from '@sallyport/platform/http';
import type { Principal, RoutePlugin } from '@sallyport/platform/http';
import { Type } from 'typebox';
import { diffLines } from '@sallyport/platform/line-diff';
import {
  DocumentBody,
  InForceBody,
  StagingBody,
  VersionBody,
  shownDocument,
  shownInForce,
  shownStaging,
  shownVersion,
} from './document-schema.ts';
import { RuleDocumentError } from './errors.ts';
import type { RuleDocuments } from './rule-documents.ts';
import { testsShownTo } from './rule-tests.ts';

const id = Type.String({ pattern: '^[0-9a-f]{24}$' });
const version = Type.Integer({ minimum: 1, maximum: 1_000_000_000 });

/** Positions of audit records are for who may read the audit trail. */
const seesAudit = ({ scopes }: Principal): boolean => scopes.includes('audit:read');

export function addDocumentReadRoutes(fastify: Parameters<RoutePlugin>[0], documents: RuleDocuments): void {
  const app = typedApp(fastify);
  const tags = ['rules'];
  const config = { scope: 'rules:read' } as const;

  app.get(
    '/v1/rules/documents',
    {
      config,
      schema: {
        summary: 'List the rule documents of the library, those changed last first',
        tags,
        response: { 200: Type.Object({ documents: Type.Array(DocumentBody) }) },
      },
    },
    async (_request, reply) => {
      const totals = await documents.staged.totals();
      return reply.send({
        documents: (await documents.list()).map((document) => shownDocument(document, totals.get(document.id))),
      });
    },
  );

  app.get(
    '/v1/rules/documents/:id',
    {
      config,
      schema: {
        summary: 'One rule document: its newest text and tests, what is in force of it, and what staging matched',
        tags,
        params: Type.Object({ id }),
        response: {
          200: Type.Object({
            document: DocumentBody,
            text: Type.String(),
            tests: Type.Array(Type.Any()),
            in_force: InForceBody,
            staging: Type.Optional(StagingBody),
            versions: Type.Array(VersionBody, { description: 'Newest first' }),
          }),
        },
      },
    },
    async ({ params, principal }, reply) => {
      const document = await documents.get(params.id);
      const [head, report, versions] = await Promise.all([
        documents.version(document.id, document.version),
        documents.staged.report(document.id),
        documents.versions(document.id),
      ]);
      const matches = report?.rules.reduce((sum, rule) => sum + rule.matches, 0);
      return reply.send({
        document: shownDocument(document, matches),
        text: head?.text ?? '',
        tests: testsShownTo(principal.scopes, head?.cases ?? []),
        in_force: shownInForce(documents.inForce(document.id)),
        ...(report === undefined ? {} : { staging: shownStaging(report, seesAudit(principal)) }),
        versions: versions.map(shownVersion),
      });
    },
  );

  app.get(
    '/v1/rules/documents/:id/versions/:version',
    {
      config,
      schema: {
        summary: 'One version of a rule document',
        tags,
        params: Type.Object({ id, version }),
        response: {
          200: Type.Object({ version: VersionBody, text: Type.String(), tests: Type.Array(Type.Any()) }),
        },
      },
    },
    async ({ params, principal }, reply) => {
      const found = await versionOf(documents, params.id, params.version);
      return reply.send({
        version: shownVersion(found),
        text: found.text,
        tests: testsShownTo(principal.scopes, found.cases),
      });
    },
  );

  app.get(
    '/v1/rules/documents/:id/versions/:version/diff',
    {
      config,
      schema: {
        summary: 'What changed in the text from an earlier version to this one, line by line',
        tags,
        params: Type.Object({ id, version }),
        querystring: Type.Object({ from: version }, { additionalProperties: false }),
        response: {
          200: Type.Object({
            lines: Type.Array(Type.Object({ kind: Type.Enum(['same', 'removed', 'added']), text: Type.String() })),
            tests_changed: Type.Boolean(),
          }),
        },
      },
    },
    async ({ params, query }, reply) => {
      const [before, after] = [
        await versionOf(documents, params.id, query.from),
        await versionOf(documents, params.id, params.version),
      ];
      return reply.send({
        lines: diffLines(before.text, after.text).map(({ kind, text }) => ({ kind, text })),
        tests_changed: before.testsHash !== after.testsHash,
      });
    },
  );
}

async function versionOf(documents: RuleDocuments, documentId: string, wanted: number) {
  const found = await documents.version(documentId, wanted);
  if (found !== undefined) return found;
  throw new RuleDocumentError(
    'rule_document_unknown',
    `Cannot find version ${wanted} of rule document "${documentId}": there is none, or it was forgotten`,
  );
}
