import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { allActions, createAccessPolicy, readPolicyTexts } from '@sallyport/access-policy';
import { policiesDirectory } from '@sallyport/content';
import { createApiKeys, createKeyRoutes, identityMigrations, identityProblems } from '@sallyport/identity';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { createColumnKeyrings } from '../column-keys.ts';
import { send, startEdge, testRoutes, type Reply, type TestEdge, unbound } from './edge-testing.ts';

const policy = createAccessPolicy(await readPolicyTexts(policiesDirectory));

forEachDatabase((name, open) => {
  async function setUp(): Promise<{ server: TestEdge; operatorKey: string }> {
    const { database } = await open();
    await migrate(database, [identityMigrations]);
    const outbox = { record: async () => undefined, flushed: async () => undefined };
    const apiKeys = createApiKeys({
      database,
      outbox,
      clock: createManualClock(1_800_000_000_000),
      columnKeys: await createColumnKeyrings({ open: async () => undefined, seal: async () => undefined }).open('test'),
      random: randomBytes,
    });
    const operator = { kind: 'operator', id: 'local', name: 'local operator', scopes: allActions } as const;
    const { token } = await apiKeys.createKey({ name: 'first', scopes: ['keys:manage', 'alerts:read'], by: operator });
    const caller = {
      kind: 'network',
      ...unbound,
      authenticateSession: async () => ({ refused: 'none' }),
      authenticate: apiKeys.authenticate,
      recheck: async ({ id }: Principal) => apiKeys.recheck(id),
    } as const;
    const server = await startEdge({
      caller,
      routes: [testRoutes, createKeyRoutes({ apiKeys, answering: async () => operator }, { policy })],
      problems: [identityProblems],
    });
    return { server, operatorKey: token.reveal() };
  }

  test(`${name}: a key is created over the API, works, is listed without its secret, and stops when revoked`, async () => {
    const { server, operatorKey } = await setUp();
    const call = (key: string, method: string, path: string, body?: object): Promise<Reply> =>
      send({ port: server.port, key, method, path, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });

    const created = await call(operatorKey, 'POST', '/v1/keys', {
      name: 'web-1',
      scopes: ['alerts:read'],
      source: 'web-1',
    });
    assert.equal(created.status, 201, created.text);
    const key = String(created.json['key']);
    assert.match(key, /^sp_/);
    assert.equal((await call(key, 'GET', '/v1/items/a')).status, 200);
    assert.equal((await call(key, 'GET', '/v1/keys')).json['code'], 'scope_missing');

    const list = await call(operatorKey, 'GET', '/v1/keys');
    assert.match(list.text, /"name":"web-1".*"source":"web-1"/);
    assert.ok(!list.text.includes(key) && !list.text.includes('hash'));

    const widened = await call(operatorKey, 'POST', '/v1/keys', { name: 'strong', scopes: ['ledger:read'] });
    assert.deepEqual([widened.status, widened.json['code']], [403, 'key_grant_widened']);
    assert.equal(
      (await call(operatorKey, 'POST', '/v1/keys', { name: 'odd', scopes: ['x'] })).json['code'],
      'scope_unknown',
    );

    const path = `/v1/keys/${String(created.json['id'])}`;
    assert.equal((await call(operatorKey, 'DELETE', path)).status, 204);
    const refused = await call(key, 'GET', '/v1/items/a');
    assert.deepEqual(
      [refused.status, refused.json['code'], refused.json['details']],
      [401, 'authentication_failed', { reason: 'key_revoked' }],
    );
    assert.equal((await call(operatorKey, 'DELETE', '/v1/keys/nothing')).json['code'], 'key_not_found');
    await server.edge.close();
    assert.ok(
      server.decisions.some(({ code, principal }) => code === 'key_grant_widened' && principal?.name === 'first'),
    );
  });
});
