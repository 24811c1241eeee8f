import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import type { Principal } from '@sallyport/platform/http';
import fastify from 'fastify';
import { auditEvent } from '../audit-event.ts';
import type { AuditEvent } from '../audit-event.ts';
import { startLedger, temporaryDirectory, testStartMs } from '../ledger-testing.ts';
import { createPruning } from '../pruning/pruning.ts';
import { createEvidenceRoutes } from './evidence-routes.ts';
import type { EvidenceQuery } from './evidence-routes.ts';
import { verifyRangeText } from './verify-range.ts';

const secret = 'planted-name-of-a-person';

async function startRoutes(context: TestContext) {
  const directory = temporaryDirectory(context);
  const clock = createManualClock(testStartMs);
  const { client } = startLedger(context, directory, clock);
  await client.ready();
  const { event } = auditEvent({
    nowMs: testStartMs,
    actor: { kind: 'user', id: 'u1', name: secret },
    action: 'sign-in.failed',
    classUid: 3002,
    activityId: 1,
    outcome: 'failure',
    target: { type: 'account', id: 'u1' },
  });
  const bodies = [event, { raw_data: 'from outside', metadata: { log_name: 'audit' } }, { raw_data: 'another' }];
  await client.append({
    collector: 'intake/web-1',
    priority: 'control',
    entries: bodies.map((body, sequence) => ({ classUid: 3002, sequence, body: Buffer.from(JSON.stringify(body)) })),
  });
  const recorded: AuditEvent[] = [];
  const asked: EvidenceQuery[] = [];
  let principal: Principal = { kind: 'user', id: 'u1', name: 'Ada', scopes: [] };
  const app = fastify();
  app.decorateRequest('principal', { getter: () => principal });
  await app.register(
    createEvidenceRoutes(client, {
      clock,
      recordAudit: async (said) => void recorded.push(said),
      knownSources: async () => ['intake/web-1'],
      matches: async (query) => {
        asked.push(query);
        return new Set([2]);
      },
    }),
  );
  context.after(() => app.close());
  const get = async (query: string, scopes: readonly string[]) => {
    principal = { ...principal, scopes };
    const { statusCode, body, headers } = await app.inject(`/v1/ledger/evidence${query}`);
    const code = /"code":"(\w+)"/.exec(body)?.[1] ?? '';
    return { status: statusCode, code, text: body, headers };
  };
  return { directory, client, clock, recorded, asked, get };
}

test('audit records are withheld from whoever may not read them, counted, and given to who may; each export is recorded', async (context) => {
  const { get, recorded } = await startRoutes(context);
  const plain = await get('', ['ledger:read', 'events:read']);
  assert.equal(plain.status, 200);
  assert.equal(plain.headers['sallyport-events'], '3');
  assert.ok(!plain.text.includes(Buffer.from(secret).toString('base64').slice(4, 20)));
  const withheld = verifyRangeText(plain.text);
  assert.ok(withheld.ok && withheld.counts.withheld === 1 && withheld.counts.shown === 2);
  const all = verifyRangeText((await get('', ['ledger:read', 'audit:read'])).text);
  assert.ok(all.ok && all.counts.withheld === 0 && all.counts.shown === 3);
  assert.deepEqual(
    recorded.map(({ event }) => event['message']),
    ['evidence.export', 'evidence.export'],
  );
});

test('a query marks what it finds within the range; without the right to search, or without a range, it is refused', async (context) => {
  const { get, asked, recorded } = await startRoutes(context);
  const scopes = ['ledger:read', 'events:read', 'audit:read'];
  const marked = verifyRangeText((await get('?q=another&bodies=matches&first=0&past=3', scopes)).text);
  assert.ok(marked.ok && marked.counts.matching === 1 && marked.counts.unmatched === 2);
  assert.deepEqual([asked[0]?.from, asked[0]?.to], [0, 3]);
  recorded.length = 0;
  for (const [query, code] of [
    ['?q=x', 'evidence_refused'],
    ['?bodies=matches', 'evidence_refused'],
    ['?first=1', 'evidence_refused'],
    ['?first=0&past=3&from=2026-01-01T00:00:00Z', 'evidence_refused'],
    ['?first=0&past=99', 'not_found'],
    ['?log=7', 'not_found'],
    ['?witnessed=true', 'not_found'],
  ] as const)
    assert.equal((await get(query, ['ledger:read'])).code, code, query);
  assert.deepEqual(recorded, [], 'what was refused was not exported');
});

test('pruning is recorded with the minimum index before anything goes and after; one runs at a time; below it bundles are refused', async (context) => {
  const { client, clock, directory } = await startRoutes(context);
  const entries = Array.from({ length: 600 }, (_, sequence) => ({ classUid: 1, sequence, body: Buffer.from('{}') }));
  await client.append({ collector: 'x', priority: 'control', entries });
  await client.checkpoint(1);
  const recorded: string[] = [];
  let isHeld = Promise.resolve();
  const pruning = createPruning({
    clock,
    steps: { ...client.pruning, raise: (log, planned) => isHeld.then(() => client.pruning.raise(log, planned)) },
    recordAudit: async ({ event }) => void recorded.push(String(event['message'])),
  });
  const held = Promise.withResolvers<void>();
  isHeld = held.promise;
  const started = await pruning.start(1, { kind: 'user', id: 'u1', name: 'Ada' });
  assert.deepEqual([started.state, recorded], ['running', ['ledger.prune']]);
  await assert.rejects(pruning.start(1, { kind: 'user', id: 'u1', name: 'Ada' }), { code: 'pruning' });
  held.resolve();
  await pruning.finished();
  assert.deepEqual([pruning.state()?.state, recorded], ['done', ['ledger.prune', 'ledger.pruned']]);
  assert.ok((await client.tile(1, 'tile/entries/000')).length > 0);
  writeFileSync(join(directory, 'ledger', 'logs', '1', 'minimum-index'), '511\n');
  assert.equal(await client.pruning.minimumIndex(1), 511);
  await assert.rejects(client.tile(1, 'tile/entries/000'), { code: 'pruned' });
  assert.ok((await client.tile(1, 'tile/entries/001')).length > 0, 'the bundle ends past the minimum index');
  assert.ok((await client.tile(1, 'tile/0/000')).length > 0, 'hashes stay');
});
