import assert from 'node:assert/strict';
import { createServer as createTlsServer } from 'node:https';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { issue } from '../certificates.fixture.ts';
import {
  CertificateError,
  openHttpChallenge,
  orderCertificate,
  parseDirectoryUrl,
  readAcmeDirectory,
} from '../index.ts';

function ask(port: number, method: string, path: string, host: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers: { host }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('the challenge’s listener answers the one question it was told, by name and token, and nothing else', async () => {
  const challenge = await openHttpChallenge({ host: '127.0.0.1', port: 0 });
  const path = '/.well-known/acme-challenge/token-1';
  challenge.offer('gate.example.test', 'token-1', 'token-1.thumb');
  assert.deepEqual(await ask(challenge.port, 'GET', path, 'gate.example.test'), { status: 200, text: 'token-1.thumb' });
  assert.equal((await ask(challenge.port, 'GET', path, 'Gate.Example.Test:80')).status, 200);
  for (const [method, asked, host] of [
    ['GET', path, 'other.example.test'],
    ['POST', path, 'gate.example.test'],
    ['GET', `${path}?x`, 'gate.example.test'],
    ['GET', `${path}/../token-1`, 'gate.example.test'],
    ['GET', '/.well-known/acme-challenge/', 'gate.example.test'],
    ['GET', '/', 'gate.example.test'],
    ['GET', '/v1/ready', 'gate.example.test'],
  ] as const) {
    assert.deepEqual(await ask(challenge.port, method, asked, host), { status: 404, text: '' }, `${method} ${asked}`);
  }
  await challenge.close();
  await assert.rejects(ask(challenge.port, 'GET', path, 'gate.example.test'), { code: 'ECONNREFUSED' });
});

test('a challenge port somebody has is said to be taken', async () => {
  const squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  const address = squatter.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await assert.rejects(openHttpChallenge({ host: '127.0.0.1', port }), { code: 'challenge_port_in_use' });
  squatter.close();
});

test('a directory is an https address without a password in it', () => {
  assert.equal(parseDirectoryUrl('https://acme.example.org/dir'), 'https://acme.example.org/dir');
  for (const text of [
    'http://acme.example.org',
    'ftp://x',
    'https://a:b@acme.example.org/',
    '',
    'x',
    `https://a/${'a'.repeat(600)}`,
  ])
    assert.throws(() => parseDirectoryUrl(text), { code: 'acme_directory_invalid' }, text);
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        assert.match(parseDirectoryUrl(text), /^https:\/\//);
      } catch (error) {
        assert.ok(error instanceof CertificateError);
        assert.doesNotMatch(error.message, /\p{Cc}/u);
      }
    }),
  );
});

/** An ACME server that answers as it is told; ended with the test. */
async function acmeServer(
  answer: (base: string, request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ base: string; caPem: string; [Symbol.asyncDispose](): Promise<void> }> {
  const root = await issue({ name: 'Root', isAuthority: true });
  const own = await issue({ name: 'localhost', issuer: root, names: ['localhost'] });
  let base = '';
  const server = createTlsServer({ key: own.keyPem, cert: own.pem }, (asked, response) => {
    asked.resume().once('end', () => answer(base, asked, response));
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const address = server.address();
  base = `https://localhost:${typeof address === 'object' && address !== null ? address.port : 0}`;
  return {
    base,
    caPem: root.pem,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

test('a server that says to come back in an hour is not waited for', { timeout: 120_000 }, async () => {
  await using server = await acmeServer((_base, _request, response) => {
    response.writeHead(503, { 'retry-after': '3600' }).end();
  });
  const network = { directoryCaPem: server.caPem, signal: AbortSignal.timeout(100_000) };
  await assert.rejects(readAcmeDirectory(`${server.base}/dir`, network), { code: 'acme_directory_invalid' });
});

test(
  'an order that is given up ends at once, also while the other server lets it wait',
  { timeout: 120_000 },
  async () => {
    const stop = new AbortController();
    let looked = 0;
    let asked = 0;
    const finalized: string[] = [];
    await using server = await acmeServer((base, { url = '' }, response) => {
      const challenge = { type: 'tls-alpn-01', url: `${base}/challenge`, token: 'token-1', status: 'pending' };
      const identifiers = [{ type: 'dns', value: 'gate.example.test' }];
      const answers: Record<string, object> = {
        '/dir': { newNonce: `${base}/nonce`, newAccount: `${base}/account`, newOrder: `${base}/order` },
        '/nonce': {},
        '/account': { status: 'valid' },
        '/order': {
          status: 'pending',
          identifiers,
          authorizations: [`${base}/authorization`],
          finalize: `${base}/finalize`,
        },
        '/authorization': { status: 'pending', identifier: identifiers[0], challenges: [challenge] },
        '/challenge': challenge,
      };
      if (url === '/finalize') finalized.push(url);
      const isNew = url === '/account' || url === '/order';
      response.writeHead(isNew ? 201 : 200, {
        'content-type': 'application/json',
        'replay-nonce': `nonce-${(looked += 1)}`,
        ...(isNew ? { location: `${base}${url}/1` } : {}),
      });
      response.end(JSON.stringify(answers[url] ?? {}));
      // Once to begin, then each time to see how it is going.
      if (url === '/authorization' && (asked += 1) === 2) stop.abort();
    });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const ordering = orderCertificate({
      directoryUrl: `${server.base}/dir`,
      directoryCaPem: server.caPem,
      accountKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      names: ['gate.example.test'],
      challenge: 'tls-alpn-01',
      responder: { offerHttp: () => undefined, offerTls: () => undefined },
      onStep: () => undefined,
      signal: stop.signal,
    });
    await assert.rejects(ordering, { code: 'acme_timeout' });
    assert.deepEqual(finalized, []);
  },
);
