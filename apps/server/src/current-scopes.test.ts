import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCurrentScopes } from './current-scopes.ts';

const house = () => {
  const people = [
    { id: 'ada', name: 'Ada', roles: ['analyst'], state: 'active' },
    { id: 'eve', name: 'Eve', roles: ['analyst'], state: 'active', passwordRefusedAtMs: 5 },
    { id: 'gus', name: 'Gus', roles: ['guard'], state: 'active' },
    { id: 'bob', name: 'Bob', roles: ['analyst'], state: 'blocked' },
  ];
  const refusedKeys = new Set(['k2']);
  const grants: { role: string; grantId: string; site?: string }[] = [];
  const scopes = createCurrentScopes({
    temporaryRoles: ({ userId, sessionId }) => (userId === 'gus' && sessionId === 's1' ? grants : []),
    people: { list: async () => people },
    apiKeys: {
      recheck: async (id) =>
        refusedKeys.has(id) ? { refused: 'key_revoked' } : { kind: 'key', id, name: id, scopes: ['hunts:run'] },
    },
    services: { scopesNow: async (id) => (id === 's1' ? ['hunts:run'] : undefined) },
    policy: {
      permissionsOf: ({ roles, limitedTo }) => {
        const scopes = ['hunts:run', 'alerts:write'] as const;
        return roles?.includes('analyst') === true
          ? scopes.filter((scope) => limitedTo?.includes(scope) !== false)
          : [];
      },
    },
  });
  return { people, scopes, grants };
};

test('people have what their roles give now, keys what they were made for, the operator everything', async () => {
  const { people, scopes } = house();
  assert.deepEqual(await scopes.of('user/ada'), ['hunts:run', 'alerts:write']);
  assert.deepEqual(await scopes.of('key/k1'), ['hunts:run']);
  assert.deepEqual(await scopes.of('service/s1'), ['hunts:run']);
  assert.deepEqual(await scopes.of('user/eve'), [], 'before she has chosen another password');
  assert.ok((await scopes.of('operator/local'))?.includes('hunts:run'));
  assert.deepEqual(await scopes.holders('alerts:write'), [{ id: 'ada', name: 'Ada' }]);
  people.splice(0, 1, { id: 'ada', name: 'Ada', roles: [], state: 'active' });
  assert.deepEqual(await scopes.of('user/ada'), []);
});

test('who is blocked, gone, refused, or calls himself something else has nothing', async () => {
  const { scopes } = house();
  for (const owner of ['user/bob', 'user/nobody', 'key/k2', 'service/s2', 'device/ada', 'ada', 'operatorx/local', ''])
    assert.equal(await scopes.of(owner), undefined, owner);
});

test('what was begun with a right for a time goes on with it, in that session, until the grant ends', async () => {
  const { scopes, grants } = house();
  const held = { sessionId: 's1', grantIds: ['g1'] };
  assert.deepEqual(await scopes.of('user/gus', held), []);
  grants.push({ role: 'analyst', grantId: 'g1' });
  assert.deepEqual(await scopes.of('user/gus', held), ['hunts:run', 'alerts:write']);
  assert.deepEqual(await scopes.of('user/gus'), [], 'what they hold in a session is not theirs elsewhere');
  assert.deepEqual(await scopes.of('user/gus', { ...held, sessionId: 's2' }), []);
  assert.deepEqual(await scopes.of('user/gus', { ...held, grantIds: ['g2'] }), [], 'a later grant is no leave for it');
  grants.splice(0, 1, { role: 'analyst', grantId: 'g1', site: 'Pune' });
  assert.deepEqual(await scopes.of('user/gus', held), []);
});
