import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openMetrics } from './open-metrics.ts';

test('figures are OpenMetrics text', () => {
  const text = openMetrics([
    { name: 'events', type: 'counter', help: 'Events', samples: [{ labels: { a: 'x', b: 'y' }, value: 3 }] },
    { name: 'lag', type: 'gauge', help: 'Lag', samples: [{ value: -0.5 }] },
    { name: 'none', type: 'gauge', help: 'Nothing', samples: [] },
  ]);
  assert.equal(
    text,
    '# TYPE events counter\n# HELP events Events\nevents_total{a="x",b="y"} 3\n# TYPE lag gauge\n# HELP lag Lag\nlag -0.5\n# EOF\n',
  );
});

test('no label breaks out of its line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const text = openMetrics([
        { name: 'a', type: 'gauge', help: value, samples: [{ labels: { l: value }, value: 1 }] },
      ]);
      const lines = text.split('\n');
      assert.equal(lines.length, 5);
      assert.match(lines[2] ?? '', /^a\{l="(?:[^"\\\n]|\\[\\"n])*"\} 1$/u);
    }),
  );
});
