import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { openText, sealText } from './sealed-text.ts';

const needs = { sealingKey: randomBytes(32), random: randomBytes };

test('a sealed text opens with its key in its row, each time written otherwise', () => {
  const sealed = sealText(needs, 'row', 'Grace — Hopper');
  assert.equal(openText(needs.sealingKey, 'row', sealed), 'Grace — Hopper');
  assert.notEqual(sealText(needs, 'row', 'Grace — Hopper'), sealed);
});

test('in another row, with another key, changed or cut, it does not open', () => {
  const sealed = sealText(needs, 'row', 'text');
  const bytes = Buffer.from(sealed, 'base64');
  assert.throws(() => openText(needs.sealingKey, 'other', sealed));
  assert.throws(() => openText(randomBytes(32), 'row', sealed));
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    assert.throws(() => openText(needs.sealingKey, 'row', changed.toString('base64')), `byte ${at}`);
    assert.throws(() => openText(needs.sealingKey, 'row', bytes.subarray(0, at).toString('base64')), `${at} bytes`);
  }
});
