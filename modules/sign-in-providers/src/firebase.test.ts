// An issuer shaped like Firebase's, of our own: its addresses, its keys, its tokens.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { test } from 'node:test';
import type { Admitted } from '@sallyport/identity';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { freePort } from '@sallyport/testing/free-port';
import { SignJWT, exportJWK } from 'jose';
import { browser, codeIs, openHouse, operator } from './providers.fixture.ts';
import { freshSettings } from './schema.ts';

const project = 'guard-post';

async function openPost(open: Parameters<typeof openHouse>[0]) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'f1', alg: 'RS256', use: 'sig' }] };
  const port = await freePort();
  const server = createServer((_request, response) => response.end(JSON.stringify(jwks)));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const place = { issuerBase: 'https://securetoken.google.com', keysUrl: `http://127.0.0.1:${port}/jwk` };
  const house = await openHouse(open, { firebase: place });
  const provider = await house.providers.create({
    settings: {
      ...freshSettings('firebase'),
      name: 'Field app',
      isEnabled: true,
      clientId: project,
      createsPeople: true,
      requiredClaims: [{ claim: 'staff', value: 'true' }],
      trustedMethods: [{ claim: 'firebase.sign_in_second_factor', value: 'totp', assurance: 2 }],
      allowsPrivateAddresses: true,
    },
    secret: undefined,
    accept: ['reaches_private_addresses'],
    by: operator,
  });
  const tokenOf = (changes: Readonly<Record<string, unknown>> = {}, header: object = {}): Promise<string> => {
    const now = Math.floor(house.clock.nowMs() / 1000);
    const claims = {
      iss: `https://securetoken.google.com/${project}`,
      aud: project,
      sub: 'uid-1',
      iat: now,
      exp: now + 3600,
      auth_time: now - 10,
      email: 'grace@example.org',
      email_verified: true,
      staff: true,
      firebase: { sign_in_provider: 'google.com', sign_in_second_factor: 'totp' },
      ...changes,
    };
    return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'f1', ...header }).sign(privateKey);
  };
  const signIn = (token: string): Promise<Admitted> =>
    house.flow.withIdToken({ providerId: provider.id, token, client: browser });
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { house, tokenOf, signIn, [Symbol.asyncDispose]: close };
}

/** The same signature in other letters: the last one holds four bits that count for nothing. */
function otherSpelling(token: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = letters.indexOf(token.slice(-1));
  return token.slice(0, -1) + (letters[last ^ 1] ?? '');
}

forEachDatabase((name, open) => {
  test(`${name}: a token that was used is used in every spelling of its signature`, async () => {
    await using post = await openPost(open);
    const token = await post.tokenOf();
    await post.signIn(token);
    for (const again of [token, otherSpelling(token), `${token} `, `${token.slice(0, -9)} ${token.slice(-9)}`])
      await assert.rejects(post.signIn(again), codeIs('provider_answer_refused'));
  });

  test(`${name}: an app’s ID token, minutes old, is a session for its person, once`, async () => {
    await using post = await openPost(open);
    const token = await post.tokenOf();
    const admitted = await post.signIn(token);
    assert.ok('begun' in admitted);
    assert.deepEqual([admitted.begun.principal.name, admitted.begun.principal.assurance], ['grace@example.org', 2]);
    await assert.rejects(post.signIn(token), codeIs('provider_answer_refused'));
    const later = await post.signIn(await post.tokenOf({ iat: Math.floor(post.house.clock.nowMs() / 1000) + 1 }));
    assert.ok('begun' in later && later.begun.principal.id === admitted.begun.principal.id);
  });
});

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('a token of another project, of long ago, of nobody or signed otherwise is refused', async () => {
    await using post = await openPost(open);
    const now = Math.floor(post.house.clock.nowMs() / 1000);
    for (const changes of [
      { iss: 'https://securetoken.google.com/another-post' },
      { iss: 'https://evil.example/guard-post' },
      { aud: 'another-post' },
      { sub: '' },
      { sub: 'x'.repeat(200) },
      { exp: now - 120 },
      { iat: now + 3600 },
      { auth_time: now - 3600 },
      { auth_time: undefined },
      { auth_time: now + 3600 },
      { firebase: { sign_in_provider: 'anonymous' } },
      { firebase: { sign_in_provider: 'custom' } },
      { firebase: undefined },
    ])
      await assert.rejects(
        post.tokenOf(changes).then(post.signIn),
        codeIs('provider_answer_refused'),
        JSON.stringify(changes),
      );
    const [head = '', body = ''] = (await post.tokenOf()).split('.');
    assert.ok(head.length > 0);
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`;
    await assert.rejects(post.signIn(unsigned), codeIs('provider_answer_refused'));
    await assert.rejects(post.tokenOf({ staff: undefined }).then(post.signIn), codeIs('provider_account_unknown'));
    assert.deepEqual(await post.house.people.people.list(), []);
  });

  test('without a second factor there, the second factor is asked for here', async () => {
    await using post = await openPost(open);
    const admitted = await post.signIn(await post.tokenOf({ firebase: { sign_in_provider: 'password' } }));
    assert.ok('step' in admitted && admitted.step === 'enrol');
  });

  test('a project whose users make themselves accounts is not let in by mistake', async () => {
    const house = await openHouse(open);
    const settings = { ...freshSettings('firebase'), name: 'F', clientId: project, createsPeople: true };
    const asked = { settings, secret: undefined, accept: [], by: operator };
    await assert.rejects(house.providers.create(asked), codeIs('provider_unaccepted'));
  });
});
