// Programs with an account of their own and programs that people let in, against the whole server: with an independent client
// (openid-client), and with everything somebody could try who has a token without its key.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

// oxlint-disable-next-line typescript/no-deprecated -- called deprecated so that it stands out; the server under test speaks HTTP
const overPlainHttp = [client.allowInsecureRequests];

test('an independent client gets a bound token with private_key_jwt and DPoP, uses it, looks at it and ends it', async () => {
  const id = await newAccount(['alerts:read', 'health:read']);
  const key = await newKey();
  await registerKey(id, key);
  const config = await client.discovery(new URL(origin), id, undefined, client.PrivateKeyJwt(key.privateKey), {
    algorithm: 'oauth2',
    execute: overPlainHttp,
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
    execute: overPlainHttp,
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

/** A program that this person let in, and what it gets. */
async function letIn(person: Inhabitant): Promise<{ ask(): Promise<number>; refresh(): Promise<unknown> }> {
  const config = await client.discovery(new URL(origin), 'sallyport-cli', undefined, client.None(), {
    algorithm: 'oauth2',
    execute: overPlainHttp,
  });
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
  const begun = await client.initiateDeviceAuthorization(config, {});
  const yes = await access.call('POST', `/v1/device-logins/${begun.user_code}/approve`, { caller: person, body: {} });
  assert.equal(yes.status, 204, JSON.stringify(yes.body));
  const tokens = await client.pollDeviceAuthorizationGrant(config, { ...begun, interval: 0 }, undefined, { DPoP });
  const at = new URL(`${origin}/v1/token-logins`);
  return {
    ask: () =>
      client.fetchProtectedResource(config, tokens.access_token, at, 'GET', undefined, undefined, { DPoP }).then(
        async (answer) => {
          await answer.body?.cancel();
          return answer.status;
        },
        () => 401,
      ),
    refresh: () => client.refreshTokenGrant(config, tokens.refresh_token ?? '', undefined, { DPoP }),
  };
}

test('signing out everywhere, being signed out, disabled or reset by an administrator ends the programs somebody let in', async () => {
  const bystander = await letIn(await access.moveIn('Stays', 'guard', admin));
  const ways: Readonly<Record<string, (gus: Inhabitant) => Promise<{ readonly status: number }>>> = {
    everywhere: (gus) => access.call('DELETE', '/v1/sessions', { caller: gus }),
    'everywhere else': (gus) => access.call('DELETE', '/v1/sessions?others=1', { caller: gus }),
    'by an administrator': ({ id }) => access.call('DELETE', `/v1/sessions?user=${id}`, { caller: admin }),
    disabled: ({ id }) => access.call('PATCH', `/v1/users/${id}`, { caller: admin, body: { disabled: true } }),
    reset: ({ id }) => access.call('POST', `/v1/users/${id}/reset`, { caller: admin }),
  };
  for (const [way, end] of Object.entries(ways)) {
    const gus = await access.moveIn(`Gus ${way}`, 'guard', admin);
    const program = await letIn(gus);
    assert.equal(await program.ask(), 200, way);
    assert.ok((await end(gus)).status < 300, way);
    assert.equal(await program.ask(), 401, way);
    await assert.rejects(program.refresh(), way);
  }
  assert.equal(await bystander.ask(), 200);
});

type Cli = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** As it is installed: one file, on Node 20 where the machine has one. */
function bundledCli(directory: string): readonly [string, string] {
  const build = JSON.stringify(join(import.meta.dirname, '../../cli/build.ts'));
  const built = spawnSync(
    process.execPath,
    ['-e', `import(${build}).then(({ buildPackage }) => buildPackage(process.argv[1]))`, directory],
    { encoding: 'utf8' },
  );
  assert.equal(built.status, 0, built.stderr);
  const environment = { PATH: '/usr/local/bin:/usr/bin:/bin' };
  const system = spawnSync('node', ['-p', 'process.execPath'], { encoding: 'utf8', env: environment });
  const version = spawnSync('node', ['--version'], { encoding: 'utf8', env: environment }).stdout ?? '';
  const node = version.startsWith('v20.') ? system.stdout.trim() : process.execPath;
  return [node, join(directory, 'package', 'sallyport.mjs')];
}

test('the command line signs in as a person, acts as them, renews its token once for many, proves them anew, and is out when they say so', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'sallyport-login-'));
  after(() => rmSync(home, { recursive: true, force: true }));
  const environment = { PATH: process.env['PATH'] ?? '', HOME: home, SALLYPORT_DATA: join(home, 'none') };
  const program = bundledCli(join(home, 'build'));
  t.diagnostic(`on ${program[0]}`);
  const cli = (args: readonly string[], onCode: (code: string) => void = () => undefined): Promise<Cli> =>
    new Promise((resolve) => {
      const child = spawn(program[0], [program[1], ...args], {
        env: environment,
        cwd: home,
      });
      let [stdout, stderr] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        const before = /code ([A-Z]{4}-[A-Z]{4})\n/.test(stderr);
        stderr += text;
        const code = /code ([A-Z]{4}-[A-Z]{4})\n/.exec(stderr)?.[1];
        if (!before && code !== undefined) onCode(code);
      });
      child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
    });
  let confirmed: Promise<number> | undefined;
  const confirm = (code: string): void => {
    confirmed = access
      .call('POST', `/v1/device-logins/${code}/approve`, { caller: admin, body: {} })
      .then(({ status }) => status);
  };
  const signedIn = await cli(['login', '--server', origin], confirm);
  assert.deepEqual([signedIn.code, signedIn.stdout], [0, `Signed in to ${origin} as admin\n`], signedIn.stderr);
  assert.equal(await confirmed, 204);
  const file = join(home, '.config', 'sallyport', 'login.json');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.match((await cli(['whoami'])).stdout, /^admin at http.*may .*users:manage/);
  assert.equal((await cli(['status'])).code, 0);
  // Several at once, with a token that has just ended: one renews it, and nobody looks like a thief.
  const saved: { accessEndsAtMs: number } = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...saved, accessEndsAtMs: 0 }), { mode: 0o600 });
  const all = await Promise.all([cli(['key', 'list']), cli(['key', 'list']), cli(['key', 'list'])]);
  assert.deepEqual(
    all.map(({ code, stderr }) => `${code}${stderr}`),
    ['0', '0', '0'],
  );
  // What is grave asks for the person once more: in the console, with a code of its own, and then goes on by itself.
  access.ageLogins(11 * 60_000);
  const made = await cli(['key', 'create', '--name', 'by proof', '--scopes', 'events:write'], confirm);
  assert.deepEqual([made.code, await confirmed], [0, 204], made.stderr);
  assert.match(made.stderr, /This needs a fresh proof of who you are\.\n/);
  // The copied file without its key is of no use, nor is the token alone.
  const { accessToken }: { accessToken: string } = JSON.parse(readFileSync(file, 'utf8'));
  assert.equal((await access.call('GET', '/v1/alerts', { caller: { key: accessToken } })).status, 401);
  const logins = await access.call('GET', '/v1/token-logins', { caller: admin });
  assert.match(JSON.stringify(logins.body), /Sallyport command line/);
  assert.equal((await cli(['logout'])).stdout, `Signed out of ${origin}\n`);
  assert.equal(existsSync(file), false);
  assert.doesNotMatch(JSON.stringify((await access.call('GET', '/v1/token-logins', { caller: admin })).body), /"id"/);
  const out = await cli(['status']);
  assert.notEqual(out.code, 0);
});

test('the operator gives a program an account on the command line, and rotates a key', async () => {
  const home = mkdtempSync(join(tmpdir(), 'sallyport-service-'));
  after(() => rmSync(home, { recursive: true, force: true }));
  const made = await access.call('POST', '/v1/keys', { caller: admin, body: { name: 'x', scopes: ['keys:manage'] } });
  const first = textIn(made.body, 'key');
  const socket = access.server.operatorSocket ?? '';
  const cli = (...args: string[]): Promise<string> =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [join(import.meta.dirname, '../../cli/src/main.ts'), ...args], {
        cwd: home,
        env: { PATH: process.env['PATH'] ?? '', HOME: home, SALLYPORT_DATA: join(socket, '../..') },
      });
      let stdout = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.on('close', () => resolve(stdout));
    });
  const id = (await cli('service', 'create', 'backend', '--scopes', 'alerts:read', '--owner', admin.id)).trim();
  assert.match(id, /^[0-9a-f]{16}$/);
  assert.match(await cli('service', 'secret', id), /^sps_[\w-]{43}\n$/);
  assert.match(await cli('service', 'list'), new RegExp(`${id}  in use .*backend .*1 credential .*alerts:read`));
  assert.equal(await cli('service', 'suspend', id), `Suspended ${id}\n`);
  assert.equal(await cli('service', 'delete', id), `Deleted ${id}\n`);
  const second = (await cli('key', 'rotate', textIn(made.body, 'id'))).trim();
  for (const key of [first, second])
    assert.equal((await access.call('GET', '/v1/keys', { caller: { key } })).status, 200);
});
