// Programs with an account of their own and programs that people let in, against the whole server: with an independent client
// (openid-client), and with everything somebody could try who has a token without its key.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { CryptoKey } from 'jose';
import * as client from 'openid-client';
import { startAccess, textIn, type Access, type Inhabitant } from './access.fixture.ts';

let access: Access;
let admin: Inhabitant;
let origin: string;
before(async () => {
  access = await startAccess();
  admin = await access.moveIn('admin', 'admin');
  origin = access.server.address;
});
after(() => access.stop());

type Key = { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey };

const newKey = (): Promise<Key> => generateKeyPair('ES256', { extractable: true });

async function newAccount(scopes: readonly string[], more: object = {}): Promise<string> {
  const made = await access.call('POST', '/v1/service-accounts', {
    caller: admin,
    body: { name: 'forwarder', scopes, ...more },
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return textIn(made.body, 'id');
}

async function registerKey(id: string, key: Key, more: object = {}): Promise<void> {
  const jwk = { ...(await exportJWK(key.publicKey)), ...more };
  const added = await access.call('POST', `/v1/service-accounts/${id}/credentials`, {
    caller: admin,
    body: { label: 'key', credential: { kind: 'public-key', jwk } },
  });
  assert.equal(added.status, 201, JSON.stringify(added.body));
}

test('an independent client gets a bound token with private_key_jwt and DPoP, uses it, looks at it and ends it', async () => {
  const id = await newAccount(['alerts:read', 'health:read']);
  const key = await newKey();
  await registerKey(id, key);
  const config = await client.discovery(new URL(origin), id, undefined, client.PrivateKeyJwt(key.privateKey), {
    algorithm: 'oauth2',
    execute: [client.allowInsecureRequests],
  });
  const dpopKey = await client.randomDPoPKeyPair('ES256');
  const dpop = client.getDPoPHandle(config, dpopKey);
  const tokens = await client.clientCredentialsGrant(config, { scope: 'alerts:read' }, { DPoP: dpop });
  assert.match(tokens.access_token, /^st_[\w-]{43}$/);
  assert.deepEqual([tokens.token_type, tokens.expires_in, tokens.scope], ['dpop', 600, 'alerts:read']);
  const alerts = await client.fetchProtectedResource(
    config,
    tokens.access_token,
    new URL(`${origin}/v1/alerts`),
    'GET',
    undefined,
    undefined,
    { DPoP: dpop },
  );
  assert.equal(alerts.status, 200, await alerts.text());
  const health = await client.fetchProtectedResource(
    config,
    tokens.access_token,
    new URL(`${origin}/v1/health`),
    'GET',
    undefined,
    undefined,
    { DPoP: dpop },
  );
  assert.equal(health.status, 403, 'the token was asked for without this scope');
  const seen = await client.tokenIntrospection(config, tokens.access_token);
  assert.deepEqual(
    [seen.active, seen.client_id, seen.scope, seen.cnf?.jkt],
    [true, id, 'alerts:read', await calculateJwkThumbprint(await exportJWK(dpopKey.publicKey))],
  );
  await client.tokenRevocation(config, tokens.access_token);
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false);
});

test('a person lets an independent client in by device, which then is them, no more than agreed, until it is ended', async () => {
  const config = await client.discovery(new URL(origin), 'sallyport-cli', undefined, client.None(), {
    algorithm: 'oauth2',
    execute: [client.allowInsecureRequests],
  });
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
  const begun = await client.initiateDeviceAuthorization(config, { scope: 'alerts:read users:read' });
  assert.match(begun.user_code, /^[B-Z]{4}-[B-Z]{4}$/);
  assert.match(begun.verification_uri_complete ?? '', /\/device\?code=/);
  const asked = await access.call('GET', `/v1/device-logins/${begun.user_code.toLowerCase()}`, { caller: admin });
  assert.deepEqual(asked.body['scopes'], ['alerts:read', 'users:read'], JSON.stringify(asked.body));
  const yes = await access.call('POST', `/v1/device-logins/${begun.user_code}/approve`, {
    caller: admin,
    body: { scopes: ['alerts:read'] },
  });
  assert.equal(yes.status, 204, JSON.stringify(yes.body));
  const tokens = await client.pollDeviceAuthorizationGrant(config, { ...begun, interval: 0 }, undefined, { DPoP });
  assert.equal(tokens.scope, 'alerts:read');
  const ask = async (token: string, path: string): Promise<number> => {
    const answer = await client.fetchProtectedResource(
      config,
      token,
      new URL(`${origin}${path}`),
      'GET',
      undefined,
      undefined,
      { DPoP },
    );
    await answer.body?.cancel();
    return answer.status;
  };
  assert.equal(await ask(tokens.access_token, '/v1/alerts'), 200);
  assert.equal(await ask(tokens.access_token, '/v1/users'), 403);
  const later = await client.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP });
  assert.equal(await ask(later.access_token, '/v1/alerts'), 200);
  assert.notEqual(later.refresh_token, tokens.refresh_token);
  // The one from before comes back: one of two has stolen it, and both are out.
  await assert.rejects(
    client.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP }),
    /invalid_grant|server responded/,
  );
  await assert.rejects(ask(later.access_token, '/v1/alerts'));
  await assert.rejects(client.refreshTokenGrant(config, later.refresh_token ?? '', undefined, { DPoP }));
});
