// Keys and service accounts for some sites, over HTTP: what they see, and what becomes of them when their maker may do less.
import assert from 'node:assert/strict';
import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { before, describe, test } from 'node:test';
import { allActions } from '@sallyport/access-policy';
import { textIn, type Access, type Answer, type Caller, type Inhabitant } from '../access.fixture.ts';
import type { House } from '../house.fixture.ts';
import { furnishSites, type Sites } from '../access-sites.fixture.ts';

let access: Access;
let eva: Inhabitant;
let mia: Inhabitant;
let sites: Sites;

const make = (caller: Caller, body: object): Promise<Answer> =>
  access.call('POST', '/v1/keys', {
    caller,
    body: { name: 'wall', scopes: ['cameras:read', 'devices:read'], ...body },
  });
async function keyOf(caller: Caller, body: object): Promise<Caller & { readonly id: string }> {
  const { status, body: made } = await make(caller, body);
  assert.equal(status, 201, JSON.stringify(made));
  return { key: textIn(made, 'key'), id: textIn(made, 'id') };
}
const namesIn = ({ body }: Answer, list: string): string[] => {
  const found: unknown = body[list];
  assert.ok(Array.isArray(found), JSON.stringify(body));
  return found.map((one: unknown) => textIn({ ...Object(one) }, 'name')).toSorted();
};

/** However it ends. */
function closing(stream: IncomingMessage): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.once('close', resolve);
  return promise;
}

async function openStream(path: string, { key = '' }: Caller): Promise<IncomingMessage> {
  const sent = get(`${access.server.address}${path}`, { headers: { authorization: `Bearer ${key}` } });
  const [response]: IncomingMessage[] = await once(sent, 'response');
  assert.equal(response?.statusCode, 200);
  assert.ok(response);
  response.on('error', () => undefined);
  response.resume();
  return response;
}

export function narrowedKeysStory(house: () => Promise<House>): void {
  describe('keys for some sites', () => {
    before(async () => {
      ({ access, ada: eva } = await house());
      mia = await access.moveIn('mia', 'admin', eva);
      sites = await furnishSites(access, eva);
    });

    test('a key for one site sees what stands there in lists, and nothing elsewhere exists for it', async () => {
      const caller = await keyOf(mia, { sites: ['North'] });
      assert.deepEqual(namesIn(await access.call('GET', '/v1/cameras', { caller }), 'cameras'), ['North gate']);
      assert.deepEqual(namesIn(await access.call('GET', '/v1/devices', { caller }), 'devices'), ['North gate']);
      assert.equal((await access.call('GET', `/v1/devices/${sites.own}`, { caller })).status, 200);
      const [foreign, none] = [
        await access.call('GET', `/v1/devices/${sites.foreign}`, { caller }),
        await access.call('GET', '/v1/devices/none', { caller }),
      ];
      assert.deepEqual([foreign.status, foreign.code], [none.status, none.code]);
      assert.equal(foreign.status, 404);
      // What is about no site it has not, whatever it was made with.
      for (const path of ['/v1/keys', '/v1/users', '/v1/alerts'])
        assert.equal((await access.call('GET', path, { caller })).code, 'scope_missing', path);
      const { body } = await access.call('GET', '/v1/keys', { caller: eva });
      assert.match(JSON.stringify(body), /"sites":\["North"\]/);
    });

    test('nobody makes a key for more: not for nowhere, not with what knows no site, not with a role at a site alone', async () => {
      assert.equal((await make(mia, { sites: [] })).status, 400);
      assert.equal((await make(mia, { sites: ['North'], scopes: ['keys:manage'] })).code, 'key_sites_invalid');
      assert.equal((await make(mia, { sites: ['a\u202Eb'] })).code, 'key_sites_invalid');
      const gus = await access.moveInAt('gus', { role: 'admin', site: 'North' }, eva);
      assert.equal((await make(gus, { sites: ['North'] })).code, 'scope_missing');
      const narrow = await keyOf(mia, { sites: ['North'] });
      assert.equal((await make(narrow, { sites: ['North', 'South'] })).code, 'scope_missing');
      for (const path of [`/v1/keys/${narrow.id}/rotate`, `/v1/keys/${narrow.id}/resume`])
        assert.equal((await access.call('POST', path, { caller: narrow, body: {} })).code, 'scope_missing');
    });

    test('a camera that moves away, and a site that is renamed, are gone for the key; a stream ends with them', async () => {
      const caller = await keyOf(mia, { sites: ['West'], scopes: ['cameras:read', 'devices:read', 'alerts:read'] });
      const see = async (): Promise<string[]> =>
        namesIn(await access.call('GET', '/v1/devices', { caller }), 'devices');
      const move = async (id: string, site: string): Promise<void> => {
        const moved = await access.call('PATCH', `/v1/devices/${id}`, { caller: eva, body: { site } });
        assert.equal(moved.status, 200, JSON.stringify(moved.body));
      };
      assert.deepEqual(await see(), []);
      await move(sites.own, 'West');
      assert.deepEqual(await see(), ['North gate']);
      await move(sites.own, 'west');
      assert.deepEqual(await see(), []);
      await move(sites.own, 'North');
      const stream = await openStream('/v1/alerts/stream', caller);
      const ended = closing(stream);
      assert.equal((await access.call('DELETE', `/v1/keys/${caller.id}`, { caller: eva })).status, 204);
      await ended;
    });

    test('a policy that narrows its maker narrows the key with the next request, ends its streams, and is told beforehand', async () => {
      const caller = await keyOf(mia, { scopes: ['cameras:read', 'alerts:read', 'events:read'] });
      const all = (): Promise<Answer> => access.call('GET', '/v1/cameras', { caller });
      assert.deepEqual(namesIn(await all(), 'cameras'), ['North gate', 'South gate']);
      const stream = await openStream('/v1/alerts/stream', caller);
      const ended = closing(stream);
      const put = async (text: string, round: number): Promise<string> => {
        // Policies were put into force in this house before.
        const expected = round + 3;
        const ask = (method: string, path: string, body?: unknown): Promise<Answer> =>
          access.call(method, path, { caller: eva, body });
        const document = { name: 'Mia', text, tests: [] };
        const written =
          round === 0
            ? await ask('POST', '/v1/policy/documents', { id: 'mia', ...document })
            : await ask('PUT', '/v1/policy/documents/mia', { ...document, expected: 1 });
        assert.ok(written.status < 300, JSON.stringify(written.body));
        const staged = await ask('POST', '/v1/policy/versions', { note: 'mia' });
        assert.equal(staged.status, 201, JSON.stringify(staged.body));
        const impact = await ask('GET', `/v1/policy/versions/${expected + 1}/impact`);
        const active = await ask('POST', `/v1/policy/versions/${expected + 1}/activate`, { expected });
        assert.equal(active.status, 200, JSON.stringify(active.body));
        return JSON.stringify(impact.body);
      };
      const told = await put(
        `@id("mia-not-south") @words("Mia does not look at the south")
forbid (principal == Sallyport::User::"${mia.id}", action == Sallyport::Action::"cameras:read", resource in Sallyport::Site::"South");
@id("mia-no-alerts") @words("Mia reads no alerts")
forbid (principal == Sallyport::User::"${mia.id}", action == Sallyport::Action::"alerts:read", resource);
`,
        0,
      );
      assert.match(told, new RegExp(`"action":"alerts:read","from":"allow","to":"deny"[^\\]]*"id":"${caller.id}"`));
      assert.deepEqual(namesIn(await all(), 'cameras'), ['North gate']);
      const refused = await access.call('GET', '/v1/alerts', { caller });
      assert.match(JSON.stringify(refused.body), /Whoever answers for this key may not: Mia reads no alerts/);
      await ended;
      const { body } = await access.call('GET', '/v1/keys', { caller: eva });
      assert.match(JSON.stringify(body), new RegExp(`"id":"${caller.id}"[^}]*"idle":\\["alerts:read"\\]`));
      // It was made for this, and has it again as soon as its maker does.
      await put('// Nothing is forbidden any more.\n', 1);
      assert.equal((await access.call('GET', '/v1/alerts', { caller })).status, 200);
    });

    test('a role that is taken from its maker stops a key that is for more, and leaves one that is not', async () => {
      const [north, whole] = [await keyOf(mia, { sites: ['North'] }), await keyOf(mia, {})];
      const { status, body: account } = await access.call('POST', '/v1/service-accounts', {
        caller: mia,
        body: { name: 'wall', scopes: ['cameras:read'], sites: ['North', 'South'] },
      });
      assert.equal(status, 201, JSON.stringify(account));
      assert.deepEqual(account['sites'], ['North', 'South']);
      const changed = await access.call('PATCH', `/v1/users/${mia.id}`, {
        caller: eva,
        body: { roles: [], site_roles: [{ role: 'guard', site: 'North' }] },
      });
      assert.equal(changed.status, 200, JSON.stringify(changed.body));
      assert.deepEqual(namesIn(await access.call('GET', '/v1/cameras', { caller: north }), 'cameras'), ['North gate']);
      assert.equal((await access.call('GET', '/v1/cameras', { caller: whole })).code, 'authentication_failed');
      const { body } = await access.call('GET', '/v1/service-accounts', { caller: eva });
      assert.match(JSON.stringify(body), /"suspendedFor":"owner"/);
      // Nothing that is about no site comes back with it.
      for (const action of allActions.filter((one) => one.startsWith('keys:')))
        assert.ok(
          action === 'keys:manage' &&
            (await access.call('GET', '/v1/keys', { caller: north })).code === 'scope_missing',
        );
    });
  });
}
