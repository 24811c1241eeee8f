import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { freePort } from '@sallyport/testing/free-port';
import fc from 'fast-check';
import { ProviderError } from '../errors.ts';
import { discover } from '../oidc/metadata.ts';
import { codeIs } from '../providers.fixture.ts';
import { askProvider } from './ask-provider.ts';
import { parseProviderUrl, refuseAddress } from './provider-address.ts';

async function serve(listener: (issuer: string) => RequestListener) {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const server = createServer(listener(issuer));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const look = (ms = 5000): ReturnType<typeof discover> =>
    discover(
      { ask: askProvider, clock: createManualClock(0), deadline: () => AbortSignal.timeout(ms) },
      { issuer, allowsPrivateAddresses: true, authorityPem: undefined },
    );
  return {
    issuer,
    look,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function metadataOf(issuer: string, changes: object = {}): string {
  return JSON.stringify({
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    ...changes,
  });
}

test('addresses of clouds’ credentials, of one’s own network and in clear are no provider’s unless they were meant', () => {
  const rules = { allowsPrivateAddresses: false };
  for (const text of [
    'http://id.example.org',
    'ftp://id.example.org',
    'https://169.254.169.254/latest',
    'https://[fd00:ec2::254]/',
    'https://metadata.google.internal',
    'https://10.0.0.7',
    'https://192.168.1.1',
    'https://100.64.1.1',
    'https://[fc00::1]',
    'https://127.0.0.1',
    'https://localhost',
    'https://2130706433',
    'https://0x7f.1',
    'https://[::ffff:10.0.0.1]',
    'https://user:pass@id.example.org',
    'https://id.example.org/#x',
    'nonsense',
  ])
    assert.throws(() => parseProviderUrl(text, 'issuer', rules), codeIs('provider_invalid'), text);
  assert.equal(parseProviderUrl('https://id.example.org/realms/a', 'issuer', rules).host, 'id.example.org');
  const own = { allowsPrivateAddresses: true };
  assert.equal(parseProviderUrl('https://10.0.0.7/realms/a', 'issuer', own).host, '10.0.0.7');
  for (const text of ['http://10.0.0.7', 'https://169.254.169.254'])
    assert.throws(() => parseProviderUrl(text, 'issuer', own), codeIs('provider_invalid'), text);
});

test('what a name leads to is judged when it is asked', () => {
  for (const address of ['127.0.0.1', '10.1.2.3', '169.254.169.254', '::1', 'fc00::1'])
    assert.throws(
      () => refuseAddress(address, { allowsPrivateAddresses: false, isInClear: false }),
      codeIs('provider_unreachable'),
    );
  assert.throws(
    () => refuseAddress('169.254.169.254', { allowsPrivateAddresses: true, isInClear: false }),
    codeIs('provider_unreachable'),
  );
  refuseAddress('203.0.113.7', { allowsPrivateAddresses: false, isInClear: false });
});

test('any text is an address of a provider or refused in words', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl()), (text) => {
      try {
        assert.equal(parseProviderUrl(text, 'issuer', { allowsPrivateAddresses: false }).protocol, 'https:');
      } catch (error) {
        assert.ok(error instanceof ProviderError, String(error));
      }
    }),
  );
});

test('metadata that is endless, of another issuer, no JSON or sends us elsewhere is not used', async () => {
  const answers: readonly [string, (issuer: string) => RequestListener][] = [
    ['provider_unreachable', () => (_request, response) => response.end('x'.repeat(600 * 1024))],
    [
      'provider_answer_refused',
      (issuer) => (_request, response) => response.end(metadataOf(issuer, { junk: 'x'.repeat(200 * 1024) })),
    ],
    ['provider_answer_refused', () => (_request, response) => response.end('<html>')],
    ['provider_answer_refused', () => (_request, response) => response.end(metadataOf('https://another.example'))],
    ['provider_answer_refused', (issuer) => (_request, response) => response.end(metadataOf(`${issuer}/`))],
    [
      'provider_answer_refused',
      (issuer) => (_request, response) =>
        response.end(metadataOf(issuer, { jwks_uri: 'http://169.254.169.254/latest/meta-data' })),
    ],
    [
      'provider_answer_refused',
      (issuer) => (_request, response) =>
        response.end(metadataOf(issuer, { token_endpoint: 'http://internal.example/x' })),
    ],
    [
      'provider_answer_refused',
      (issuer) => (_request, response) => response.end(metadataOf(issuer, { token_endpoint: 7 })),
    ],
    [
      'provider_unreachable',
      () => (_request, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    ],
  ];
  for (const [code, listener] of answers) {
    await using server = await serve(listener);
    await assert.rejects(server.look(), codeIs(code), listener(server.issuer).toString());
  }
});

test('a provider that answers slowly, byte by byte or never is given up', async () => {
  for (const listener of [
    () => () => undefined,
    () => ((_request, response) => void response.writeHead(200).write('{')) satisfies RequestListener,
  ]) {
    await using server = await serve(listener);
    await assert.rejects(server.look(200), codeIs('provider_unreachable'));
  }
});

test('keys that redirect elsewhere are not followed there', async () => {
  let asked = 0;
  await using inner = await serve(() => (_request, response) => {
    asked += 1;
    response.end('{"keys":[]}');
  });
  await using server = await serve((issuer) => (request, response) => {
    if (request.url?.endsWith('/jwks') !== true) return response.end(metadataOf(issuer));
    return response.writeHead(302, { location: `${inner.issuer}/jwks` }).end();
  });
  const { keys } = await server.look();
  await assert.rejects(keys.count(), codeIs('provider_unreachable'));
  assert.equal(asked, 0);
});

test('a host that neither the issuer nor its metadata names is asked nothing', async () => {
  let asked = 0;
  await using other = await serve(() => (_request, response) => {
    asked += 1;
    response.end('{}');
  });
  const provider = { hosts: new Set(['id.example.org']), allowsPrivateAddresses: true, authorityPem: undefined };
  const call = { method: 'GET', url: other.issuer, headers: {}, signal: AbortSignal.timeout(1000) };
  await assert.rejects(askProvider(provider, call), codeIs('provider_unreachable'));
  assert.equal(asked, 0);
});
