import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openDatabase } from '@sallyport/platform/database';
import { codeOf } from '@sallyport/platform/errors';
import fastify from 'fastify';
import { ruleText, setUp } from './detection.fixture.ts';
import { detectionProblems } from './errors.ts';
import { createDetectionRoutes } from './routes.ts';

const opened = await openDatabase({ kind: 'sqlite', file: ':memory:' });
const { detection, directory, ledger } = await setUp(opened.database);
const app = fastify();
const scopes = new Map<string, string | undefined>();
app.addHook('onRequest', async (request) => {
  request.principal = { kind: 'operator', id: 'op-1', name: 'Ada', scopes: [] };
});
app.addHook('onRoute', ({ method, url, config }) => {
  scopes.set(`${String(method)} ${url}`, config?.scope);
});
app.setErrorHandler((error, _request, reply) => {
  const code = codeOf(error) ?? 'internal';
  return reply.code(detectionProblems[code]?.status ?? 500).send({ code });
});
await app.register(createDetectionRoutes(detection));
after(async () => {
  await app.close();
  await opened.close();
});

const certutil = {
  id: 'r-certutil',
  title: 'Certutil',
  level: 'high',
  tags: [],
  file: 'own/certutil.yml',
  generates: true,
};

test('reading rules and reloading them ask for different scopes', () => {
  assert.deepEqual(Object.fromEntries([...scopes].filter(([route]) => !route.startsWith('HEAD'))), {
    'GET /v1/rules': 'alerts:read',
    'GET /v1/rules/:id': 'alerts:read',
    'POST /v1/rules/reload': 'rules:manage',
  });
});

test('rules in force are listed and shown, an unknown one is refused', async () => {
  const list = await app.inject('/v1/rules');
  assert.deepEqual(list.json(), { hash: detection.ruleSet().hash, rules: [certutil], refusals: [] });
  assert.deepEqual((await app.inject('/v1/rules/r-certutil')).json(), certutil);
  const unknown = await app.inject('/v1/rules/r-none');
  assert.deepEqual([unknown.statusCode, unknown.json()], [404, { code: 'rule_unknown' }]);
});

test('a reload tells what is refused, with file, line and reason, and is in the ledger', async () => {
  directory.write('broken.yml', ruleText({ id: 'r-broken' }).replace('condition: selection', 'condition: other'));
  const reply = await app.inject({ method: 'POST', url: '/v1/rules/reload' });
  const set: { rules: { id: string }[]; refusals: { file: string; line: number; reason: string }[] } = reply.json();
  assert.deepEqual(
    set.rules.map(({ id }) => id),
    ['r-certutil'],
  );
  const [refusal] = set.refusals;
  assert.equal(refusal?.file, 'own/broken.yml');
  assert.ok(refusal.line > 0 && refusal.reason !== '');
  assert.equal(ledger.events().filter(({ classUid }) => classUid === 5019).length, 1);
});
