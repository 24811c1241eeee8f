import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { finding, findingEvent } from './alerts.fixture.ts';
import { decodeFinding } from './read-finding.ts';

const sound = new TextEncoder().encode(JSON.stringify(findingEvent()));

test('decodeFinding() reads a finding of ours', () => {
  assert.deepEqual(decodeFinding(sound)?.finding, finding());
});

test('decodeFinding() never throws for any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.equal(decodeFinding(bytes), undefined);
    }),
  );
});

test('decodeFinding() never throws for a finding with bytes flipped, cut or repeated', () => {
  fc.assert(
    fc.property(fc.nat({ max: sound.length - 1 }), fc.integer({ min: 1, max: 255 }), fc.nat(), (at, flip, cut) => {
      const damaged = Uint8Array.from(sound);
      damaged[at] = (damaged[at] ?? 0) ^ flip;
      decodeFinding(damaged);
      decodeFinding(damaged.subarray(0, cut % sound.length));
      decodeFinding(Buffer.concat([sound, damaged]));
    }),
  );
});

test('decodeFinding() takes nesting of any depth', () => {
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const text = JSON.stringify(findingEvent()).replace('"is_alert":true', `"is_alert":${deep}`);
  decodeFinding(new TextEncoder().encode(text));
});
