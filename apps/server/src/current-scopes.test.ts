import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Principal } from '@sallyport/platform/http';
import { createCurrentScopes } from './current-scopes.ts';

const house = () => {
  const people = [
    { id: 'ada', name: 'Ada', roles: ['analyst'], state: 'active' },
    { id: 'eve', name: 'Eve', roles: ['analyst'], state: 'active', passwordRefusedAtMs: 5 },
    { id: 'gus', name: 'Gus', roles: ['guard'], state: 'active' },
    { id: 'bob', name: 'Bob', roles: ['analyst'], state: 'blocked' },
  ];
  const refusedKeys = new Set(['k2']);
  const grants: { role: string; grantId: string; site?: string; actions?: string[] }[] = [];
  /** Of whom everything was asked, and of whom one action. */
  const [asked, decided]: [string[], string[]] = [[], []];
  const unsure = new Set<string>();
  const permitted = ({ roles, limitedTo }: Pick<Principal, 'roles' | 'limitedTo'>) =>
    roles?.includes('analyst') === true
      ? (['hunts:run', 'alerts:write'] as const).filter((scope) => limitedTo?.includes(scope) !== false)
      : [];
  const scopes = createCurrentScopes({
    temporaryRoles: ({ userId, sessionId }) => (userId === 'gus' && sessionId === 's1' ? grants : []),
    heldBy: (userId) => (userId === 'gus' || userId === 'bob' ? grants : []),
    people: { list: async () => people },
    apiKeys: {
      recheck: async (id) =>
        refusedKeys.has(id) ? { refused: 'key_revoked' } : { kind: 'key', id, name: id, scopes: ['hunts:run'] },
    },
    services: { scopesNow: async (id) => (id === 's1' ? ['hunts:run'] : undefined) },
    policy: {
      permissionsOf: (principal) => {
        asked.push(principal.id);
        return permitted(principal);
      },
      decide: ({ principal, action }) => {
        decided.push(principal.id);
        const because = { reason: '', policies: [] };
        return unsure.has(principal.id)
          ? { allowed: false, isUnsure: true, ...because }
          : { allowed: permitted(principal).some((scope) => scope === action), ...because };
      },
    },
  });
  return { people, scopes, grants, asked, decided, unsure };
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

test('who holds one right is asked for that one alone, of those wanted alone, and others work in between', async () => {
  const { people, scopes, asked, decided, unsure } = house();
  assert.deepEqual(await scopes.holders('alerts:write', (id) => id === 'bob'), [], 'blocked');
  assert.deepEqual([asked, decided], [[], []]);
  for (let index = 0; index < 100; index += 1)
    people.push({ id: `p${index}`, name: `P${index}`, roles: ['analyst'], state: 'active' });
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const holders = await scopes.holders('alerts:write', (id) => id !== 'p7');
  isOver = true;
  assert.equal(holders.length, 100);
  assert.deepEqual(asked, [], 'never for everything');
  assert.ok(!decided.includes('p7'));
  assert.ok(turns >= 10, `${turns} turns of others`);
  // Where nobody could tell, what they may do at their best hour decides, as everywhere.
  unsure.add('ada');
  assert.deepEqual(await scopes.holders('alerts:write', (id) => id === 'ada'), [{ id: 'ada', name: 'Ada' }]);
  assert.deepEqual(asked, ['ada']);
});

test('who is blocked, gone, refused, or calls himself something else has nothing', async () => {
  const { scopes } = house();
  for (const owner of ['user/bob', 'user/nobody', 'key/k2', 'service/s2', 'device/ada', 'ada', 'operatorx/local', ''])
    assert.equal(await scopes.of(owner), undefined, owner);
});

test('who holds it for a time is among the holders while they do, never by what they hold at one site', async () => {
  const { scopes, grants, people, decided } = house();
  assert.equal(await scopes.holdsForNow('gus', 'alerts:write'), false);
  assert.deepEqual(decided, [], 'nobody is asked about who holds nothing');
  grants.push({ role: 'analyst', grantId: 'g1' });
  assert.equal(await scopes.holdsForNow('gus', 'alerts:write'), true);
  assert.deepEqual(
    (await scopes.holders('alerts:write')).map(({ id }) => id),
    ['ada', 'gus'],
  );
  assert.equal(await scopes.holdsForNow('bob', 'alerts:write'), false, 'blocked');
  assert.equal(await scopes.holdsForNow('nobody', 'alerts:write'), false);
  grants.splice(0, 1, { role: 'analyst', grantId: 'g1', site: 'Pune' });
  assert.equal(await scopes.holdsForNow('gus', 'alerts:write'), false);
  grants.splice(0, 1, { role: 'analyst', grantId: 'g1' });
  people.splice(2, 1, { id: 'gus', name: 'Gus', roles: ['guard'], state: 'active', passwordRefusedAtMs: 5 });
  assert.equal(await scopes.holdsForNow('gus', 'alerts:write'), false, 'before he has chosen another password');
  grants.length = 0;
  assert.deepEqual(await scopes.holders('alerts:write'), [{ id: 'ada', name: 'Ada' }]);
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
