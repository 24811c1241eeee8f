import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { JsonValue, Position } from '@sallyport/contracts';
import { createManualClock } from '@sallyport/platform/clock';
import type { Principal } from '@sallyport/platform/http';
import fastify from 'fastify';
import { auditEvent } from './audit-event.ts';
import { verifyEvidence } from './evidence.ts';
import { createLedgerRoutes } from './routes.ts';
import { startLedger, temporaryDirectory, testStartMs } from './ledger-testing.ts';

const secret = 'planted-name-of-a-person';
const audit: JsonValue = auditEvent({
  nowMs: testStartMs,
  actor: { kind: 'user', id: 'u1', name: secret },
  action: 'sign-in.failed',
  classUid: 3002,
  activityId: 1,
  outcome: 'failure',
  target: { type: 'account', id: 'u1' },
}).event;

async function startRoutes(context: TestContext, bodies: readonly JsonValue[]) {
  const { client } = startLedger(context, temporaryDirectory(context), createManualClock(testStartMs));
  await client.ready();
  const entries = bodies.map((body, sequence) => ({
    classUid: 3002,
    sequence,
    body: Buffer.from(JSON.stringify(body)),
  }));
  const positions = await client.append({ collector: 'test', priority: 'control', entries });
  let principal: Principal = { kind: 'user', id: 'u1', name: 'Ada', scopes: [] };
  const app = fastify();
  app.decorateRequest('principal', { getter: () => principal });
  await app.register(createLedgerRoutes(client, async () => undefined));
  context.after(() => app.close());
  const get = async (
    path: string,
    scopes: readonly string[],
  ): Promise<{ status: number; code: string; text: string }> => {
    principal = { ...principal, scopes };
    const { statusCode, body, headers } = await app.inject(path);
    const answered: JsonValue = (headers['content-type'] ?? '').includes('json') ? JSON.parse(body) : {};
    const code = typeof answered === 'object' && answered !== null && 'code' in answered ? String(answered.code) : '';
    return { status: statusCode, code, text: body };
  };
  const proof = (position: Position | undefined, scopes: readonly string[]) =>
    get(`/v1/ledger/proof/${position?.log}/${position?.index}`, scopes);
  return { positions, get, proof, client };
}

test('an audit record is proven to who may read the audit trail, and to nobody else', async (context) => {
  const { positions, proof } = await startRoutes(context, [audit]);
  const hidden = await proof(positions[0], ['ledger:read', 'events:read', 'alerts:read']);
  assert.equal(hidden.code, 'audit_hidden');
  assert.ok(
    !hidden.text.includes(secret) && !hidden.text.includes(Buffer.from(secret).toString('base64').slice(4, 20)),
  );
  const shown = await proof(positions[0], ['ledger:read', 'audit:read']);
  assert.equal(shown.status, 200);
  const verified = verifyEvidence(shown.text);
  assert.deepEqual(verified.ok && verified.event, audit);
});

test('events from outside and findings are proven to every reader of the ledger, whatever they claim', async (context) => {
  const claimed = { metadata: { log_name: 'audit' }, raw_data: '{"log_name":"audit"}' };
  const finding = { class_uid: 2004, metadata: { version: '1.8.0' } };
  const { positions, proof } = await startRoutes(context, [claimed, finding]);
  for (const position of positions) assert.equal((await proof(position, ['ledger:read'])).status, 200);
});

test('what cannot be told to be no audit record is hidden like one', async (context) => {
  const odd: JsonValue[] = ['text', { metadata: 'none' }, { metadata: { log_name: 'audit' }, raw_data: { x: 1 } }, {}];
  const { positions, proof } = await startRoutes(context, odd);
  for (const position of positions) assert.equal((await proof(position, ['ledger:read'])).code, 'audit_hidden');
});

test('tiles, bundles and checkpoints of audit records name nobody', async (context) => {
  const { get, client } = await startRoutes(
    context,
    Array.from({ length: 300 }, () => audit),
  );
  await client.checkpoint(1);
  for (const path of ['/v1/ledger', '/v1/ledger/checkpoint', '/v1/ledger/logs/1/checkpoint']) {
    const { status, text } = await get(path, ['ledger:read']);
    assert.ok(status === 200 && !text.includes(secret), path);
  }
  for (const path of ['tile/0/000', 'tile/entries/000', 'tile/0/001.p/45', 'tile/entries/001.p/45', 'tile/1/000.p/1']) {
    const { status, text } = await get(`/v1/ledger/logs/1/${path}`, ['ledger:read']);
    assert.ok(status === 200 && !text.includes(secret) && !text.includes('sign-in'), path);
  }
});
