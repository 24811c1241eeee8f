import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fieldStanding } from './known-fields.ts';

const known = (name: string): boolean => fieldStanding(name).kind === 'known';
const suggested = (name: string): readonly string[] => {
  const standing = fieldStanding(name);
  return standing.kind === 'unknown' ? standing.suggestions : [];
};

test('columns, short names, OCSF 1.8 paths and original fields are known', () => {
  for (const name of [
    'host',
    'class',
    'received',
    'raw_data',
    'actor.process.file.path',
    'actor.user.account.uid',
    'unmapped.a.b',
    'metadata.product.vendor_name',
    'cloud.region',
    'raw.Anything.At all',
    'win_service.name',
    'api.operation',
  ])
    assert.ok(known(name), name);
});

test('a field no event can have is told apart, with what was perhaps meant', () => {
  for (const name of [
    'hots',
    'username',
    'no.such.path',
    'Host',
    'actor.proces.name',
    'raw',
    '@timestamp',
    '__proto__',
  ])
    assert.ok(!known(name), name);
  assert.equal(suggested('hots')[0], 'host');
  assert.equal(suggested('username')[0], 'user');
  assert.equal(suggested('Host')[0], 'host');
  assert.equal(suggested('CommandLine')[0], 'command_line');
  assert.ok(suggested('CommandLine').includes('raw.CommandLine'));
  assert.equal(suggested('actor.proces.name')[0], 'actor.process.name');
  assert.ok(suggested('Raw.Image').includes('raw.Image'));
});

test('a path into a list says which list', () => {
  assert.deepEqual(fieldStanding('answers.rdata'), { kind: 'list', at: 'answers' });
  assert.deepEqual(fieldStanding('finding_info.attacks.technique.uid'), { kind: 'list', at: 'finding_info.attacks' });
  assert.ok(known('answers'));
});

test('any name is answered, and its suggestions are known themselves', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ maxLength: 256 }), fc.stringMatching(/^[a-z_]{1,12}(\.[a-z_]{1,9}){0,4}$/)),
      (name) => {
        for (const suggestion of suggested(name)) assert.ok(known(suggestion), `${name} → ${suggestion}`);
      },
    ),
    { numRuns: 300 },
  );
});
