// A witness is reached over TLS: with an authority of its own when it is told, and never unverified.
import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import { test } from 'node:test';
import { callWitness } from '@sallyport/ledger';
import { createTestAuthority } from './test-authority.ts';

test('a witness with a certificate of its own authority is believed with that authority alone, and only under its name', async (context) => {
  const authority = createTestAuthority();
  const { cert, key } = authority.issue({ commonName: 'witness', dnsName: 'localhost', use: 'serverAuth' });
  let asked = 0;
  const server = createServer({ cert, key }, (_request, response) => {
    asked += 1;
    response.end('answer');
  });
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const { signal } = new AbortController();
  const ask = (host: string, authorityPem: string | undefined) =>
    callWitness({ method: 'GET', url: `https://${host}:${address.port}/`, authorityPem, signal });
  assert.equal((await ask('localhost', authority.certificatePem)).body.toString(), 'answer');
  const nobody = { code: 'witness_unreachable', message: /nobody known vouches for its certificate/ };
  await assert.rejects(ask('localhost', undefined), nobody);
  await assert.rejects(ask('localhost', createTestAuthority('Another').certificatePem), {
    code: 'witness_unreachable',
  });
  await assert.rejects(ask('127.0.0.1', authority.certificatePem), { message: /its certificate is for another name/ });
  assert.equal(asked, 1);
});
