import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import Fastify from 'fastify';
import { createInstallRoutes, installSteps } from './install.ts';

const given = {
  sha256: 'a'.repeat(64),
  engine: [{ name: 'engine.wasm', sha256: 'b'.repeat(64), bytes: Buffer.from('engine') }],
  unit: '[Unit]\nDescription=x\n',
  authorityPem: () => '-----BEGIN CERTIFICATE-----\nAA\n',
};

test('the steps are shell that parses, check the hash before anything runs, and put the key on no command line', () => {
  const steps = installSteps(given);
  const whole = steps.map(({ text }) => text).join('\n');
  const parsed = spawnSync('sh', ['-n'], { input: whole, encoding: 'utf8' });
  assert.equal(parsed.status, 0, parsed.stderr);
  assert.match(whole, new RegExp(`echo '${'b'.repeat(64)}  .*sha256sum -c && install -m 0644 .*/engine.wasm`));
  assert.ok(whole.indexOf('sha256sum -c &&') < whole.indexOf('systemctl enable'));
  assert.equal(whole.split('{{key}}').length, 2);
  assert.match(whole, /<<'END-OF-FILE'\n\{\{key\}\}\nEND-OF-FILE/);
  assert.match(whole, /--cacert .*authority\.pem/);
  assert.doesNotMatch(
    installSteps({ ...given, authorityPem: () => undefined })
      .map(({ text }) => text)
      .join(),
    /cacert|caFile/,
  );
});

test('the files that are given out are those the hashes are of, no other is, and a server without it says so', async () => {
  for (const bundle of [
    () => ({
      program: { name: 'sensor.mjs', bytes: Buffer.from('sensor'), sha256: given.sha256 },
      engine: given.engine,
    }),
    () => undefined,
  ]) {
    const app = Fastify();
    app.setErrorHandler((error, _request, reply) => reply.code(404).send({ code: Reflect.get(Object(error), 'code') }));
    await app.register(createInstallRoutes({ ...given, bundle }));
    const [steps, file] = [await app.inject('/v1/sensors/install'), await app.inject('/v1/sensors/bundle')];
    if (bundle() === undefined)
      assert.deepEqual(
        [steps.json(), file.json()],
        [{ code: 'sensor_bundle_missing' }, { code: 'sensor_bundle_missing' }],
      );
    else {
      assert.deepEqual(
        [steps.json().sha256, file.body, file.headers.etag],
        [given.sha256, 'sensor', `"${given.sha256}"`],
      );
      assert.deepEqual(steps.json().engine, [{ name: 'engine.wasm', sha256: 'b'.repeat(64), bytes: 6 }]);
      assert.equal((await app.inject('/v1/sensors/bundle/engine.wasm')).body, 'engine');
      for (const other of ['sensor.mjs', '..%2f..%2fkey', 'engine.wasm%00', '__proto__'])
        assert.ok((await app.inject(`/v1/sensors/bundle/${other}`)).statusCode >= 400, other);
    }
    await app.close();
  }
});
