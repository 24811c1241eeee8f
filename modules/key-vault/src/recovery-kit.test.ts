import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeyVaultError } from './errors.ts';
import { kitLacks, makeRecoveryCode, openRecoveryKit, sealRecoveryKit } from './recovery-kit.ts';
import type { RecoveryKit } from './recovery-kit.ts';

const kit: RecoveryKit = {
  madeAtMs: Date.UTC(2026, 10, 22),
  vault: 'ab'.repeat(16),
  generation: 7,
  epoch: 2,
  vaultFile: Buffer.from('wrapped').toString('base64'),
  verifierKeys: ['sallyport/1+00000000+AAAA'],
  checkpoint: 'sallyport/1\n7\nAAAA\n',
  log: 1,
  sealed: [{ name: `sallyport-${'ab'.repeat(16)}-2-0011223344556677.sealed`, bytes: 'AAAA' }],
  unsealing: { kind: 'file', secret: Buffer.from('planted secret').toString('base64') },
  providers: [{ kind: 'sealed-file', isUsed: true }],
};
const refused = { code: 'kit_refused' };

test('a kit opens with its code, however it is typed, and shows nothing without', () => {
  const code = makeRecoveryCode(randomBytes);
  assert.match(code, /^([0-9A-HJKMNP-TV-Z]{4}-){8}[0-9A-HJKMNP-TV-Z]{4}$/);
  const file = sealRecoveryKit(kit, code, randomBytes);
  assert.deepEqual(openRecoveryKit(file, code), kit);
  assert.deepEqual(openRecoveryKit(file, ` ${code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o')}\n`), kit);
  const clear = Buffer.from(file.slice(file.indexOf('\n\n')), 'base64').toString('latin1') + file;
  for (const secret of ['planted secret', kit.unsealing.kind === 'file' ? kit.unsealing.secret : '', code])
    assert.equal(clear.includes(secret), false);
});

test('another code, a mistyped one, another head or a changed byte open nothing', () => {
  const code = makeRecoveryCode(randomBytes);
  const file = sealRecoveryKit(kit, code, randomBytes);
  assert.throws(() => openRecoveryKit(file, makeRecoveryCode(randomBytes)), /of another kit, or the file is damaged/);
  const typo = `${code.startsWith('7') ? '8' : '7'}${code.slice(1)}`;
  assert.throws(() => openRecoveryKit(file, typo), /the code is mistyped/);
  assert.throws(() => openRecoveryKit(file.replace('generation 7', 'generation 8'), code), refused);
  const at = file.length - 40;
  const changed = `${file.slice(0, at)}${file[at] === 'A' ? 'B' : 'A'}${file.slice(at + 1)}`;
  assert.throws(() => openRecoveryKit(changed, code), refused);
});

test('whatever stands in a file or is typed as a code, it is refused as such', () => {
  const code = makeRecoveryCode(randomBytes);
  const file = sealRecoveryKit(kit, code, randomBytes);
  const isRefused = (text: string, typed: string): boolean => {
    try {
      openRecoveryKit(text, typed);
      return false;
    } catch (error) {
      return error instanceof KeyVaultError && error.code === 'kit_refused';
    }
  };
  fc.assert(fc.property(fc.string(), (text) => isRefused(text, code)));
  fc.assert(fc.property(fc.string(), (typed) => isRefused(file, typed)));
  fc.assert(fc.property(fc.base64String(), (tail) => isRefused(`sallyport-recovery-kit@v1\nmade\n\n${tail}`, code)));
});

test('a random source that repeats seals two kits under two keys', () => {
  const code = makeRecoveryCode(randomBytes);
  const stuck = (bytes: number): Buffer => Buffer.alloc(bytes, 9);
  const bodyOf = (file: string): Buffer => Buffer.from(file.slice(file.indexOf('\n\n')), 'base64');
  const [one, other] = [kit, { ...kit, epoch: 3 }].map((each) => bodyOf(sealRecoveryKit(each, code, stuck)));
  assert.notDeepEqual(one?.subarray(0, 32), other?.subarray(0, 32));
});

test('a kit says what else it takes, and that a TPM opens nothing on another machine', () => {
  const lacks = (...used: RecoveryKit['providers'][number]['kind'][]) =>
    kitLacks({ unsealing: kit.unsealing, providers: used.map((kind) => ({ kind, isUsed: true })) });
  assert.deepEqual(lacks('sealed-file', 'tpm'), { opens: true, needs: [] });
  assert.equal(lacks('tpm').opens, false);
  assert.match(lacks('tpm').needs.join(' '), /TPM of this very machine/);
  assert.deepEqual([lacks('aws-kms').opens, lacks('transit').needs.length, lacks('pkcs11').opens], [true, 1, true]);
  const withPassphrase = kitLacks({ providers: kit.providers, unsealing: { kind: 'passphrase', hint: 'safe 3' } });
  assert.match(withPassphrase.needs.join(' '), /passphrase/);
});
