import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { freeName, serverPlace, sourceNamePattern } from './server-place.ts';

test('The address for others goes before the one of this page, with the port its scheme has', () => {
  assert.deepEqual(serverPlace('https://guard.example', 'http://localhost:8470'), {
    address: 'https://guard.example',
    host: 'guard.example',
    port: '443',
    isLocalOnly: false,
  });
  assert.deepEqual(serverPlace(null, 'http://localhost:8470'), {
    address: 'http://localhost:8470',
    host: 'localhost',
    port: '8470',
    isLocalOnly: true,
  });
  assert.equal(serverPlace('https://[fd00::5]:8443', 'http://localhost').host, 'fd00::5');
});

test('A suggested name is free and always one the server takes', () => {
  assert.equal(freeName('rsyslog', []), 'rsyslog');
  assert.equal(freeName('rsyslog', ['rsyslog', 'rsyslog-2']), 'rsyslog-3');
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string()), (wanted, taken) => {
      const name = freeName(wanted, taken);
      assert.match(name, sourceNamePattern);
      assert.ok(!taken.includes(name));
    }),
  );
});
