import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { codeOf } from '@sallyport/platform/errors';
import fastify from 'fastify';
import { createDocumentRoutes } from './document-routes.ts';
import { ada, openLibrary, ruleText, started, uuid } from './documents.fixture.ts';
import { ruleDocumentProblems } from './errors.ts';

const library = await openLibrary();
const { documents, detection } = await library.start();
const app = fastify();
const scopes = new Map<string, string | undefined>();
app.addHook('onRequest', async (request) => {
  request.principal = ada;
});
app.addHook('onRoute', ({ method, url, config }) => {
  if (method !== 'HEAD') scopes.set(`${String(method)} ${url}`, config?.scope);
});
app.setErrorHandler((error, _request, reply) => {
  const code = codeOf(error) ?? 'internal';
  return reply.code(ruleDocumentProblems[code]?.status ?? 500).send({ code });
});
await app.register(createDocumentRoutes({ documents, fileOf: (id) => detection.rule(id).file }));
after(() => app.close());

test('reading, writing and putting into force ask for different scopes', () => {
  assert.deepEqual(Object.fromEntries(scopes), {
    'POST /v1/rules/check': 'rules:write',
    'GET /v1/rules/vocabulary': 'rules:read',
    'GET /v1/rules/:id/text': 'rules:read',
    'GET /v1/rules/documents': 'rules:read',
    'GET /v1/rules/documents/:id': 'rules:read',
    'GET /v1/rules/documents/:id/versions/:version': 'rules:read',
    'GET /v1/rules/documents/:id/versions/:version/diff': 'rules:read',
    'POST /v1/rules/documents': 'rules:write',
    'POST /v1/rules/documents/:id/versions': 'rules:write',
    'POST /v1/rules/documents/:id/stage': 'rules:write',
    'POST /v1/rules/documents/:id/unstage': 'rules:write',
    'POST /v1/rules/documents/:id/activate': 'rules:manage',
    'POST /v1/rules/documents/:id/retire': 'rules:manage',
    'DELETE /v1/rules/documents/:id': 'rules:manage',
  });
});

test('a document goes through the API from draft to force, and its text is there to be copied', async () => {
  const post = (url: string, payload: object) => app.inject({ method: 'POST', url, payload });
  const tests = [{ name: 'a', expect: 'match', event: started('evil') }];
  const made = await post('/v1/rules/documents', { text: ruleText('evil'), tests });
  assert.equal(made.statusCode, 201, made.body);
  const body: { document: { id: string }; check: { tests: { passed: boolean }[] } } = made.json();
  assert.deepEqual(
    body.check.tests.map(({ passed }) => passed),
    [true],
  );
  const path = `/v1/rules/documents/${body.document.id}`;
  const saved = await post(`${path}/versions`, { text: ruleText('evil2'), tests: [], expected: 1 });
  assert.equal(saved.statusCode, 201, saved.body);
  const late = await post(`${path}/versions`, { text: ruleText('evil3'), expected: 1 });
  assert.deepEqual([late.statusCode, late.json()], [409, { code: 'rule_document_conflict' }]);
  const diff = await app.inject(`${path}/versions/2/diff?from=1`);
  const { lines, tests_changed: changed }: { lines: { kind: string }[]; tests_changed: boolean } = diff.json();
  assert.deepEqual([lines.filter(({ kind }) => kind === 'added').length, changed], [2, true]);
  assert.equal((await post(`${path}/stage`, { version: 2 })).statusCode, 200);
  assert.equal((await post(`${path}/activate`, { version: 2 })).statusCode, 200);
  const text: { file: string; text: string } = (await app.inject(`/v1/rules/${uuid(1)}/text`)).json();
  assert.deepEqual([text.file, text.text], [`library/${body.document.id}/2.yml`, ruleText('evil2')]);
  assert.equal((await app.inject({ method: 'DELETE', url: path })).statusCode, 409);
  const shown: { in_force: { version: number }; versions: object[] } = (await app.inject(path)).json();
  assert.deepEqual([shown.in_force.version, shown.versions.length], [2, 2]);
});

test('what is no test is refused before anything is read', async () => {
  const payload = { text: ruleText('evil'), tests: [{ expect: 'maybe' }] };
  const reply = await app.inject({ method: 'POST', url: '/v1/rules/check', payload });
  assert.deepEqual([reply.statusCode, reply.json()], [400, { code: 'rule_document_invalid' }]);
});
