import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { parseJson, isJsonObject } from '@sallyport/contracts';
import { startAuthorizationServer } from '@sallyport/testing/authorization-server';
import { eventually } from '@sallyport/testing/waiting';
import { callbackPath } from './authorization-request.ts';
import { honestMetadata, startCrookedWeb, type CrookedWeb } from './crooked-web.fixture.ts';
import { findAuthorizationServer, findResource } from './discover.ts';
import { askableUrl, createGuardedAsk, reachOf } from './guarded-ask.ts';
import { openBrowser } from './open-browser.ts';
import { comeBack, startProtectedServer, testPerson, type TestPerson } from './sign-in.fixture.ts';
import { signInCommand } from './signed-in.ts';

const closing: (() => unknown)[] = [];
let web: CrookedWeb;
beforeEach(async () => {
  web = await startCrookedWeb();
  closing.push(() => web.close());
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** Somebody whose browser does this with the address it is sent to. */
function somebody(browse: (url: URL) => Promise<unknown>): TestPerson {
  const person = testPerson(async (url) => void (await browse(url)));
  closing.push(() => person.close());
  return person;
}
const shown: string[] = [];
/** Agrees at once, as the authorization server would send it back. */
async function agreesAt(url: URL, change: (back: URL) => void = () => undefined): Promise<{ readonly status: number }> {
  shown.push(url.href);
  const back = new URL(url.searchParams.get('redirect_uri') ?? '');
  back.searchParams.set('code', 'a-code');
  back.searchParams.set('state', url.searchParams.get('state') ?? '');
  change(back);
  return comeBack(back);
}
/** How a sign-in ends there. */
async function ends(person = somebody((url) => agreesAt(url))): Promise<string> {
  const code = await person.run('sign-in', web.url.href);
  return `${code}: ${person.seen.at(-1) ?? ''}`;
}

test('with everything right it works, where the server is its own and says nothing of itself, too', async () => {
  assert.match(await ends(), /^0: Signed in/);
  web.says.delete('/.well-known/oauth-protected-resource/mcp');
  assert.match(await ends(), /^0: Signed in/);
});

test('metadata of another server are refused, and those of a whole origin where a part of it speaks', async () => {
  const path = '/.well-known/oauth-protected-resource/mcp';
  for (const resource of [
    'https://evil.example/mcp',
    `${web.origin}/`,
    `${web.origin}/mc`,
    `${web.origin}/mcp/`,
    '',
    5,
  ]) {
    web.json(path, { resource, authorization_servers: [web.origin] });
    assert.match(await ends(), /^2: .*must be of "http/);
  }
  // The tenant says where to look; only the place of the whole origin speaks for it.
  web.says.set('/mcp', (_request, response) =>
    response.writeHead(401, { 'www-authenticate': `Bearer resource_metadata="${web.origin}/mcp/metadata"` }).end(),
  );
  web.json('/mcp/metadata', { resource: web.origin, authorization_servers: [web.origin] });
  assert.match(await ends(), /^2: .*must be of "http/);
  assert.ok(!web.requests.includes('POST /register'));
  web.says.set('/mcp', (_request, response) => response.writeHead(401).end());
  web.says.delete(path);
  web.json('/.well-known/oauth-protected-resource', { resource: web.origin, authorization_servers: [web.origin] });
  assert.match(await ends(), /^0: /);
});

test('what a server says of itself moves and hides nothing on the terminal', async () => {
  const resource = 'https://evil.example/\u202Emoc.tsenoh\u009B2J\u2028';
  web.json('/.well-known/oauth-protected-resource/mcp', { resource, authorization_servers: [web.origin] });
  assert.match(await ends(), /^2: Sallyport: .*evil\.example\/·moc\.tsenoh·2J·/);
});

test('an authorization server without PKCE, of another name, without codes, or that says nothing is refused', async () => {
  const path = '/.well-known/oauth-authorization-server';
  const honest = honestMetadata(web.origin);
  for (const [change, why] of [
    [{ code_challenge_methods_supported: undefined }, /PKCE with S256/],
    [{ code_challenge_methods_supported: ['plain'] }, /PKCE with S256/],
    [{ issuer: `${web.origin}/` }, /must name exactly/],
    [{ issuer: 'https://honest.example' }, /must name exactly/],
    [{ response_types_supported: ['token'] }, /no authorization codes/],
    [{ grant_types_supported: ['client_credentials'] }, /no authorization codes/],
  ] as const) {
    web.json(path, { ...honest, ...change });
    assert.match(await ends(), why);
  }
  web.says.delete(path);
  assert.match(await ends(), /says nothing of itself/);
  assert.ok(!web.requests.some((asked) => asked.startsWith('POST /register') || asked.startsWith('POST /token')));
});

test('addresses that are no place to sign in are never shown, asked or opened', async () => {
  const honest = honestMetadata(web.origin);
  shown.length = 0;
  for (const address of [
    'javascript:alert(1)',
    'file:///etc/passwd',
    'data:text/html,x',
    'vscode://x',
    'http://login.example/authorize',
    'https://somebody:secret@login.example/',
    'https://login.example/#x',
    'https://169.254.169.254/latest',
    'https://[fd00:ec2::254]/',
    'https://metadata.google.internal/',
    '',
  ])
    for (const name of ['authorization_endpoint', 'token_endpoint', 'registration_endpoint', 'revocation_endpoint']) {
      web.json('/.well-known/oauth-authorization-server', { ...honest, [name]: address });
      assert.match(await ends(), /^2: .*(must begin with https:|no address|neither credential|is no address)/, address);
    }
  assert.deepEqual(shown, []);
});

test('parameters that stand in the authorization endpoint are not ours', async () => {
  const evil = 'client_id=evil&redirect_uri=https://evil.example&state=known&scope=everything&resource=evil&keep=1';
  web.json('/.well-known/oauth-authorization-server', {
    ...honestMetadata(web.origin),
    authorization_endpoint: `${web.origin}/authorize?${evil}`,
  });
  shown.length = 0;
  assert.match(await ends(), /^0: /);
  const { searchParams } = new URL(shown[0] ?? '');
  for (const name of ['client_id', 'redirect_uri', 'state', 'scope', 'resource', 'keep'])
    assert.equal(searchParams.getAll(name).length, 1, name);
  assert.equal(searchParams.get('client_id'), 'made-up');
  assert.equal(searchParams.get('scope'), 'a');
  assert.equal(searchParams.get('keep'), '1');
  assert.ok(!(shown[0] ?? '').includes('evil.example'));
});

test('garbage, too much, redirects and silence end a sign-in with words', async () => {
  const path = '/.well-known/oauth-authorization-server';
  for (const [answer, why] of [
    ['no json', /says nothing/],
    ['[]', /says nothing/],
    ['null', /says nothing/],
    [`{"issuer":"${'x'.repeat(70_000)}"}`, /longer than 65536 bytes/],
    ['['.repeat(60_000), /says nothing/],
  ] as const) {
    web.says.set(path, (_request, response) => response.end(answer));
    assert.match(await ends(), why);
  }
  web.says.set(path, (_request, response) => response.writeHead(302, { location: `${web.origin}/moved` }).end());
  web.json('/moved', honestMetadata(web.origin));
  assert.match(await ends(), /says nothing/);
  assert.ok(!web.requests.includes('GET /moved'));
  web.says.set('/slow', (_request, response) => void response.write('{'));
  await assert.rejects(
    createGuardedAsk({ from: 'this-machine', waitMs: 50 })({ url: new URL('/slow', web.origin) }),
    /no answer within/,
  );
});

test('an answer that was not asked for changes nothing; the right one counts once', async () => {
  const statuses: number[] = [];
  let done: () => void = () => undefined;
  const isDone = new Promise<void>((resolve) => (done = resolve));
  const person = somebody(async (url) => {
    const redirect = new URL(url.searchParams.get('redirect_uri') ?? '');
    for (const change of [
      (back: URL) => back.searchParams.set('state', 'guessed'),
      (back: URL) => back.searchParams.delete('state'),
      (back: URL) => back.searchParams.append('state', 'again'),
      (back: URL) => back.searchParams.append('code', 'another'),
      (back: URL) => void (back.pathname = '/callback'),
      (back: URL) => void (back.pathname = callbackPath('https://honest.example')),
    ])
      statuses.push((await agreesAt(url, change)).status);
    // A name of somebody's that points here.
    statuses.push(await byName(redirect, url.searchParams.get('state') ?? ''));
    statuses.push((await agreesAt(url)).status, (await agreesAt(url).catch(() => ({ status: 0 }))).status);
    done();
  });
  assert.match(await ends(person), /^0: Signed in/);
  await isDone;
  assert.deepEqual(statuses.slice(0, 8), [400, 400, 400, 400, 404, 404, 404, 200]);
  assert.notEqual(statuses[8], 200);
  assert.equal(web.requests.filter((asked) => asked === 'POST /token').length, 1);
});

function byName(redirect: URL, state: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const path = `${redirect.pathname}?code=x&state=${state}`;
    const sent = request(
      { host: '127.0.0.1', port: redirect.port, path, headers: { host: 'evil.example' } },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

test('an answer of another issuer gets no code sent anywhere, nor do its errors count', async () => {
  const issuer = 'https://another.example';
  const honest = honestMetadata(web.origin);
  assert.match(
    await ends(somebody((url) => agreesAt(url, (back) => back.searchParams.set('iss', issuer)))),
    /of another issuer/,
  );
  const lies = somebody((url) =>
    agreesAt(url, (back) => {
      back.searchParams.set('iss', issuer);
      back.searchParams.set('error', 'call_this_number');
    }),
  );
  assert.match(await ends(lies), /of another issuer/);
  web.json('/.well-known/oauth-authorization-server', {
    ...honest,
    authorization_response_iss_parameter_supported: true,
  });
  assert.match(await ends(), /does not name its issuer/);
  assert.ok(!web.requests.includes('POST /token'));
  assert.match(
    await ends(somebody((url) => agreesAt(url, (back) => back.searchParams.set('iss', web.origin)))),
    /^0: /,
  );
  const refused = somebody((url) =>
    agreesAt(url, (back) => {
      back.searchParams.set('iss', web.origin);
      back.searchParams.set('error', 'access_denied');
      back.searchParams.set('error_description', 'call this number');
    }),
  );
  assert.match(await ends(refused), /refused the sign-in \(access_denied\)/);
  assert.doesNotMatch(refused.seen.join('\n'), /number/);
});

test('what a token endpoint says beside a token is not believed, repeated or kept', async () => {
  for (const [body, status, why] of [
    [{ access_token: 'x', token_type: 'mac' }, 200, /gave no bearer token/],
    [{ access_token: 'a b\r\nx: y', token_type: 'Bearer' }, 200, /gave no bearer token/],
    [{ access_token: 5, token_type: 'Bearer' }, 200, /gave no bearer token/],
    [{ error: 'invalid_grant', error_description: 'a-code' }, 400, /refuses it \(invalid_grant\)/],
    [{ error: 'words with a-code' }, 400, /gives no token now \(400\)/],
    [{}, 302, /gives no token now \(302\)/],
  ] as const) {
    web.json('/token', body, status);
    const person = somebody((url) => agreesAt(url));
    assert.match(await ends(person), why);
    assert.ok(!person.seen.some((line) => line.includes('a-code')));
  }
});

test('a client somebody named is used for that issuer, with its secret in the way it takes', async () => {
  const clients = [
    {
      client_id: 'given',
      client_secret: 'a secret: with %&+ signs of more than thirty',
      redirect_uris: ['http://127.0.0.1:1/x'],
      application_type: 'native' as const,
      token_endpoint_auth_method: 'client_secret_basic' as const,
      grant_types: ['authorization_code', 'refresh_token'],
    },
  ];
  const authorization = await startAuthorizationServer({ clients });
  closing.push(() => authorization[Symbol.asyncDispose]());
  const remote = await startProtectedServer(authorization);
  closing.push(() => remote.close());
  const person = somebody(async (url) => comeBack(await authorization.walk(url)));
  const file = join(person.environment['HOME'] ?? '', 'secret');
  writeFileSync(file, `${clients[0]?.client_secret ?? ''}\n`, { mode: 0o644 });
  // Whatever the umask took away.
  chmodSync(file, 0o644);
  const run = (...more: string[]) =>
    person.run('sign-in', remote.url.href, '--client-id', 'given', '--client-secret-file', file, ...more);
  assert.equal(await run(), 2);
  assert.match(person.seen.at(-1) ?? '', /may be read by others/);
  chmodSync(file, 0o600);
  assert.equal(await run('--redirect', 'http://127.0.0.1:0/x'), 0, person.seen.join('\n'));
  assert.ok(!authorization.requests.includes('POST /reg'));
  assert.ok(!person.seen.join('\n').includes('thirty'));
  assert.equal(await run('--redirect', 'https://evil.example/x'), 2);
  assert.equal(await person.run('sign-in', remote.url.href, '--issuer', 'https://honest.example'), 2);
  assert.match(person.seen.at(-1) ?? '', /must be one of those it names/);
});

test('who stands out there names nobody on this machine or in our networks, by address or by name', async () => {
  for (const [from, address, isLet] of [
    ['public', 'https://login.example/', true],
    ['public', 'https://127.0.0.1/', false],
    ['public', 'https://localhost/', false],
    ['public', 'https://[::1]/', false],
    ['public', 'https://[::ffff:127.0.0.1]/', false],
    ['public', 'https://0x7f.1/', false],
    ['public', 'https://10.1.2.3/', false],
    ['public', 'https://192.168.0.1/', false],
    ['public', 'https://[fd12::1]/', false],
    ['public', 'http://login.example/', false],
    ['private', 'https://10.1.2.3/', true],
    ['private', 'https://127.0.0.1/', false],
    ['private', 'http://10.1.2.3/', false],
    ['this-machine', 'http://127.0.0.1:5/', true],
    ['this-machine', 'https://10.1.2.3/', true],
    ['this-machine', 'https://169.254.169.254/', false],
    ['this-machine', 'http://10.1.2.3/', false],
  ] as const) {
    const asked = (): URL => askableUrl(address, { what: 'It', from });
    if (isLet) assert.equal(asked().href, address);
    else assert.throws(asked, Error, `${from} ${address}`);
  }
  assert.deepEqual(['127.0.0.1', '10.0.0.1', '::ffff:10.0.0.1', '192.0.2.1'].map(reachOf), [
    'this-machine',
    'private',
    'private',
    'public',
  ]);
  // A name is looked at when it is looked up.
  const ask = createGuardedAsk({ from: 'public' });
  await assert.rejects(ask({ url: new URL(`http://localhost:${new URL(web.origin).port}/`) }), /this machine/);
  assert.deepEqual(web.requests, []);
});

test('an address cannot leave the quotes it is to be pasted in', () => {
  const command = signInCommand(new URL('https://x.example/$(id)`id`;\'";&|\n'));
  assert.match(command, /^sallyport-guard mcp sign-in '[^']*'$/);
});

test('a browser is started without a shell, with addresses of the web alone, and without what is ours', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-browser-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  const seen = join(folder, 'seen');
  const program = `#!/bin/sh\nprintf '%s\\n' "$#" "$1" "\${SALLYPORT_AGENT_TOKEN-none}" > ${seen}.new\nmv ${seen}.new ${seen}\n`;
  writeFileSync(join(folder, 'xdg-open'), program, { mode: 0o755 });
  const environment = { PATH: `.:${folder}:/usr/bin:/bin`, DISPLAY: ':0', SALLYPORT_AGENT_TOKEN: 'spa_secret' };
  for (const address of ['file:///etc/passwd', 'javascript:alert(1)'])
    await openBrowser(new URL(address), environment, 'linux');
  await openBrowser(new URL('https://x.example/'), { PATH: environment.PATH }, 'linux');
  assert.ok(!existsSync(seen));
  const address = 'https://x.example/$(id);`id`?a=1&b=2';
  await openBrowser(new URL(address), environment, 'linux');
  await eventually({ what: 'the browser', timeoutMs: 20_000, look: async () => (existsSync(seen) ? true : undefined) });
  assert.equal(readFileSync(seen, 'utf8'), `1\n${new URL(address).href}\nnone\n`);
});

test('whatever metadata say, what comes out names this issuer and this server, and addresses that may be asked', async () => {
  const issuer = 'https://login.example/tenant';
  const server = new URL('https://notes.example/a/mcp');
  const text = fc.oneof(
    fc.constantFrom(
      issuer,
      'S256',
      'code',
      'https://x.example',
      'http://127.0.0.1/',
      'javascript:1',
      'https://10.0.0.1',
    ),
    fc.string(),
    fc.webUrl(),
  );
  const value = fc.oneof(text, fc.array(text, { maxLength: 3 }), fc.jsonValue());
  const names = [...Object.keys(honestMetadata('')), 'resource', 'authorization_servers', 'scopes_supported'];
  const said = fc.dictionary(fc.constantFrom(...names), value);
  await fc.assert(
    fc.asyncProperty(said, fc.boolean(), async (body, isHonest) => {
      const read = parseJson(JSON.stringify({ ...body, ...(isHonest ? { issuer, resource: server.href } : {}) }));
      assert.ok(isJsonObject(read));
      const asked: URL[] = [];
      const ask = async ({ url }: { readonly url: URL }) => {
        asked.push(url);
        return { status: 200, body: read };
      };
      const found = await findAuthorizationServer({ issuer, ask, from: 'public' }).catch(String);
      if (typeof found !== 'string') {
        assert.equal(found.issuer, issuer);
        for (const url of [found.authorizationEndpoint, found.tokenEndpoint]) assert.equal(url.protocol, 'https:');
      }
      const resource = await findResource({ server, challenge: undefined, ask, from: 'public' }).catch(String);
      if (typeof resource !== 'string') assert.equal(new URL(resource.resource).origin, server.origin);
      assert.ok(asked.every(({ host }) => host === 'login.example' || host === 'notes.example'));
    }),
    { numRuns: 500 },
  );
});
