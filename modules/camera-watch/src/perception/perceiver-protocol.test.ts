import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeOf } from '@sallyport/platform/errors';
import { formatRequest, formatSight, readRequest, readSight } from './perceiver-protocol.ts';
import type { Sight } from './perceiver-protocol.ts';

const sight: Sight = {
  width: 768,
  height: 576,
  motion: 0.25,
  looked: true,
  tamper: { kind: 'covered', score: 0.9 },
  learnt: true,
  nextTrack: 5,
  objects: [{ label: 'person', group: 'person', score: 0.8, box: [0.25, 0.25, 0.5, 0.5], track: 4 }],
};

test('what the process says comes out as it went in', () => {
  assert.deepEqual(readSight(formatSight(sight)), sight);
  const request = { camera: 'yard', capturedMs: 5, firstTrack: 2, learntBytes: 7 };
  assert.deepEqual(readRequest(formatRequest(request)), request);
});

test('a process that was taken over cannot say a label, a box or a number that there is none of', () => {
  const head = formatSight(sight);
  const [object] = sight.objects;
  const said = { ...object, box: [0.25, 0.25, 0.5, 0.5] };
  for (const lie of [
    { motion: Number.NaN },
    { width: 0 },
    { tamper: { kind: 'opened', score: 1 } },
    { objects: [{ ...said, label: '<b>' }] },
    { objects: [{ ...said, box: [0, 0, 2, 2] }] },
    { objects: [{ ...said, group: 'gun' }] },
    { objects: Array.from({ length: 201 }, () => said) },
    { looked: 'yes' },
    { learnt: 'yes' },
  ]) {
    assert.throws(() => readSight({ ...head, ...lie }), { code: 'sight_invalid' });
  }
});

test('readSight() answers any object with a sight or a refusal', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...Object.keys(formatSight(sight)), 'x'), fc.jsonValue()), (changes) => {
      try {
        readSight({ ...formatSight(sight), ...JSON.parse(JSON.stringify(changes)) });
      } catch (error) {
        assert.equal(codeOf(error), 'sight_invalid');
      }
    }),
  );
});
