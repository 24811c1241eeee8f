import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createTransport, fingerprintOf, parseServer } from './transport.ts';
import type { Trust } from './transport.ts';

const directory = mkdtempSync(join(tmpdir(), 'sensor-tls-'));
const open: http.Server[] = [];
after(() => {
  for (const server of open) server.close();
  rmSync(directory, { recursive: true });
});
const { signal } = new AbortController();
const openssl = 'openssl';
const hasOpenssl = spawnSync(openssl, ['version']).status === 0;
const skip = hasOpenssl ? false : 'openssl is not installed';

function certificate(name: string): { key: string; cert: string; file: string } {
  const [key, cert] = [join(directory, `${name}.key`), join(directory, `${name}.pem`)];
  const made = spawnSync(openssl, [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    key,
    '-out',
    cert,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-addext',
    'subjectAltName=IP:127.0.0.1',
  ]);
  assert.equal(made.status, 0, String(made.stderr));
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8'), file: cert };
}

async function listen(server: http.Server): Promise<number> {
  open.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

test('a certificate of the given authority, or the pinned one, is taken; any other gets no key', { skip }, async () => {
  const [own, other] = [certificate('own'), certificate('other')];
  const seen: (string | undefined)[] = [];
  const port = await listen(
    https.createServer(own, (incoming, outgoing) => {
      seen.push(incoming.headers.authorization);
      outgoing.end('fine');
    }),
  );
  const ask = async (trust: Trust) => {
    const transport = createTransport({
      server: parseServer(`https://127.0.0.1:${port}`),
      key: () => 'sp_secret',
      trust,
    });
    try {
      return (await transport.ask({ method: 'GET', path: '/v1/x', signal })).status;
    } catch (error) {
      return error instanceof Error ? error.message : '';
    } finally {
      transport.close();
    }
  };
  const print = new X509Certificate(own.cert).fingerprint256;
  assert.equal(await ask({ caFile: own.file }), 200);
  assert.equal(await ask({ fingerprint: print }), 200);
  assert.deepEqual(seen, ['Bearer sp_secret', 'Bearer sp_secret']);
  for (const trust of [{}, { caFile: other.file }, { fingerprint: new X509Certificate(other.cert).fingerprint256 }])
    assert.match(String(await ask(trust)), /^Cannot reach/);
  assert.equal(seen.length, 2);
});

test('a key is sent in clear to this host only', () => {
  assert.equal(parseServer('http://127.0.0.1:8470').port, '8470');
  assert.throws(() => parseServer('http://192.0.2.1:8470'), { code: 'usage' });
  for (const text of ['ftp://x', 'x', 'https://a:b@c']) assert.throws(() => parseServer(text), { code: 'usage' });
  assert.throws(() => fingerprintOf('abc'), { code: 'usage' });
});

test('a redirect is an answer, not an instruction, and a new key is used with the next question', async () => {
  const seen: (string | undefined)[] = [];
  const port = await listen(
    http.createServer((incoming, outgoing) => {
      seen.push(incoming.headers.authorization);
      outgoing.writeHead(307, { location: 'http://192.0.2.1/', 'retry-after': '5' }).end();
    }),
  );
  let key = 'one';
  const transport = createTransport({ server: parseServer(`http://127.0.0.1:${port}`), key: () => key, trust: {} });
  const answer = await transport.ask({ method: 'GET', path: '/v1/x', signal });
  assert.deepEqual([answer.status, answer.retryAfter], [307, '5']);
  key = 'two';
  await transport.ask({ method: 'POST', path: '/v1/x', body: Buffer.from('x'), signal });
  transport.close();
  assert.deepEqual(seen, ['Bearer one', 'Bearer two']);
});

test('a server that never answers is given up', async () => {
  const port = await listen(http.createServer(() => undefined));
  const transport = createTransport({
    server: parseServer(`http://127.0.0.1:${port}`),
    key: () => 'k',
    trust: {},
    timeoutMs: 50,
  });
  await assert.rejects(transport.ask({ method: 'GET', path: '/v1/x', signal }), { code: 'server_unreachable' });
  transport.close();
  for (const server of open) server.closeAllConnections();
});
