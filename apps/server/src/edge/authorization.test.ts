// What handlers see of a key is what it may at this moment, from here, whoever made it and wherever it is for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAccessPolicy, readPolicyTexts } from '@sallyport/access-policy';
import { policiesDirectory } from '@sallyport/content';
import { createManualClock } from '@sallyport/platform/clock';
import type { Principal } from '@sallyport/platform/http';
import { createLog } from '@sallyport/platform/log';
import Fastify from 'fastify';
import { createAccessServices } from '../access-services.ts';
import { createAuthorization } from './authorization.ts';
import { unbound } from './edge-testing.ts';

const texts = await readPolicyTexts(policiesDirectory);
const limited = `@id("keys-from-inside") @words("Keys read people from inside alone")
forbid (principal is Sallyport::Key, action == Sallyport::Action::"users:read", resource)
unless { context.address.isInRange(ip("10.0.0.0/8")) };`;

async function heldFrom(address: string, principal: Principal, own: string): Promise<Principal> {
  const policy = createAccessPolicy({
    ...texts,
    policies: [...texts.policies, { file: 'own.cedar', text: own, own: true }],
  });
  const clock = createManualClock(1_800_000_000_000);
  const { heldAt, decide } = createAccessServices({
    policy,
    clock,
    riskOf: () => ({ value: 0, isFresh: true }),
    cameras: { list: () => [], find: () => undefined, findFormer: () => undefined },
    devices: { find: () => undefined },
    timeZone: 'UTC',
  });
  const { asHeld } = createAuthorization({
    caller: {
      kind: 'network',
      ...unbound,
      authenticateSession: async () => ({ refused: 'none' }),
      authenticate: async () => ({ refused: 'none' }),
      recheck: async () => ({ refused: 'none' }),
    },
    decide,
    heldAt,
    clock,
    log: createLog({ write: () => undefined, clock, level: 'error' }),
    proveKey: async () => undefined,
  });
  const fastify = Fastify();
  let held: Principal | undefined;
  fastify.get('/', async (request) => {
    held = await asHeld(request, principal);
    return {};
  });
  await fastify.inject({ url: '/', remoteAddress: address });
  await fastify.close();
  policy.release();
  assert.ok(held);
  return held;
}

test('a key of the operator, for no site in particular, holds from elsewhere what policy lets it hold there', async () => {
  const key: Principal = { kind: 'key', id: 'k1', name: 'k', scopes: ['users:read', 'alerts:read'] };
  assert.deepEqual((await heldFrom('10.1.1.1', key, limited)).scopes, ['users:read', 'alerts:read']);
  const outside = await heldFrom('192.0.2.7', key, limited);
  assert.deepEqual([outside.scopes, outside.madeFor], [['alerts:read'], ['users:read', 'alerts:read']]);
  assert.equal(await heldFrom('192.0.2.7', key, ''), key, 'where no policy asks, it is as it was');
});
