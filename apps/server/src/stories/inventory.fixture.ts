import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { eventually } from '@sallyport/testing/waiting';
import { password, textIn, type Access, type Inhabitant } from '../access.fixture.ts';
import type { House } from '../house.fixture.ts';
import { offeredSecrets } from '../secret-names.ts';
import { secretFacts } from '../inventory/secret-facts.ts';
import { createVaultSource } from '../inventory/vault-source.ts';

let access: Access;
let admin: Inhabitant;

const get = (path: string) => access.call('GET', path, { caller: admin });

export function inventoryStory(house: () => Promise<House>): void {
  describe('the inventory of cryptography', () => {
    before(async () => {
      ({ access, ada: admin } = await house());
    });

    test('the inventory names what this server holds, says how it knows, and holds no secret', async () => {
      const created = await access.call('POST', '/v1/keys', {
        caller: admin,
        body: { name: 'crane-7', scopes: ['events:write'] },
      });
      const token = textIn(created.body, 'key');
      // A change of the policy has everybody asked anew.
      const { body: policy } = await get('/v1/inventory/crypto/policy');
      const put = await access.call('PUT', '/v1/inventory/crypto/policy', {
        caller: admin,
        body: { ...policy, certificate_days: [60, 14, 2] },
      });
      assert.deepEqual([put.status, put.body['certificate_days']], [200, [60, 14, 2]], JSON.stringify(put.body));
      const body = await eventually({
        what: 'the inventory after the change',
        timeoutMs: 60_000,
        async look() {
          const found = await get('/v1/inventory/crypto?limit=500');
          return JSON.stringify(found.body).includes('"id":"key/api/') ? found.body : undefined;
        },
      });
      assert.deepEqual(body['not_asked'], []);
      const text = JSON.stringify(body);
      for (const id of [
        'key/provider/sealed-file',
        'key/vault/epoch-1',
        'key/passwords/argon2id-',
        'key/totp-seeds',
        'key/api/',
        'library/openssl',
        'store/database/identity_users',
        'algorithm/ed25519',
      ])
        assert.ok(text.includes(`"id":"${id}`), id);
      // Nothing anybody could use, and nobody by name.
      assert.ok(token.startsWith('sp_'));
      for (const secret of [
        token.split('_')[2] ?? 'missing',
        password,
        'Ada',
        'crane-7',
        admin.cookie?.split('=')[1] ?? 'missing',
      ])
        assert.ok(!text.includes(secret), secret);
      const page = await get('/v1/inventory/crypto?kind=key&limit=2');
      const next = await get(
        `/v1/inventory/crypto?kind=key&limit=2&after=${encodeURIComponent(textIn(page.body, 'next'))}`,
      );
      const ids = [page, next].flatMap(({ body: one }) => JSON.stringify(one['assets']).match(/"id":"[^"]+"/g) ?? []);
      assert.equal(new Set(ids).size, 4);
    });

    test('the keys of columns are rotated by the route, and no row is left in an earlier form', async () => {
      access.age(admin.id, 0);
      const started = await access.call('POST', '/v1/vault/rotations', {
        caller: admin,
        body: { level: 'columns', keys: 'identity/columns', reason: 'yearly' },
      });
      assert.equal(started.status, 202, JSON.stringify(started.body));
      const done = /"name":"identity\/columns","versions":\[2,1\][^{]+"rotation":\{"level":"columns","state":"done"/;
      await eventually({
        what: 'the end of the rotation',
        timeoutMs: 60_000,
        async look() {
          const text = JSON.stringify((await get('/v1/vault/keys')).body['columns']);
          assert.doesNotMatch(text, /failed/);
          return done.test(text) ? true : undefined;
        },
      });
      assert.equal((await get('/v1/users')).status, 200);
      const unknown = await access.call('POST', '/v1/vault/rotations', {
        caller: admin,
        body: { level: 'columns', keys: 'nobody/columns', reason: 'x' },
      });
      assert.deepEqual([unknown.status, unknown.code], [404, 'vault_key_unknown']);
    });

    test('the bill of materials is handed out in the version asked for', async () => {
      const { status, body } = await get('/v1/inventory/crypto/cbom?version=1.7');
      assert.deepEqual([status, body['bomFormat'], body['specVersion']], [200, 'CycloneDX', '1.7']);
      assert.equal((await get('/v1/inventory/crypto/cbom?version=1.0')).status, 400);
    });

    test('whatever a vault answers beside what the inventory asks for stays out of it', async () => {
      const key = {
        id: 'a'.repeat(32),
        level: 'data',
        purpose: 'secret',
        label: 'outbox',
        state: 'active',
        createdAtMs: 1,
        wrapped: 'SECRETBYTES',
        bytes: 'SECRETBYTES',
      };
      const source = createVaultSource({
        list: async () => ({ keys: [key], providers: [{ kind: 'tpm', secret: 'SECRETBYTES' }] }),
      });
      const text = JSON.stringify(await source.gather(new AbortController().signal));
      assert.match(text, /Secret outbox/);
      assert.doesNotMatch(text, /SECRETBYTES/);
    });

    test('of every secret the server may ask for it is written down what it is', () => {
      assert.deepEqual(
        offeredSecrets.filter((name) => !Object.hasOwn(secretFacts, name)),
        [],
      );
    });
  });
}
