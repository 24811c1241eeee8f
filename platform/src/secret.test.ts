import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format, inspect } from 'node:util';
import { createSecret } from './secret.ts';

test('a secret prints as [secret] everywhere and gives itself only when asked', () => {
  const secret = createSecret('hunter2');
  for (const printed of [
    String(secret),
    JSON.stringify({ secret }),
    inspect({ secret }),
    format('%s %o', secret, secret),
  ]) {
    assert.match(printed, /\[secret\]/);
    assert.doesNotMatch(printed, /hunter2/);
  }
  assert.equal(secret.reveal(), 'hunter2');
});
