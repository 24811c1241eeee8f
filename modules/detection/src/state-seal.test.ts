import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createStateSeal } from './state-seal.ts';

const number = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0));
const position = fc.record({ log: fc.nat(), index: fc.nat() });
const chained = fc.array(
  fc.record({
    correlationId: fc.string(),
    group: fc.string(),
    member: fc.nat(63),
    value: number,
    chained: fc.constant([]),
  }),
);
const state = fc.record({
  correlationId: fc.string(),
  fingerprint: fc.constant('f'),
  group: fc.string(),
  touchedMs: fc.nat(),
  rows: fc.array(fc.record({ timeMs: number, log: fc.nat(), index: fc.nat(), rule: fc.nat(63), value: number })),
  told: fc.array(number),
  folded: fc.option(fc.record({ startMs: number, count: fc.nat(), sum: number }), { nil: undefined }),
  chained,
  otherChained: fc.array(fc.record({ of: position, chained }), { minLength: 1 }),
  bases: fc.array(fc.record({ of: position, rests: fc.array(position) })),
});
const seal = createStateSeal(new Uint8Array(32).fill(7));

test('what was sealed opens as it was, and equal states of one group give equal texts', () => {
  fc.assert(
    fc.property(
      state.map((one) => structuredClone(one)),
      (sealed) => {
        const { correlationId, fingerprint, group, touchedMs, ...state } = sealed;
        assert.deepEqual(seal.open(seal.seal(sealed), sealed), state);
        const { otherChained, ...usual } = state;
        const without = { correlationId, fingerprint, group, touchedMs, ...usual };
        assert.deepEqual(seal.open(seal.seal(without), sealed), usual, `${otherChained.length} left out`);
        assert.equal(seal.seal(sealed), seal.seal(sealed));
      },
    ),
    { numRuns: 50 },
  );
});

test('a state that was changed, cut or put under another group or key does not open', () => {
  const sealed = {
    correlationId: 'c',
    fingerprint: 'f',
    group: 'g',
    touchedMs: 1,
    rows: [{ timeMs: 1, log: 1, index: 2, rule: 0, value: 424242 }],
    told: [],
    folded: undefined,
    chained: [],
    bases: [],
  };
  const text = seal.seal(sealed);
  assert.ok(!Buffer.from(text, 'base64url').includes('424242'));
  assert.equal(seal.open(text, { correlationId: 'c', group: 'other' }), undefined);
  assert.equal(createStateSeal(new Uint8Array(32)).open(text, sealed), undefined);
  for (const wrong of [
    '',
    'x',
    text.slice(1),
    text.slice(0, -4),
    `${text}AAAA`,
    text.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')),
  ]) {
    assert.equal(seal.open(wrong, sealed), undefined, wrong);
  }
});
