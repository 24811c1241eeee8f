import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { allActions } from '@sallyport/access-policy';
import { isJsonObject, type JsonValue } from '@sallyport/contracts';
import { password, startAccess, textIn, type Access, type Answer, type Caller } from './access.fixture.ts';

/** What each role is for, written down independently of the policies. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  admin: allActions,
  analyst:
    'events:read alerts:read alerts:write ledger:read health:read rules:manage audit:read settings:read demo:run sessions:own'.split(
      ' ',
    ),
  guard: 'alerts:read alerts:write events:read health:read sessions:own'.split(' '),
  viewer: 'events:read alerts:read health:read ledger:read sessions:own'.split(' '),
  auditor: 'events:read alerts:read ledger:read audit:read users:read settings:read health:read sessions:own'.split(
    ' ',
  ),
  key: ['events:write'],
};

const people = new Map<string, Caller & { readonly id: string }>();
const callers = new Map<string, Caller>();
let access: Access;

before(async () => {
  access = await startAccess();
  const admin = await access.moveIn('admin', 'admin');
  people.set('admin', admin);
  for (const role of ['analyst', 'guard', 'viewer', 'auditor'])
    people.set(role, await access.moveIn(role, role, admin));
  for (const [role, { cookie }] of people) callers.set(role, cookie === undefined ? {} : { cookie });
  const body = { name: 'sender', scopes: ['events:write'] };
  const made = await access.call('POST', '/v1/keys', { caller: admin, body });
  callers.set('key', { key: textIn(made.body, 'key') });
});
after(() => access.stop());

type Route = { readonly method: string; readonly path: string; readonly isPublic: boolean; readonly action: string };

async function describedRoutes(): Promise<Route[]> {
  const { body } = await access.call('GET', '/v1/openapi.json');
  const description: JsonValue = JSON.parse(JSON.stringify(body));
  const paths = isJsonObject(description) ? description['paths'] : undefined;
  assert.ok(isJsonObject(paths));
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(isJsonObject(operations) ? operations : {}).flatMap(([method, operation]) => {
      if (!isJsonObject(operation)) return [];
      const { security, 'x-sallyport-action': action } = operation;
      const isPublic = Array.isArray(security) && security.length === 0;
      return [{ method: method.toUpperCase(), path, isPublic, action: typeof action === 'string' ? action : '' }];
    }),
  );
}

const unreadable = { body: '{', headers: { 'content-type': 'application/unheard-of' } };

/** Asks in a way that changes nothing: whoever is let in brings a body that nobody reads. */
function ask({ method, path }: Route, caller: Caller): Promise<Answer> {
  const filled = path.replaceAll(/\{(\w+)\}|\*/g, (_all, name: string) =>
    /log|index|level/.test(name) ? '1' : 'none',
  );
  return access.call(method, filled, { caller, ...(method === 'GET' ? {} : unreadable) });
}

test('every route of the description lets in exactly the roles it is for', async () => {
  const routes = await describedRoutes();
  assert.ok(routes.length >= 40, `${routes.length} routes`);
  for (const route of routes) {
    const name = `${route.method} ${route.path}`;
    assert.notEqual(
      route.isPublic,
      allActions.some((action) => action === route.action),
      name,
    );
    for (const [role, caller] of callers) {
      const answer = await ask(route, caller);
      const refused = answer.status === 401 || answer.code === 'scope_missing' || answer.code === 'route_undeclared';
      const expected = route.isPublic || (allowed[role] ?? []).includes(route.action);
      assert.equal(
        !refused || (route.isPublic && answer.status === 401),
        expected,
        `${name} as ${role}: ${answer.code}`,
      );
      if (expected && route.method !== 'GET') assert.equal(answer.status, 415, name);
    }
    const stranger = await ask(route, {});
    assert.equal(stranger.code === 'authentication_required', !route.isPublic, `${name} as a stranger`);
  }
  for (const [role, caller] of people)
    assert.equal((await access.call('GET', '/v1/session', { caller })).status, 200, `${role} is still signed in`);
});

test('nobody makes themselves administrator over the API', async () => {
  for (const role of ['analyst', 'guard', 'viewer', 'auditor']) {
    const caller = people.get(role);
    const path = `/v1/users/${caller?.id ?? ''}`;
    const body = { roles: ['admin'] };
    const answer = await access.call('PATCH', path, { caller: { cookie: caller?.cookie ?? '' }, body });
    assert.deepEqual([answer.status, answer.code], [403, 'scope_missing'], role);
    const invited = await access.call('POST', '/v1/invitations', {
      caller: { cookie: caller?.cookie ?? '' },
      body: { name: `${role} two`, roles: ['admin'] },
    });
    assert.equal(invited.status, 403);
    const others = await access.call('GET', '/v1/sessions?all=1', { caller: { cookie: caller?.cookie ?? '' } });
    assert.equal(others.code, 'others_hidden');
  }
  const admin = people.get('admin') ?? { id: '' };
  const last = await access.call('PATCH', `/v1/users/${admin.id}`, { caller: admin, body: { disabled: true } });
  assert.deepEqual([last.status, last.code], [409, 'last_administrator']);
});

test('a form or script of another site does nothing with somebody’s cookie', async () => {
  const caller = people.get('admin') ?? {};
  const put = (headers: object): Promise<Answer> =>
    access.call('PUT', '/v1/settings', { caller, body: { organization: 'Evil' }, headers });
  for (const headers of [
    { origin: 'https://evil.example' },
    { 'x-sallyport': '0' },
    { 'content-type': 'text/plain', 'x-sallyport': '' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]) {
    const answer = await put(headers);
    assert.deepEqual([answer.status, answer.code], [403, 'csrf_refused'], JSON.stringify(headers));
  }
  assert.equal((await put({})).status, 200);
});

test('a session planted before signing in is not the one that signs in', async () => {
  const planted = `sallyport=${'p'.repeat(43)}`;
  const step = await access.call('POST', '/v1/session', {
    caller: { cookie: planted },
    body: { name: 'guard', password },
  });
  assert.equal(step.body['step'], 'second-factor');
  assert.equal(step.cookie, undefined);
  assert.equal((await access.call('GET', '/v1/session', { caller: { cookie: planted } })).status, 401);
});

test('the setup link and the token in it are good once', async () => {
  const token = access.server.setupLink?.split('#')[1] ?? '';
  const body = { token, name: 'Eve', password };
  assert.equal((await access.call('POST', '/v1/setup/administrator', { body })).code, 'link_invalid');
  assert.deepEqual((await access.call('GET', '/v1/setup')).body, { needed: false });
});

test('a disabled person is out with the next request, and signing out ends the session, not just the cookie', async () => {
  const admin = people.get('admin') ?? {};
  const temporary = await access.moveIn('temporary', 'viewer', admin);
  const path = `/v1/users/${temporary.id}`;
  assert.equal((await access.call('GET', '/v1/session', { caller: temporary })).status, 200);
  assert.equal((await access.call('PATCH', path, { caller: admin, body: { disabled: true } })).status, 200);
  assert.equal((await access.call('GET', '/v1/session', { caller: temporary })).status, 401);

  const leaving = await access.moveIn('leaving', 'viewer', admin);
  const left = await access.call('DELETE', '/v1/session', { caller: leaving });
  assert.deepEqual([left.status, left.cookie], [204, 'sallyport=']);
  assert.equal((await access.call('GET', '/v1/session', { caller: leaving })).status, 401);
});
