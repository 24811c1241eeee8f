import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeyVaultError } from '../errors.ts';
import { parseKeyProvidersConfig } from './providers-config.ts';
import { readSecretFile } from './secret-file.ts';

const whole = {
  first: ['pkcs11', 'sealed-file'],
  pkcs11: { module: '/usr/lib/softhsm/libsofthsm2.so', token_serial: '1234', pin_file: '/run/pin' },
  tpm: { pcrs: [7], tcti: 'device:/dev/tpmrm0' },
  transit: { address: 'https://bao.example:8200', token_file: '/run/token' },
  'aws-kms': { region: 'eu-central-1', account: '111122223333' },
};

test('what is documented is read', () => {
  assert.deepEqual(parseKeyProvidersConfig(JSON.stringify(whole)), whole);
});

test('a provider that is not configured, a secret in the file, plain HTTP and what is misspelt are refused', () => {
  const faults: readonly object[] = [
    { first: ['tpm'] },
    { ...whole, first: [] },
    { ...whole, pkcs11: { ...whole.pkcs11, pin: '1234' } },
    { ...whole, transit: { ...whole.transit, address: 'http://bao.example:8200' } },
    { ...whole, transit: { ...whole.transit, address: 'https://user:password@bao.example' } },
    { ...whole, transit: { ...whole.transit, mount: '../sys' } },
    { ...whole, 'aws-kms': { ...whole['aws-kms'], account: 'mine' } },
    { ...whole, 'aws-kms': { ...whole['aws-kms'], pending_window_days: 3 } },
    { ...whole, tpm: { pcrs: [24] } },
    { ...whole, tpn: {} },
  ];
  for (const fault of faults) {
    assert.throws(
      () => parseKeyProvidersConfig(JSON.stringify(fault)),
      { code: 'provider_refused' },
      JSON.stringify(fault),
    );
  }
});

test('no text makes the reading end otherwise than with a refusal', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      try {
        parseKeyProvidersConfig(text);
      } catch (error) {
        assert.ok(error instanceof KeyVaultError && error.code === 'provider_refused');
      }
    }),
  );
});

test('a secret that everybody may read is not used', (context) => {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-secret-'));
  context.after(() => rmSync(root, { recursive: true }));
  const file = join(root, 'pin');
  writeFileSync(file, '4711\n', { mode: 0o600 });
  assert.equal(readSecretFile(file).reveal(), '4711');
  assert.equal(String(readSecretFile(file)), '[secret]');
  chmodSync(file, 0o644);
  assert.throws(() => readSecretFile(file), { code: 'provider_refused' });
  writeFileSync(join(root, 'empty'), '\n', { mode: 0o600 });
  assert.throws(() => readSecretFile(join(root, 'empty')), { code: 'provider_refused' });
  assert.throws(() => readSecretFile(join(root, 'missing')), { code: 'provider_unavailable' });
});
