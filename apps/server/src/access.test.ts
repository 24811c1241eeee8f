import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { allActions, allRoles, kindActions } from '@sallyport/access-policy';
import { isJsonObject, type JsonValue } from '@sallyport/contracts';
import { createDeviceUnderTest, enrolDevice } from '@sallyport/testing/device-under-test';
import { allowed, grave, privileged } from './access-expectations.fixture.ts';
import { ask, describedRoutes, inLots, isForeign, type Route } from './access-routes.fixture.ts';
import { askAtSite, furnishSites } from './access-sites.fixture.ts';
import { password, startAccess, textIn, type Access, type Answer, type Caller } from './access.fixture.ts';
import { buildValidator } from './edge/request-validation.ts';
import { buildSerializer } from './edge/response-serialization.ts';

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
  const device = createDeviceUnderTest(access.server.address);
  await enrolDevice(device, (method, path, asked) => access.call(method, path, { caller: admin, body: asked }), {
    name: 'gate',
  });
  callers.set('device', { key: await device.token() });
});
after(() => access.stop());

test('the schema of every answer can be compiled, which is done when it is first needed', async () => {
  const { body } = await access.call('GET', '/v1/openapi.json');
  const description: JsonValue = JSON.parse(JSON.stringify(body));
  const schemas = new Map<string, object>();
  const findAll = (value: JsonValue | undefined): void => {
    if (Array.isArray(value)) return value.forEach(findAll);
    if (!isJsonObject(value)) return undefined;
    const { content, ...rest } = value;
    const json = isJsonObject(content) ? content['application/json'] : undefined;
    if (isJsonObject(json) && isJsonObject(json['schema'])) schemas.set(JSON.stringify(json['schema']), json['schema']);
    return Object.values(rest).forEach(findAll);
  };
  findAll(isJsonObject(description) ? description['paths'] : undefined);
  // Compiled as one of many: what makes it dear is what each of them would be begun with.
  const all = [...schemas.values()].map((schema, at): [string, object] => [`answer${at}`, schema]);
  buildSerializer({ type: 'object', properties: Object.fromEntries(all) });
  assert.ok(schemas.size >= 60, `${schemas.size} schemas`);
  assert.throws(() => buildSerializer({ type: 'object', properties: { a: { $ref: '#/nowhere' } } }));
});

test('the schema of every body and parameter can be compiled, which is done at the first request', async () => {
  const { body } = await access.call('GET', '/v1/openapi.json');
  const description: JsonValue = JSON.parse(JSON.stringify(body));
  const schemas = new Map<string, object>();
  const findAll = (value: JsonValue | undefined, isRequest: boolean): void => {
    if (Array.isArray(value)) return value.forEach((one) => findAll(one, isRequest));
    if (!isJsonObject(value)) return undefined;
    const { schema, requestBody, parameters, ...rest } = value;
    if (isRequest && isJsonObject(schema)) return void schemas.set(JSON.stringify(schema), schema);
    findAll(requestBody, true);
    findAll(parameters, true);
    return Object.values(rest).forEach((one) => findAll(one, isRequest));
  };
  findAll(isJsonObject(description) ? description['paths'] : undefined, false);
  for (const schema of schemas.values()) buildValidator(schema);
  assert.ok(schemas.size >= 60, `${schemas.size} schemas`);
  assert.throws(() => buildValidator({ type: 'string', pattern: '(' }));
});

test('every route of the description lets in exactly the roles it is for', async () => {
  const routes = await describedRoutes(access);
  assert.ok(routes.length >= 40, `${routes.length} routes`);
  await inLots(routes, async (route) => {
    const name = `${route.method} ${route.path}`;
    assert.notEqual(
      route.isPublic,
      [...allActions, ...kindActions].some((action) => action === route.action),
      name,
    );
    // Machines in turn: what each scope opens, and that a device opens nothing else, is asked of the policies too.
    const machine = routes.indexOf(route) % 2 === 0 ? 'key' : 'device';
    const askers = [...callers].filter(
      ([role]) => people.has(role) || role === machine || route.action.endsWith(':send'),
    );
    const answers = await Promise.all(
      askers.map(async ([role, caller]) => ({ role, answer: await ask(access, route, caller) })),
    );
    for (const { role, answer } of answers) {
      const refused = answer.status === 401 || answer.code === 'scope_missing' || answer.code === 'route_undeclared';
      const expected = route.isPublic || (allowed[role] ?? []).includes(route.action);
      assert.equal(
        !refused || (route.isPublic && answer.status === 401),
        expected,
        `${name} as ${role}: ${answer.code}`,
      );
      // Whoever speaks for another product takes what that sends, under any type.
      if (expected && route.method !== 'GET' && !isForeign(route)) assert.equal(answer.status, 415, name);
    }
    const stranger = await ask(access, route, {});
    assert.equal(stranger.code === 'authentication_required', !route.isPublic, `${name} as a stranger`);
  });
  for (const [role, caller] of people)
    assert.equal((await access.call('GET', '/v1/session', { caller })).status, 200, `${role} is still signed in`);
});

test('a role held at a site is asked at every route about what stands there, elsewhere and nowhere', async () => {
  const admin = people.get('admin') ?? {};
  const routes = (await describedRoutes(access)).filter(({ isPublic, path }) => !isPublic && path !== '/v1/live');
  assert.ok(routes.filter(({ resource }) => resource === 'camera' || resource === 'device').length >= 15);
  assert.ok(routes.filter(({ resource }) => resource === 'site').length >= 15);
  const sites = await furnishSites(access, admin);
  const somebody = await access.moveInAt('site person', { role: 'admin', site: 'North' }, admin);
  const caller = { cookie: somebody.cookie ?? '' };
  const change = async (siteRoles: readonly object[]): Promise<void> => {
    const path = `/v1/users/${somebody.id}`;
    const { status, code } = await access.call('PATCH', path, { caller: admin, body: { site_roles: siteRoles } });
    assert.equal(status, 200, code);
    // New rights come with a new token.
    const session = await access.call('GET', '/v1/session', { caller });
    assert.equal(session.status, 200, session.code);
    caller.cookie = session.cookie ?? caller.cookie;
  };
  let asked = 0;
  for (const [at, role] of allRoles.entries()) {
    await change([{ role, site: 'North' }]);
    // No role at a site lets in where there is no site, so one of them asks there; which does not is asked of the policies below.
    const some = routes.filter(({ resource }, index) => resource !== 'server' || index % allRoles.length === at);
    asked += await askAtSite(access, some, { caller, role, allowed: allowed[role] ?? [], sites });
  }
  // The same from the other side, and where nothing stands.
  await change([{ role: 'analyst', site: 'South' }]);
  const turned = { own: sites.foreign, foreign: sites.own };
  const about = routes.filter(({ resource }) => resource !== 'server');
  asked += await askAtSite(access, about, {
    caller,
    role: 'analyst',
    allowed: allowed['analyst'] ?? [],
    sites: turned,
  });
  await change([{ role: 'analyst', site: 'Nowhere' }]);
  const nowhere = { own: 'none', foreign: sites.own };
  for (const route of about.filter(({ resource }) => resource === 'camera')) {
    const { code } = await ask(access, route, caller, nowhere.foreign);
    asked += 1;
    const isHeld = (allowed['analyst'] ?? []).includes(route.action);
    assert.equal(code, isHeld ? 'camera_unknown' : 'scope_missing', `${route.method} ${route.path}`);
  }
  assert.ok(asked >= 600, `${asked} questions`);

  // Lists hold what stands at the site, and nothing else.
  await change([{ role: 'guard', site: 'North' }]);
  const namesOf = async (path: string, list: string): Promise<unknown[]> => {
    const { body } = await access.call('GET', path, { caller });
    const rows = body[list];
    assert.ok(Array.isArray(rows), path);
    return rows.map((row: unknown) => (typeof row === 'object' && row !== null && 'name' in row ? row.name : row));
  };
  assert.deepEqual(await namesOf('/v1/cameras', 'cameras'), ['North gate']);
  assert.deepEqual(await namesOf('/v1/devices', 'devices'), ['North gate']);
  assert.deepEqual(await namesOf('/v1/events?q=', 'events'), [], 'none of the records about everybody');
  const { body: me } = await access.call('GET', '/v1/session', { caller });
  assert.deepEqual(me['permissions'], ['sessions:own']);
  assert.match(JSON.stringify(me['site_permissions']), /"site":"North","permissions":\[.*"cameras:read"/);

  // A right over what stands at one's site is none to carry it to another, or to take it there.
  await change([{ role: 'admin', site: 'North' }]);
  for (const [path, code] of [
    [`/v1/devices/${sites.own}`, 'device_site_refused'],
    [`/v1/devices/${sites.foreign}`, 'device_unknown'],
  ] as const)
    assert.equal((await access.call('PATCH', path, { caller, body: { site: 'South' } })).code, code);
  const widened = await access.call('PATCH', `/v1/users/${somebody.id}`, { caller, body: { roles: ['admin'] } });
  assert.equal(widened.code, 'scope_missing');
});

test('what is somebody’s own is nobody else’s, whoever asks', async () => {
  const routes = (await describedRoutes(access)).filter(
    ({ action, path }) => action === 'sessions:own' && path.includes('{'),
  );
  const admin = people.get('admin') ?? { id: '' };
  const guard = people.get('guard') ?? { id: '' };
  const listed = async (path: string, list: string, caller: Caller): Promise<string> => {
    const { body } = await access.call('GET', path, { caller });
    const [first]: unknown[] = Array.isArray(body[list]) ? body[list] : [];
    return typeof first === 'object' && first !== null ? textIn({ ...first }, 'id') : '';
  };
  const others: Readonly<Record<string, () => Promise<string>>> = {
    '/v1/sessions/{id}': () => listed('/v1/sessions', 'sessions', admin),
    '/v1/account/factors/{id}': () => listed('/v1/account', 'factors', admin),
  };
  const path = '/v1/account';
  assert.ok(JSON.stringify((await access.call('GET', path, { caller: guard })).body).length > 0);
  for (const route of routes) {
    const find = others[route.path];
    if (find === undefined) {
      // An id of something else that nobody has: whatever it is of, it is not theirs.
      const { status } = await access.call(route.method, route.path.replaceAll(/\{\w+\}/g, admin.id), {
        caller: guard,
        ...(route.body === undefined ? {} : { body: {} }),
      });
      assert.ok(status >= 400 && status < 500, `${route.method} ${route.path}: ${status}`);
      continue;
    }
    const id = await find();
    assert.notEqual(id, '', route.path);
    const body = route.method === 'PATCH' ? { body: { name: 'mine', label: 'mine' } } : {};
    const { status } = await access.call(route.method, route.path.replace('{id}', id), { caller: guard, ...body });
    assert.ok([400, 403, 404].includes(status), `${route.method} ${route.path}: ${status}`);
    assert.equal(await find(), id, `${route.method} ${route.path} left it`);
  }
  assert.ok(routes.length >= 2);
});

test('a body with a property nobody declared is refused whole, at every route', async () => {
  const admin = people.get('admin') ?? {};
  const routes = (await describedRoutes(access)).filter((route) => route.body !== undefined && !isForeign(route));
  assert.ok(routes.length >= 60, `${routes.length} routes`);
  await inLots(routes, async (route) => {
    const path = route.path.replaceAll(/\{\w+\}|\*/g, 'none');
    for (const body of [privileged, '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}']) {
      const { status, code } = await access.call(route.method, path, { caller: admin, body });
      assert.ok(status >= 400 && status < 500, `${route.method} ${path}: ${status} ${code}`);
    }
  });
  // Handed to the library that reads them whole: what browsers make of a passkey.
  const isPasskey = (at: string): boolean => /\/properties\/(credential|passkey|response|registration)/.test(at);
  const open = routes.flatMap(({ method, path, body }) =>
    openObjects(body, '').flatMap((at) => (isPasskey(at) ? [] : [`${method} ${path} ${at}`])),
  );
  assert.deepEqual(open, []);
});

/** Places in a schema where more is taken than it names. A map says what its values are. */
function openObjects(schema: JsonValue | undefined, at: string): string[] {
  if (Array.isArray(schema)) return schema.flatMap((one, index) => openObjects(one, `${at}/${index}`));
  if (!isJsonObject(schema)) return [];
  const isOpen = isJsonObject(schema['properties']) && schema['additionalProperties'] !== false;
  return [
    ...(isOpen ? [at] : []),
    ...Object.entries(schema).flatMap(([name, inner]) =>
      name === 'example' ? [] : openObjects(inner, `${at}/${name}`),
    ),
  ];
}

test('the proof of an audit record goes to the roles that may read the audit trail', async () => {
  const path = '/v1/ledger/proof/1/0';
  const body = { name: 'reader', scopes: ['ledger:read', 'events:read'] };
  const made = await access.call('POST', '/v1/keys', { caller: people.get('admin') ?? {}, body });
  const askers = new Map(callers).set('reading key', { key: textIn(made.body, 'key') });
  for (const [role, caller] of askers) {
    const may = allowed[role] ?? ['ledger:read'];
    const expected = !may.includes('ledger:read') ? 'scope_missing' : may.includes('audit:read') ? '' : 'audit_hidden';
    const { status, code } = await access.call('GET', path, { caller });
    assert.deepEqual([status, code], [expected === '' ? 200 : 403, expected], role);
  }
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

test('a key is let in exactly where its one scope is asked for, and never asked for a proof', async () => {
  const caller = people.get('admin') ?? {};
  const routes = (await describedRoutes(access)).filter(({ isPublic, path }) => !isPublic && path !== '/v1/live');
  const makeKey = async (name: string, scopes: readonly string[]): Promise<Caller> => ({
    key: textIn((await access.call('POST', '/v1/keys', { caller, body: { name, scopes } })).body, 'key'),
  });
  const own = new Map<string, Caller>();
  const others = new Map<string, Caller>();
  for (const scope of allActions) {
    own.set(scope, await makeKey(scope, [scope]));
    const rest = allActions.filter((other) => other !== scope);
    others.set(scope, await makeKey(`all but ${scope}`, rest));
  }
  const isLetIn = async (route: Route, key: Caller | undefined, expected: boolean, held: string): Promise<void> => {
    const { code } = await ask(access, route, key ?? {});
    const name = `${route.method} ${route.path} with a key for ${held}: ${code}`;
    assert.notEqual(code, 'authentication_required', name);
    assert.equal(code !== 'scope_missing', expected, name);
    assert.notEqual(code, 'step_up_required', name);
  };
  const everything = await makeKey('everything', allActions);
  // Each scope alone at routes of some other actions; at those of all of them it is asked of the policies (access-policy.test.ts).
  const first = [...new Map(routes.toReversed().map((route) => [route.action, route])).values()];
  await Promise.all(
    [...own].map(async ([scope, key], at) => {
      for (const step of [0, 7, 13]) {
        const route = first[(at + step) % first.length];
        if (route !== undefined) await isLetIn(route, key, route.action === scope, scope);
      }
    }),
  );
  // So what lets in a wrong scope, whichever, lets in the key that has all of the wrong ones.
  await inLots(routes, async (route) => {
    const { action } = route;
    if (own.has(action)) await isLetIn(route, own.get(action), true, action);
    const wrong = others.get(action) ?? everything;
    await isLetIn(route, wrong, false, `all but ${action}`);
  });
});

test('whoever proved who they are long ago is asked again for what is grave, and for nothing else', async () => {
  const routes = await describedRoutes(access);
  const flagged = new Set(routes.filter(({ needsProof }) => needsProof).map(({ method, path }) => `${method} ${path}`));
  for (const route of grave) assert.ok(flagged.has(route), route);
  const tired = await access.moveIn('tired', 'admin', people.get('admin'));
  const guard = await access.moveIn('tired guard', 'guard', people.get('admin'));
  for (const { id } of [tired, guard]) access.age(id, 11 * 60_000);
  const asked = routes.filter(({ isPublic, path }) => !isPublic && path !== '/v1/live');
  await inLots(asked, async (route) => {
    const name = `${route.method} ${route.path}`;
    const answer = await ask(access, route, { cookie: tired.cookie ?? '' });
    assert.equal(answer.code === 'step_up_required', route.needsProof, `${name}: ${answer.code}`);
    // Who may not do it at all is not asked for a proof first.
    if (!route.needsProof || (allowed['guard'] ?? []).includes(route.action)) return;
    const refused = await ask(access, route, { cookie: guard.cookie ?? '' });
    assert.equal(refused.code, 'scope_missing', name);
  });
  const suppression = { rule_id: 'x', reason: 'x' };
  const cookie = tired.cookie ?? '';
  const endless = await access.call('POST', '/v1/suppressions', { caller: { cookie }, body: suppression });
  assert.equal(endless.code, 'step_up_required');
  const other = await access.call('DELETE', '/v1/sessions/none', { caller: { cookie } });
  assert.equal(other.code, 'step_up_required');

  const proof = await access.call('POST', '/v1/session/step-up', {
    caller: { cookie },
    body: { password, code: tired.nextCode() },
  });
  assert.equal(proof.status, 204, proof.code);
  const body = { organization: 'Old Mill' };
  // The proof holds for the new cookie alone: whoever copied the old one has proved nothing.
  assert.equal((await access.call('PUT', '/v1/settings', { caller: { cookie }, body })).code, 'step_up_required');
  assert.equal(
    (await access.call('PUT', '/v1/settings', { caller: { cookie: proof.cookie ?? '' }, body })).status,
    200,
  );
});

test('somebody who lost everything is reset, begins anew by the link, and what they had is worth nothing', async () => {
  const admin = people.get('admin') ?? { id: '' };
  const lost = await access.moveIn('lost', 'viewer', admin);
  const caller = { cookie: lost.cookie ?? '' };
  assert.equal((await access.call('POST', `/v1/users/${admin.id}/reset`, { caller: admin })).code, 'reset_self');
  const reset = await access.call('POST', `/v1/users/${lost.id}/reset`, { caller: admin });
  assert.equal(reset.status, 200, reset.code);
  assert.equal((await access.call('GET', '/v1/session', { caller })).status, 401);
  const signIn = await access.call('POST', '/v1/session', { body: { name: 'lost', password } });
  assert.equal(signIn.code, 'credentials_wrong');
  const token = textIn(reset.body, 'link').split('#')[1] ?? '';
  const accepted = await access.call('POST', '/v1/invitations/accept', { body: { token, password } });
  assert.equal(accepted.status, 200);
  const again = await access.call('POST', '/v1/invitations/accept', { body: { token, password } });
  assert.equal(again.code, 'link_invalid');
});

test('a key of somebody disabled stops at once, and works again only when somebody says so', async () => {
  const admin = people.get('admin') ?? {};
  const maker = await access.moveIn('maker', 'admin', admin);
  const caller = { cookie: maker.cookie ?? '' };
  const made = await access.call('POST', '/v1/keys', { caller, body: { name: 'sensor', scopes: ['keys:manage'] } });
  const key = textIn(made.body, 'key');
  const child = await access.call('POST', '/v1/keys', {
    caller: { key },
    body: { name: 'child', scopes: ['keys:manage'] },
  });
  const keys = [key, textIn(child.body, 'key')];
  const statuses = async (): Promise<number[]> =>
    Promise.all(keys.map(async (one) => (await access.call('GET', '/v1/keys', { caller: { key: one } })).status));
  assert.deepEqual(await statuses(), [200, 200]);
  const path = `/v1/users/${maker.id}`;
  assert.equal((await access.call('PATCH', path, { caller: admin, body: { disabled: true } })).status, 200);
  assert.deepEqual(await statuses(), [401, 401]);
  assert.equal((await access.call('PATCH', path, { caller: admin, body: { disabled: false } })).status, 200);
  assert.deepEqual(await statuses(), [401, 401]);
  const resumed = await access.call('POST', `/v1/keys/${textIn(made.body, 'id')}/resume`, { caller: admin });
  assert.equal(resumed.status, 200, resumed.code);
  assert.deepEqual(await statuses(), [200, 401]);
});
