import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { createConsoleFiles } from './console-files.ts';

async function serve(t: { after(action: () => void): void }): Promise<FastifyInstance> {
  const outside = mkdtempSync(join(tmpdir(), 'sallyport-console-'));
  t.after(() => rmSync(outside, { recursive: true, force: true }));
  const directory = join(outside, 'dist');
  mkdirSync(join(directory, 'assets'), { recursive: true });
  writeFileSync(join(directory, 'index.html'), '<title>console</title>');
  writeFileSync(join(directory, 'assets', 'index-1.js'), 'export {};');
  writeFileSync(join(directory, '.sources'), 'hash');
  writeFileSync(join(outside, 'secret.html'), 'not for you');
  symlinkSync(join(directory, 'gone'), join(directory, 'assets', 'broken.txt'));
  const app = fastify();
  await app.register(createConsoleFiles(directory));
  await app.ready();
  return app;
}

test('Every address that is no file and not the API’s gives the page, under the strict policy and never stored', async (t) => {
  const app = await serve(t);
  for (const url of ['/', '/alerts?open=1-2', '/index.html']) {
    const answer = await app.inject({ url });
    assert.equal(answer.body, '<title>console</title>', url);
    assert.match(
      String(answer.headers['content-security-policy']),
      /default-src 'none'; script-src 'self'; style-src 'self';/,
    );
    assert.doesNotMatch(String(answer.headers['content-security-policy']), /unsafe|\*/);
    assert.equal(answer.headers['cache-control'], 'no-cache');
  }
});

test('A file named by its content may be kept for ever; one that is gone is not found', async (t) => {
  const app = await serve(t);
  const found = await app.inject({ url: '/assets/index-1.js' });
  assert.match(String(found.headers['cache-control']), /immutable/);
  assert.match(String(found.headers['content-type']), /text\/javascript/);
  assert.equal((await app.inject({ url: '/assets/index-0.js' })).statusCode, 404);
});

test('Who takes compressed content gets it, anybody else the same content as it is', async (t) => {
  const app = await serve(t);
  const url = '/assets/index-1.js';
  const compressed = await app.inject({ url, headers: { 'accept-encoding': 'gzip, br' } });
  assert.equal(compressed.headers['content-encoding'], 'gzip');
  assert.equal(gunzipSync(compressed.rawPayload).toString(), 'export {};');
  const plain = await app.inject({ url });
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.equal(plain.body, 'export {};');
  for (const answer of [compressed, plain]) assert.equal(answer.headers['vary'], 'accept-encoding');
});

test('Nothing outside the built files is served, and the API’s addresses stay the API’s', async (t) => {
  const app = await serve(t);
  for (const url of [
    '/../secret.html',
    '/%2e%2e/secret.html',
    '/assets/..%2f..%2fsecret.html',
    '/.sources',
    '//etc/passwd',
  ]) {
    assert.doesNotMatch((await app.inject({ url })).body, /not for you|^hash|root:/, url);
  }
  for (const url of ['/v1', '/v1/nothing']) assert.equal((await app.inject({ url })).statusCode, 404, url);
});

test('Without a built console there is nothing to serve', async () => {
  const app = fastify();
  await app.register(createConsoleFiles('/nonexistent'));
  assert.equal((await app.inject({ url: '/' })).statusCode, 404);
});
