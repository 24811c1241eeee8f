// Smart cards against the whole server, over real TLS: cards made here and now, and what somebody tries who has none.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { after, before, test } from 'node:test';
import { connect, type ConnectionOptions } from 'node:tls';
import { issue, listOf, type Party } from '@sallyport/identity/test-certificates';
import { freePort } from '@sallyport/testing/free-port';
import { heldSocket } from '@sallyport/testing/held-socket';
import { password, startAccess, textIn, totp, type Access } from './access.fixture.ts';

type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly cookies: ReadonlyMap<string, string>;
};

let access: Access;
let ca: string;
let mainPort: number;
let doorPort: number;
let origin: string;
let admin: string;
let root: Party;
let authorityId: string;
const nowMs = Date.now();

before(async () => {
  doorPort = await freePort();
  access = await startAccess(['--name', 'console.example.test'], { SALLYPORT_CERTIFICATE_PORT: String(doorPort) });
  ca = readFileSync(access.server.authorityFile ?? '', 'utf8');
  mainPort = Number(new URL(access.server.address).port);
  origin = `https://localhost:${mainPort}`;
  admin = await moveInAdministrator();
  root = await issue(nowMs, { name: 'Staff root', isAuthority: true });
});
after(() => access.stop());

function ask(
  method: string,
  path: string,
  options: {
    readonly port?: number;
    readonly cookie?: string;
    readonly body?: object;
    readonly card?: Pick<Party, 'pem' | 'keyPem'>;
    readonly headers?: object;
  } = {},
): Promise<Answer> {
  const { port = mainPort, cookie, body, card, headers = {} } = options;
  const sent = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method,
        agent: false,
        ca,
        servername: 'localhost',
        ...(card === undefined ? {} : { cert: card.pem, key: card.keyPem }),
        headers: {
          host: `localhost:${port}`,
          ...(method === 'GET' ? {} : { origin, 'x-sallyport': '1' }),
          ...(cookie === undefined ? {} : { cookie }),
          ...(sent === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
          ...headers,
        },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          const isJson = (response.headers['content-type'] ?? '').includes('json');
          const read: unknown = isJson ? JSON.parse(text) : {};
          const cookies = new Map(
            (response.headers['set-cookie'] ?? []).map((line) => {
              const [name = '', value = ''] = line.split(';', 1)[0]?.split('=') ?? [];
              return [name, value] as const;
            }),
          );
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: typeof read === 'object' && read !== null ? { ...read } : {},
            cookies,
          });
        });
      },
    );
    asked.on('error', reject);
    asked.end(sent);
  });
}

async function moveInAdministrator(): Promise<string> {
  const token = access.server.setupLink?.split('#')[1] ?? '';
  const made = await ask('POST', '/v1/setup/administrator', { body: { token, name: 'Ada', password } });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const enrolment = textIn(made.body, 'enrolment');
  const begun = await ask('POST', '/v1/enrolment/totp', { body: { enrolment } });
  const code = totp(textIn(begun.body, 'secret'), Date.now());
  const done = await ask('POST', '/v1/enrolment/totp/confirm', { body: { enrolment, code } });
  assert.equal(done.status, 200, JSON.stringify(done.body));
  return `__Host-sallyport=${done.cookies.get('__Host-sallyport') ?? ''}`;
}

type Begun = { readonly path: string; readonly cookie: string };

async function begin(): Promise<Begun> {
  const begun = await ask('POST', '/v1/session/certificate/begin', { body: { return_to: '/alerts' } });
  assert.equal(begun.status, 200, JSON.stringify(begun.body));
  const url = new URL(textIn(begun.body, 'url'));
  assert.equal(url.origin, `https://localhost:${doorPort}`);
  const cookie = `__Host-sallyport-attempt=${begun.cookies.get('__Host-sallyport-attempt') ?? ''}`;
  return { path: `${url.pathname}${url.search}`, cookie };
}
/** What stands behind the "#" of where the door leads. */
function behind({ status, headers }: Answer): URLSearchParams {
  assert.equal(status, 303);
  const location = new URL(String(headers['location']));
  assert.equal(`${location.origin}${location.pathname}${location.search}`, `${origin}/sign-in/certificate`);
  return new URLSearchParams(location.hash.slice(1));
}
async function ticketOf({ path, cookie }: Begun, card: Party): Promise<string> {
  return behind(await ask('GET', path, { port: doorPort, cookie, card })).get('ticket') ?? '';
}
async function signIn(card: Party): Promise<Answer> {
  const begun = await begin();
  const ticket = await ticketOf(begun, card);
  return ask('POST', '/v1/session/certificate', { cookie: begun.cookie, body: { ticket } });
}
const card = (wanted: Partial<Parameters<typeof issue>[1]> = {}): Promise<Party> =>
  issue(nowMs, { name: 'Ada', issuer: root, ...wanted });

test('an authority is registered, a card is bound, and opens a session over a handshake that proved its key', async () => {
  assert.deepEqual((await ask('GET', '/v1/session/certificate')).body, { offered: false });
  const made = await ask('POST', '/v1/certificate-authorities', {
    cookie: admin,
    body: { name: 'Staff', enabled: true, pem: root.pem },
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  authorityId = textIn(made.body, 'id');
  const listed = await ask('PUT', `/v1/certificate-authorities/${authorityId}/revocations`, {
    cookie: admin,
    body: { list: await listOf(root, nowMs) },
  });
  assert.equal(listed.status, 200, JSON.stringify(listed.body));
  assert.deepEqual((await ask('GET', '/v1/session/certificate')).body, { offered: true });

  const own = await card();
  const binding = await ask('POST', '/v1/account/certificates/begin', { cookie: admin, body: { label: 'Card' } });
  assert.equal(binding.status, 200, JSON.stringify(binding.body));
  const url = new URL(textIn(binding.body, 'url'));
  const attempt = `__Host-sallyport-attempt=${binding.cookies.get('__Host-sallyport-attempt') ?? ''}`;
  const ticket = await ticketOf({ path: `${url.pathname}${url.search}`, cookie: attempt }, own);
  const bound = await ask('POST', '/v1/account/certificates', { cookie: `${admin}; ${attempt}`, body: { ticket } });
  assert.equal(bound.status, 204, JSON.stringify(bound.body));

  const entered = await signIn(own);
  assert.equal(entered.status, 200, JSON.stringify(entered.body));
  assert.equal(textIn(entered.body, 'return_to'), '/alerts');
  const session = `__Host-sallyport=${entered.cookies.get('__Host-sallyport') ?? ''}`;
  const { body } = await ask('GET', '/v1/session', { cookie: session });
  assert.match(JSON.stringify(body), /"assurance":3,"methods":\["certificate"\]/);
});

test('whoever was invited chooses a password, shows their card, and is in', async () => {
  const invited = await ask('POST', '/v1/invitations', { cookie: admin, body: { name: 'Bo', roles: ['viewer'] } });
  assert.equal(invited.status, 201, JSON.stringify(invited.body));
  const token = textIn(invited.body, 'link').split('#')[1] ?? '';
  const accepted = await ask('POST', '/v1/invitations/accept', { body: { token, password } });
  assert.deepEqual(accepted.body['methods'], ['passkey', 'certificate', 'totp'], JSON.stringify(accepted.body));
  const enrolment = textIn(accepted.body, 'enrolment');
  const begun = await ask('POST', '/v1/enrolment/certificate/begin', { body: { enrolment } });
  assert.equal(begun.status, 200, JSON.stringify(begun.body));
  const url = new URL(textIn(begun.body, 'url'));
  const cookie = `__Host-sallyport-attempt=${begun.cookies.get('__Host-sallyport-attempt') ?? ''}`;
  const own = await card({ name: 'Bo' });
  const ticket = await ticketOf({ path: `${url.pathname}${url.search}`, cookie }, own);
  // Without the cookie of the browser that went it is nothing.
  assert.equal((await ask('POST', '/v1/enrolment/certificate', { body: { ticket } })).status, 401);
  const enrolled = await ask('POST', '/v1/enrolment/certificate', { cookie, body: { ticket } });
  assert.equal(enrolled.status, 200, JSON.stringify(enrolled.body));
  assert.ok(Array.isArray(enrolled.body['recovery_codes']) && enrolled.body['recovery_codes'].length > 0);
  const session = `__Host-sallyport=${enrolled.cookies.get('__Host-sallyport') ?? ''}`;
  assert.match(JSON.stringify((await ask('GET', '/v1/session', { cookie: session })).body), /"assurance":3/);
  assert.equal((await signIn(own)).status, 200);
});

test('a ticket is refused a second time, in another browser, and when it is another text', async () => {
  const own = await card();
  const [here, other] = [await begin(), await begin()];
  const ticket = await ticketOf(here, own);
  const post = (cookie: string, text = ticket) =>
    ask('POST', '/v1/session/certificate', { cookie, body: { ticket: text } });
  for (const answer of [await post(other.cookie), await post(''), await post(here.cookie, `${ticket}A`)])
    assert.deepEqual([answer.status, answer.body['code']], [401, 'certificate_attempt_invalid']);
  // This card is bound to nobody: it is good, and still nobody comes in, nor a second time.
  for (const _ of [1, 2]) assert.equal((await post(here.cookie)).body['code'], 'certificate_refused');
  assert.equal(
    behind(await ask('GET', here.path, { port: doorPort, cookie: other.cookie, card: own })).get('problem'),
    'not-begun-here',
  );
});

test('only a handshake shows a certificate: no header, no other listener, no earlier connection', async () => {
  const own = await card();
  const begun = await begin();
  const headers = Object.fromEntries(
    [
      'x-client-cert',
      'x-ssl-client-cert',
      'ssl-client-cert',
      'x-forwarded-client-cert',
      'client-cert',
      'x-arr-clientcert',
    ].map((name) => [name, Buffer.from(own.der).toString('base64')]),
  );
  for (const port of [doorPort, mainPort]) {
    const answer = await ask('GET', begun.path, { port, cookie: begun.cookie, headers });
    assert.equal(behind(answer).get('problem'), 'none-shown');
  }
  assert.equal(behind(await ask('GET', begun.path, { cookie: begun.cookie, card: own })).get('problem'), 'none-shown');

  const answer = await ask('GET', begun.path, { port: doorPort, cookie: begun.cookie, card: own });
  assert.equal(answer.headers['connection'], 'close');
  const options: ConnectionOptions = {
    host: '127.0.0.1',
    port: doorPort,
    ca,
    servername: 'localhost',
    ALPNProtocols: ['http/1.1'],
  };
  const sessions: Buffer[] = [];
  const visit = async (more: ConnectionOptions): Promise<{ isReused: boolean; text: string }> => {
    using socket = heldSocket(connect({ ...options, ...more }));
    socket.on('session', (session: Buffer) => sessions.push(session));
    await once(socket, 'secureConnect');
    socket.write(`GET ${begun.path} HTTP/1.1\r\nhost: localhost:${doorPort}\r\ncookie: ${begun.cookie}\r\n\r\n`);
    let text = '';
    socket.on('data', (part: Buffer) => (text += part.toString('latin1')));
    await once(socket, 'end');
    return { isReused: socket.isSessionReused(), text };
  };
  assert.match((await visit({ cert: own.pem, key: own.keyPem })).text, /#for=sign-in&ticket=/);
  // Whoever took up that session again would show the card without having it; each visit brings others.
  const taken = sessions.splice(0);
  assert.ok(taken.length > 0);
  for (const session of taken) {
    const again = await visit({ session });
    assert.equal(again.isReused, false);
    assert.match(again.text, /problem=none-shown/);
  }
});

test('a certificate of somebody without its key ends with the handshake', async () => {
  const [own, mine] = [await card(), await card({ name: 'Eve' })];
  const begun = await begin();
  await assert.rejects(
    ask('GET', begun.path, { port: doorPort, cookie: begun.cookie, card: { pem: own.pem, keyPem: mine.keyPem } }),
    /mismatch/,
  );
});

test('self-signed, strange, expired, early and revoked cards come through the handshake and no further', async () => {
  const other = await issue(nowMs, { name: 'Staff root', isAuthority: true });
  const revoked = await card();
  const took = await ask('PUT', `/v1/certificate-authorities/${authorityId}/revocations`, {
    cookie: admin,
    body: { list: await listOf(root, nowMs, { revoked: [revoked] }) },
  });
  assert.equal(took.body['entries'], 1, JSON.stringify(took.body));
  const rsa = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const cases: readonly [Party, string][] = [
    [await issue(nowMs, { name: 'Ada' }), 'authority-unknown'],
    [await issue(nowMs, { name: 'Ada', issuer: other }), 'authority-unknown'],
    [await card({ toMs: nowMs - 1000 }), 'expired'],
    [await card({ fromMs: nowMs + 3_600_000 }), 'not-yet-valid'],
    [await card({ purposes: ['1.3.6.1.5.5.7.3.1'] }), 'wrong-purpose'],
    [await card({ isAuthority: true, purposes: ['1.3.6.1.5.5.7.3.2'] }), 'is-an-authority'],
    [revoked, 'revoked'],
    [await card({ keyAlgorithm: rsa }), 'nobody'],
  ];
  for (const [bad, reason] of cases) {
    const answer = await signIn(bad);
    assert.equal(answer.status, 401, reason);
    assert.match(JSON.stringify(answer.body), new RegExp(`"reason":"${reason}"`));
    assert.equal(answer.cookies.get('__Host-sallyport'), undefined);
  }
});
