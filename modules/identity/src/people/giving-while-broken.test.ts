import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccessPolicyError, createAccessPolicy, engine, heldRights, readPolicyTexts } from '@sallyport/access-policy';
import { policiesDirectory } from '@sallyport/content';
import type { Principal } from '@sallyport/platform/http';
import { allowedAtBest } from './allowed-at-best.ts';
import { parseSiteRoles } from './site-roles.ts';
import { parseRoles } from './user-name.ts';

/** Twice within a minute: it is not begun anew before that is over. */
function breakEngine(): void {
  const deep = `permit (principal, action, resource) when { ${Array<string>(500).fill('1 < 2').join(' && ')} };`;
  engine.preparsePolicySet('deep', { staticPolicies: { deep } });
  for (let count = 0; count < 2; count += 1)
    assert.throws(() =>
      engine.statefulIsAuthorized({
        principal: { type: 'U', id: 'u' },
        action: { type: 'Action', id: 'a' },
        resource: { type: 'R', id: 'r' },
        context: {},
        entities: [],
        preparsedPolicySetId: 'deep',
        validateRequest: false,
      }),
    );
}

test('while the engine is broken nobody gives what they lack: what cannot be told is refused, and what is remembered goes on', async () => {
  const policy = createAccessPolicy(await readPolicyTexts(policiesDirectory));
  const by: Principal = { kind: 'user', id: 'u1', name: 'Ada', scopes: [], roles: ['auditor'], assurance: 2 };
  const told = policy.permissionsOf(by);
  assert.ok(told.length > 0);
  breakEngine();
  assert.equal(engine.condition().isBroken, true);

  const isBroken = (error: unknown): boolean =>
    error instanceof AccessPolicyError &&
    error.code === 'policy_engine_broken' &&
    error.hint === 'try again in a minute';
  assert.throws(() => parseRoles(['admin'], by, policy), isBroken);
  assert.throws(() => parseSiteRoles([{ role: 'admin', site: 'Gate' }], by, policy), isBroken);
  assert.deepEqual(policy.permissionsOf(by), told, 'remembered');

  // Who asks is let in with none, and keys of whoever changes rest on none.
  const other: Principal = { ...by, roles: ['viewer'] };
  assert.throws(() => policy.permissionsOf(other), isBroken);
  assert.deepEqual(heldRights(policy, other), []);
  assert.deepEqual(allowedAtBest(policy, { roles: ['admin'], providedRoles: [], siteRoles: [] }).allowed, []);
});
