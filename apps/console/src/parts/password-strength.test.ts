import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judgePassword } from './password-strength.ts';

test('judgePassword() finds unrelated words strong', () => {
  assert.equal(judgePassword('harbour lantern quiet mosaic').score, 4);
});

test('judgePassword() is not taken in by length without surprise, nor by the own name', () => {
  for (const password of ['aaaaaaaaaaaaaaaaaaaa', '12345678901234567890', 'qwertyuiopasdfgh', 'passwordpassword'])
    assert.ok(judgePassword(password).score <= 1, password);
  assert.ok(judgePassword('katharina1990', ['katharina']).score <= 1);
});

test('judgePassword() answers anything, and never less for a longer random text', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (password, more) => {
      assert.ok(judgePassword(password).score >= 0);
      assert.ok(judgePassword(password, [more]).word.length > 0);
    }),
  );
});
