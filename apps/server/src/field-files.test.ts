import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { createConsoleFiles } from './console-files.ts';
import { createFieldFiles } from './field-files.ts';

async function serve(t: { after(action: () => void): void }): Promise<FastifyInstance> {
  const outside = mkdtempSync(join(tmpdir(), 'sallyport-field-'));
  t.after(() => rmSync(outside, { recursive: true, force: true }));
  for (const name of ['console', 'field']) {
    mkdirSync(join(outside, name, 'assets'), { recursive: true });
    writeFileSync(join(outside, name, 'index.html'), `<title>${name}</title>`);
  }
  writeFileSync(join(outside, 'field', 'assets', 'index-1.js'), 'export {};');
  writeFileSync(join(outside, 'field', 'service-worker.js'), 'void 0;');
  writeFileSync(join(outside, 'field', 'manifest.webmanifest'), '{}');
  writeFileSync(join(outside, 'secret.html'), 'not for you');
  const app = fastify();
  await app.register(createConsoleFiles(join(outside, 'console')));
  await app.register(createFieldFiles(join(outside, 'field')));
  await app.ready();
  return app;
}

test('A page may ask for camera, microphone and position below /field/, and nowhere else', async (t) => {
  const app = await serve(t);
  const field = await app.inject({ url: '/field/?from=home' });
  assert.equal(field.body, '<title>field</title>');
  assert.match(
    String(field.headers['permissions-policy']),
    /camera=\(self\), microphone=\(self\), geolocation=\(self\)/,
  );
  for (const url of ['/', '/fieldwork', '/live', '/Field/']) {
    const answer = await app.inject({ url });
    assert.equal(answer.body, '<title>console</title>', url);
    assert.match(String(answer.headers['permissions-policy']), /camera=\(\), geolocation=\(\), microphone=\(\)/, url);
  }
});

test('The field client runs scripts and workers of this server alone, in no frame', async (t) => {
  const app = await serve(t);
  for (const url of ['/field/', '/field/anything', '/field/service-worker.js', '/field/assets/index-1.js']) {
    const { headers } = await app.inject({ url });
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /default-src 'none'; script-src 'self';.*worker-src 'self';.*frame-ancestors 'none'/, url);
    assert.doesNotMatch(policy, /unsafe|\*|data:|blob:/, url);
  }
});

test('The page and its service worker are asked for anew each time; what is named by its content is kept', async (t) => {
  const app = await serve(t);
  for (const url of ['/field/', '/field/service-worker.js', '/field/manifest.webmanifest'])
    assert.equal((await app.inject({ url })).headers['cache-control'], 'no-cache', url);
  assert.match(String((await app.inject({ url: '/field/assets/index-1.js' })).headers['cache-control']), /immutable/);
  assert.equal((await app.inject({ url: '/field/assets/index-0.js' })).statusCode, 404);
  const redirect = await app.inject({ url: '/field' });
  assert.deepEqual([redirect.statusCode, redirect.headers['location']], [308, '/field/']);
});

test('Nothing beside the built files is served below /field/', async (t) => {
  const app = await serve(t);
  for (const url of ['/field/../secret.html', '/field/%2e%2e/secret.html', '/field/assets/..%2f..%2f..%2fsecret.html'])
    assert.doesNotMatch((await app.inject({ url })).body, /not for you/, url);
});

test('Without a built field client there is nothing to serve', async () => {
  const app = fastify();
  await app.register(createFieldFiles('/nonexistent'));
  assert.equal((await app.inject({ url: '/field/' })).statusCode, 404);
});
