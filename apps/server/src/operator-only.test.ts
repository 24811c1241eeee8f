import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApproverRoutes, createDestructionCalls, createKitRoutes } from '@sallyport/key-vault/server';
import type { Client, Principal } from '@sallyport/platform/http';
import fastify from 'fastify';

const never = async (): Promise<never> => assert.fail('nothing may be asked of the vault');

test('somebody who hangs up at once has no address, and is not taken for whoever is at the machine', async (context) => {
  const principal: Principal = { kind: 'user', id: 'u1', name: 'Eve', scopes: ['vault:manage'] };
  const origin = 'http://localhost';
  const client: Client = {
    address: 'local',
    isLocal: false,
    agent: '',
    origin,
    hostName: 'localhost',
    linkOrigin: origin,
  };
  const app = fastify();
  context.after(() => app.close());
  app.decorateRequest('principal', { getter: () => principal });
  app.decorateRequest('client', { getter: () => client });
  await app.register(
    createKitRoutes({
      gather: never,
      activeEpoch: never,
      memory: { newest: never, remember: never },
      random: () => assert.fail('no code is made'),
      record: never,
    }),
  );
  await app.register(
    createApproverRoutes({
      calls: createDestructionCalls(never),
      service: { certificate: never, tick: never },
      passkeysOf: async () => [],
      nameOf: async () => undefined,
    }),
  );
  const post = async (url: string, payload: object): Promise<string> =>
    (await app.inject({ method: 'POST', url, payload })).body;
  assert.match(await post('/v1/vault/recovery-kits', {}), /kit_refused/);
  assert.match(await post('/v1/vault/approvers', { alone: true }), /without a second person/);
  const change = { credentialId: 'AAAA', reason: 'r', alone: true };
  for (const what of ['withdraw', 'reinstate'])
    assert.match(await post(`/v1/vault/approvers/${what}`, change), /without a second person/);
});
