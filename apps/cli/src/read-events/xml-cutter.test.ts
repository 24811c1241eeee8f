import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createXmlCutter } from './xml-cutter.ts';

test('what stands before a Windows event is looked at once, whatever it is made of', () => {
  // Tries that doubled with each of these would never come to an end.
  for (const piece of ['\uFEFF', ' ', '<Events>', '<Events ', '<?xml ?>', '</Events>', '<?xml ']) {
    const cutter = createXmlCutter(1_048_576);
    const records = cutter.push(Buffer.from(`${piece.repeat(5000)}x<Event>a</Event>`));
    assert.ok(records.length > 0, piece);
  }
  assert.equal(createXmlCutter(1000).push(Buffer.from('\uFEFF<?xml ?><Events><Event>a</Event>')).length, 1);
});
