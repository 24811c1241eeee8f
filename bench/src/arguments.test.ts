import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseBenchArguments } from './arguments.ts';

const names = ['ledger-append', 'memory'];

test('without a name the benches are listed', () => {
  assert.deepEqual(parseBenchArguments([], names), { kind: 'list' });
});

test('a name and its options are read; what is left open stays undefined', () => {
  assert.deepEqual(parseBenchArguments(['memory', '--rounds', '3', '--seconds=5', '--seed', '9', '--tiny'], names), {
    kind: 'run',
    name: 'memory',
    options: {
      seed: 9,
      tiny: true,
      rounds: 3,
      seconds: 5,
      rate: undefined,
      rows: undefined,
      directory: undefined,
      profileDirectory: undefined,
    },
  });
});

test('unknown benches, options and values are refused with what is wanted', () => {
  const refused: [readonly string[], RegExp][] = [
    [['memroy'], /there is no bench "memroy", must be one of ledger-append, memory/],
    [['memory', 'ledger-append'], /one bench at a time/],
    [['memory', '--rounds', '0'], /--rounds is "0", must be a whole number of at least 1/],
    [['memory', '--rate', '1e3'], /--rate is "1e3"/],
    [['memory', '--seconds', '-1'], /Cannot run/],
    [['memory', '--fast'], /--fast/],
  ];
  for (const [argv, reason] of refused) {
    const command = parseBenchArguments(argv, names);
    assert.equal(command.kind, 'refused', argv.join(' '));
    if (command.kind === 'refused') assert.match(command.reason, reason);
  }
});

test('no command line makes the parser throw', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom('memory', '--rounds', '--tiny', '--'))), (argv) => {
      assert.ok(['list', 'run', 'refused'].includes(parseBenchArguments(argv, names).kind));
    }),
  );
});
