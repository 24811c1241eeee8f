import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createIds } from './ids.ts';

test('each byte that was drawn is in one id, and ids are as long as they are to be', () => {
  for (const bytes of [8, 16, 24]) {
    const drawn: string[] = [];
    const newId = createIds((count) => {
      const some = randomBytes(count);
      drawn.push(some.toString('hex'));
      return some;
    }, bytes);
    const ids = Array.from({ length: 1200 }, newId);
    assert.ok(drawn.length > 1);
    assert.ok(drawn.join('').startsWith(ids.join('')));
    assert.equal(new Set(ids).size, 1200);
    assert.ok(ids.every((id) => id.length === bytes * 2));
  }
});
