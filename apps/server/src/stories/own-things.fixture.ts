// What belongs to somebody, asked for by others with its real id: every route of the description that a person has for their own.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { isJsonObject, type JsonObject, type JsonValue } from '@sallyport/contracts';
import { messageOf } from '@sallyport/platform/errors';
import * as client from 'openid-client';
import { describedRoutes, type Route } from '../access-routes.fixture.ts';
import { textIn, type Access, type Answer, type Caller, type Inhabitant } from '../access.fixture.ts';
import type { House } from '../house.fixture.ts';

let access: Access;
let ada: Inhabitant;
let ben: Inhabitant;
let olga: Inhabitant;
let sid: Inhabitant;
const strangers = new Map<string, Caller>();

type Thing = {
  readonly paths: RegExp;
  readonly owner: () => Caller;
  /** Beside everybody who has no business with it: some may do the same with what is theirs. */
  readonly alike?: () => Caller;
  /** The id of one that is there. */
  make(): Promise<string>;
  /** As its owner sees it, with nothing that time alone changes. */
  look(id: string): Promise<unknown>;
  /** Of the same form, and nobody's. */
  readonly madeUp?: string;
  /** Kinds of strangers who see it by their role. */
  readonly sees?: readonly string[];
};

const call = async (caller: Caller, method: string, path: string, body?: unknown): Promise<Answer> =>
  access.call(method, path, { caller, ...(body === undefined ? {} : { body }) });
const rows = (answer: Answer, list: string): readonly Readonly<Record<string, unknown>>[] => {
  const found: unknown = answer.body[list];
  assert.ok(Array.isArray(found), JSON.stringify(answer.body));
  return found;
};
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
  }
}
const listed =
  (owner: () => Caller, path: string, list: string) =>
  async (id: string): Promise<unknown> =>
    rows(await call(owner(), 'GET', path), list).some((row) => row['id'] === id);

/** What takes a while is its starter's alone, also where others may begin the same. */
function work(kind: 'impacts' | 'replays', about: () => Promise<object>): Thing {
  let begun: Promise<string> | undefined;
  const path = `/v1/policy/${kind}`;
  return {
    paths: new RegExp(`^${path}/`),
    owner: () => ada,
    alike: () => ben,
    make: () => (begun ??= about().then(async (body) => textIn((await call(ada, 'POST', path, body)).body, 'id'))),
    look: async (id) => (await call(ada, 'GET', `${path}/${id}`)).status,
  };
}

const things: readonly Thing[] = [
  {
    paths: /^\/v1\/sessions\/\{id\}$/,
    owner: () => sid,
    make: async () => String(rows(await call(sid, 'GET', '/v1/sessions'), 'sessions')[0]?.['id']),
    look: listed(() => sid, '/v1/sessions', 'sessions'),
  },
  {
    paths: /^\/v1\/account\/factors\/\{id\}$/,
    owner: () => olga,
    make: async () => String(rows(await call(olga, 'GET', '/v1/account'), 'factors')[0]?.['id']),
    async look(id) {
      const found = rows(await call(olga, 'GET', '/v1/account'), 'factors').find((row) => row['id'] === id);
      return found?.['label'];
    },
  },
  {
    paths: /^\/v1\/account\/sign-ins\/\{id\}\/answer$/,
    owner: () => olga,
    make: () =>
      until(async () => {
        const [found] = rows(await call(olga, 'GET', '/v1/account/sign-ins'), 'sign_ins');
        return found === undefined ? undefined : String(found['id']);
      }),
    look: async () => rows(await call(olga, 'GET', '/v1/account/sign-ins'), 'sign_ins')[0]?.['answer'],
    madeUp: '987654-987654',
  },
  {
    paths: /^\/v1\/privileges\/requests\/\{id\}/,
    owner: () => olga,
    async make() {
      for (const open of rows(await call(olga, 'GET', '/v1/privileges/requests'), 'requests'))
        if (open['state'] === 'pending')
          await call(olga, 'POST', `/v1/privileges/requests/${String(open['id'])}/withdraw`, {});
      const body = { role: 'admin', minutes: 15, reason: 'Change 4711' };
      return textIn((await call(olga, 'POST', '/v1/privileges/requests', body)).body, 'id');
    },
    look: async (id) => (await call(olga, 'GET', `/v1/privileges/requests/${id}`)).body['state'],
  },
  {
    paths: /^\/v1\/token-logins\/\{id\}$/,
    owner: () => olga,
    async make() {
      await letProgramIn(olga);
      return String(rows(await call(olga, 'GET', '/v1/token-logins'), 'logins')[0]?.['id']);
    },
    look: listed(() => olga, '/v1/token-logins', 'logins'),
  },
  {
    paths: /^\/v1\/hunts\/\{id\}/,
    owner: () => olga,
    make: async () => {
      const text =
        'title: Any\nid: 0c6cb4a1-7e0b-4a0e-9b0f-3c2f6f0d1a12\nlogsource: {category: process_creation}\ndetection:\n  it: {Image|endswith: none.exe}\n  condition: it\n';
      const hunt = (await call(olga, 'POST', '/v1/hunts', { text })).body;
      return textIn(hunt, 'id');
    },
    look: async (id) => (await call(olga, 'GET', `/v1/hunts/${id}`)).status,
    // Whoever may read the audit trail sees who looked for what.
    sees: ['analyst'],
  },
  work('impacts', async () => {
    const version = (await call(ada, 'POST', '/v1/policy/versions', { note: '' })).body['version'];
    assert.ok(typeof version === 'object' && version !== null && 'version' in version, JSON.stringify(version));
    return { version: version.version };
  }),
  work('replays', async () => ({ last: 10 })),
  {
    paths: /^\/v1\/keys\/\{id\}/,
    owner: () => ada,
    make: async () => {
      const made = await call(ada, 'POST', '/v1/keys', { name: `theirs ${Math.random()}`, scopes: ['events:write'] });
      return String(
        rows(await call(ada, 'GET', '/v1/keys'), 'keys').find(({ name }) => name === made.body['name'])?.['id'],
      );
    },
    look: async (id) =>
      rows(await call(ada, 'GET', '/v1/keys'), 'keys').find((row) => row['id'] === id)?.['revoked_at'],
  },
  {
    paths: /^\/v1\/users\/\{id\}/,
    owner: () => ada,
    make: async () => sid.id,
    look: async () =>
      JSON.stringify(rows(await call(ada, 'GET', '/v1/users'), 'users').find(({ id }) => id === sid.id)?.['roles']),
  },
];

/** Somebody's own by their scope, and none of these; where the same is asked with what is really there. */
const elsewhere: readonly (readonly [RegExp, string])[] = [
  [/^\/v1\/device-logins\//, 'a code is nobody’s before somebody answers it: device-logins.test.ts'],
  [/^\/v1\/rules\/packs\//, 'a pack is the organisation’s; what is begun with it is a hunt'],
  [/^\/v1\/account\/addresses\//, 'needs somebody who sends codes: codes.test.ts'],
  [/^\/v1\/(?:provider-links|providers)\//, 'needs a provider: sign-in-providers/src/account-attacks.test.ts'],
];

/** Strangers learn by their answer no more than of an id nobody has, and change nothing; its owner is answered otherwise. */
async function askWithRealId(thing: Thing, route: Route): Promise<number> {
  const { method } = route;
  const name = `${method} ${route.path}`;
  const id = await thing.make();
  assert.match(id, /^[\w.-]{3,}$/, name);
  const before = await thing.look(id);
  const body = route.body === undefined ? undefined : sampleOf(route.body);
  const at = (one: string): string => route.path.replace('{id}', one).replaceAll(/\{\w+\}/g, 'none');
  const { alike } = thing;
  const askers = [...strangers, ...(alike === undefined ? [] : [['alike', alike()] as const])];
  let asked = 0;
  const refusals = new Set<string>();
  for (const [kind, caller] of askers) {
    if (thing.sees?.includes(kind) === true) continue;
    const real = await call(caller, method, at(id), body);
    const none = await call(caller, method, at(thing.madeUp ?? madeUpLike(id)), body);
    assert.ok(real.status >= 400 && real.status < 500, `${name} as another ${kind}: ${real.status}`);
    assert.notEqual(real.status, 400, `${name} as another ${kind}: ${JSON.stringify(real.body)}`);
    assert.deepEqual([real.status, real.code], [none.status, none.code], `${name} as another ${kind}`);
    assert.ok(!JSON.stringify(real.body).includes('Change 4711'), name);
    refusals.add(`${real.status} ${real.code}`);
    asked += 2;
  }
  assert.deepEqual(await thing.look(id), before, `${name} left it as it was`);
  const answered = await call(thing.owner(), method, at(id), body);
  assert.ok(
    !refusals.has(`${answered.status} ${answered.code}`),
    `${name} as its owner: ${answered.status} ${answered.code}`,
  );
  return asked;
}

/** Of the same form, and nobody's. */
function madeUpLike(id: string): string {
  return id.replaceAll(/[0-9a-f]/g, (digit) => (15 - Number.parseInt(digit, 16)).toString(16));
}

/** The least that fits a schema. */
function sampleOf(schema: JsonValue | undefined): JsonValue {
  if (!isJsonObject(schema)) return null;
  const { anyOf, const: only, enum: values, type } = schema;
  if (only !== undefined) return only;
  if (Array.isArray(values)) return values[0] ?? null;
  if (Array.isArray(anyOf)) return sampleOf(anyOf[0]);
  const count = (name: string): number => {
    const value = schema[name];
    return typeof value === 'number' ? value : 0;
  };
  if (type === 'object') {
    const properties: JsonObject = isJsonObject(schema['properties']) ? schema['properties'] : {};
    const required = Array.isArray(schema['required']) ? schema['required'].map(String) : [];
    return Object.fromEntries(required.map((name) => [name, sampleOf(properties[name])]));
  }
  if (type === 'array') return Array.from({ length: count('minItems') }, () => sampleOf(schema['items']));
  if (type === 'string') return 'sample'.padEnd(count('minLength'), 'x').slice(0, Math.max(count('minLength'), 6));
  if (type === 'integer' || type === 'number') return count('minimum');
  return type === 'boolean' ? false : null;
}

async function letProgramIn(person: Caller): Promise<void> {
  // oxlint-disable-next-line typescript/no-deprecated -- marked so to stand out: the server of this test is on this machine
  const overPlainHttp = [client.allowInsecureRequests];
  const config = await client.discovery(new URL(access.server.address), 'sallyport-cli', undefined, client.None(), {
    algorithm: 'oauth2',
    execute: overPlainHttp,
  });
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
  const begun = await client.initiateDeviceAuthorization(config, {});
  const yes = await call(person, 'POST', `/v1/device-logins/${begun.user_code}/approve`, {});
  assert.equal(yes.status, 204, JSON.stringify(yes.body));
  await client.pollDeviceAuthorizationGrant(config, { ...begun, interval: 0 }, undefined, { DPoP });
}

export function ownThingsStory(house: () => Promise<House>): void {
  describe('what is somebody’s own', () => {
    before(async () => {
      ({ access, ada } = await house());
      ben = await access.moveIn('Ben', 'admin', ada);
      olga = await access.moveIn('Olga', 'analyst', ada);
      sid = await access.moveIn('Sid', 'viewer', ada);
      for (const role of ['analyst', 'guard', 'viewer'])
        strangers.set(role, { cookie: (await access.moveIn(`other ${role}`, role, ada)).cookie ?? '' });
      const key = { name: 'hunter', scopes: ['hunts:run', 'events:read'] };
      strangers.set('key', {
        key: textIn((await access.call('POST', '/v1/keys', { caller: ada, body: key })).body, 'key'),
      });
    });

    test('what is somebody’s is nobody else’s by its real id, and no route of theirs is forgotten', async () => {
      const routes = (await describedRoutes(access)).filter(({ path }) => path.includes('{'));
      const own = routes.filter(({ action }) => action === 'sessions:own' || action === 'hunts:run');
      const forgotten = own.filter(
        ({ path }) => !things.some(({ paths }) => paths.test(path)) && !elsewhere.some(([paths]) => paths.test(path)),
      );
      assert.deepEqual(
        forgotten.map(({ method, path }) => `${method} ${path}`),
        [],
      );
      let asked = 0;
      // All of them are told, not the first.
      const failures: string[] = [];
      for (const thing of things) {
        const theirs = routes.filter(({ path }) => thing.paths.test(path));
        assert.ok(theirs.length > 0, String(thing.paths));
        // What ends it comes last.
        const order = ['GET', 'PUT', 'PATCH', 'POST', 'DELETE'];
        for (const route of theirs.toSorted((a, b) => order.indexOf(a.method) - order.indexOf(b.method)))
          try {
            asked += await askWithRealId(thing, route);
          } catch (error) {
            failures.push(messageOf(error));
          }
      }
      assert.deepEqual(failures, []);
      assert.ok(asked >= 80, `${asked} questions`);
    });
  });
}
