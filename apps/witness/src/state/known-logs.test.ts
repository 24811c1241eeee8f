// The files of the state come from a disk that may be damaged: they are read, or refused, and nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseVerifierKey } from '@sallyport/merkle-log';
import { WitnessError } from '../errors.ts';
import { createGrowingLog } from '../testing/growing-log.ts';
import { createKeyFile, openKeyFile, readPublicIdentity } from './identity.ts';
import { formatKnownLogs, parseKnownLogs, withLog, withoutLog } from './known-logs.ts';
import { parseNewest } from './newest-checkpoint.ts';

const key = (origin: string, seed = 7) => parseVerifierKey(createGrowingLog(origin, seed).vkey);
const origin = 'log.example/test';
const list = withoutLog(
  withLog(
    withLog([], { verifierKey: key(origin), origin, succeeds: undefined }, []),
    { verifierKey: key('log.example/2', 8), origin: 'log.example/2', succeeds: origin },
    [],
  ),
  origin,
);
const keyFile = createKeyFile({
  name: 'witness.example/w1',
  unsealing: { kind: 'none' },
  random: (bytes) => Buffer.alloc(bytes, 1),
});

test('what formatKnownLogs() makes, parseKnownLogs() reads', () => {
  const read = parseKnownLogs(formatKnownLogs(list));
  assert.deepEqual(
    read.map((log) => [log.origin, log.succeeds, log.isRemoved]),
    [
      [origin, undefined, true],
      ['log.example/2', origin, false],
    ],
  );
  assert.deepEqual(formatKnownLogs(read), formatKnownLogs(list));
});

test('a log has one origin, however often it is added', () => {
  const twice = withLog(list, { verifierKey: key(origin, 9), origin, succeeds: undefined }, []);
  const thrice = withLog(twice, { verifierKey: key(origin, 9), origin, succeeds: undefined }, []);
  assert.deepEqual(
    thrice.map(({ verifierKeys, isRemoved }) => [verifierKeys.length, isRemoved]),
    [
      [2, false],
      [1, false],
    ],
  );
  const text = formatKnownLogs(list).toString().replace('"log.example/2"', `"${origin}"`);
  assert.throws(() => parseKnownLogs(Buffer.from(text)), { code: 'state_damaged' });
  for (const bad of ['', 'a\nb', 'x'.repeat(256)]) {
    const add = () => withLog(list, { verifierKey: key(origin), origin: bad, succeeds: undefined }, []);
    assert.throws(add, { code: 'configuration_invalid' });
  }
});

test('damaged files of the state are refused, and never with another error', () => {
  const log = list[1];
  assert(log !== undefined);
  const samples = [formatKnownLogs(list).toString(), keyFile.toString(), 'sallyport-witness-newest@v1\n'];
  const edit = fc.record({ at: fc.nat(2000), remove: fc.nat(9), insert: fc.string({ unit: 'binary', maxLength: 4 }) });
  const damaged = fc
    .tuple(fc.constantFrom(...samples), fc.array(edit, { maxLength: 3 }))
    .map(([sample, edits]) =>
      edits.reduce((text, { at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove), sample),
    );
  fc.assert(
    fc.property(fc.oneof(damaged.map(Buffer.from), fc.uint8Array({ maxLength: 300 })), (bytes) => {
      for (const read of [
        () => parseKnownLogs(bytes),
        () => readPublicIdentity(bytes),
        () => openKeyFile(bytes, { kind: 'none' }),
        () => parseNewest(bytes, log, []),
      ]) {
        try {
          read();
        } catch (error) {
          assert(error instanceof WitnessError, String(error));
        }
      }
    }),
    { numRuns: 80 },
  );
});
