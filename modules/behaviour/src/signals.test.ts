import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import fc from 'fast-check';
import { program, signIn, startMs } from './behaviour.fixture.ts';
import { networkOf, programOf, signalsOf } from './signals.ts';

function told(event: unknown): string[] {
  const body = parseJson(JSON.stringify(event));
  if (!isJsonObject(body)) return [];
  return signalsOf(body, startMs).flatMap(({ kind, name, signals }) =>
    signals.map(
      (signal) => `${kind} ${name} ${signal.topic}/${signal.aspect} ${'value' in signal ? signal.value : '+1'}`,
    ),
  );
}

test('a sign-in says when, from where and with what', () => {
  assert.deepEqual(told(signIn('ada', { agent: 'Firefox/128.0.1 on Linux' })), [
    'user ada sign-in/hour weekday 08:00 UTC',
    'user ada sign-in/network 192.0.0.0/16',
    'user ada sign-in/client Firefox/# on Linux',
    'user ada rate/events +1',
  ]);
});

test('a program is told of its host, without whose folder it lies in', () => {
  assert.deepEqual(told(program('pc-7', 'C:\\Users\\Ada\\App\\Tool.exe')), [
    'host pc-7 process/process c:\\users\\*\\app\\tool.exe',
    'host pc-7 rate/events +1',
  ]);
  assert.equal(programOf('/home/ada/bin/x'), '/home/*/bin/x');
});

test('only events of our own speak for cameras and agents', () => {
  const agent = { id: 'a-1', tool: 'read', server: 'files', verdict: 'allow', destination: 'files.example' };
  const own = { sallyport: { camera: { id: 'gate' }, agent } };
  assert.deepEqual(told({ unmapped: own }), [
    'camera gate motion/hour weekday 08:00 UTC',
    'camera gate motion/events +1',
    'agent a-1 steps/tool files/read',
    'agent a-1 network/destination files.example',
    'agent a-1 rate/hour weekday 08:00 UTC',
    'agent a-1 rate/events +1',
  ]);
  assert.deepEqual(told({ unmapped: own, raw_data: '{}' }), []);
});

test('what was erased names nobody, and keys of ours are no people', () => {
  assert.deepEqual(told(signIn('[erased]')), []);
  const actor = { user: { name: 'collector', uid: 'k-1', type: 'key' } };
  assert.deepEqual(told({ actor }), ['key k-1 rate/events +1']);
});

test('the operating system is nobody; machines are, and so is one of our own people who is called so', () => {
  const event = (name: string) => ({ actor: { user: { name } }, raw_data: '{}' });
  assert.deepEqual(told(event('NT AUTHORITY\\SYSTEM')), []);
  assert.deepEqual(told(event('PC01$')), ['user PC01$ rate/events +1']);
  assert.deepEqual(told({ actor: { user: { name: 'system', uid: 'u-1', type: 'user' } } }), [
    'user system rate/events +1',
  ]);
});

test('no event breaks the reading, and it names at most six', () => {
  const names = fc.constantFrom('actor', 'user', 'device', 'name', 'uid', 'hostname', 'unmapped', 'process', 'file');
  const tree = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, 3002, 1007, 6003, 1, '__proto__', 'x'.repeat(500)),
      fc.dictionary(names, tie('any')),
      fc.array(tie('any'), { maxLength: 2 }),
    ),
  })).any;
  const event = fc.record({
    class_uid: fc.constantFrom(3002, 1007, 6003, 4001),
    activity_id: fc.constant(1),
    user: tree,
    actor: tree,
    device: tree,
    process: tree,
    unmapped: tree,
  });
  fc.assert(
    fc.property(event, (value) => {
      const body = parseJson(JSON.stringify(value));
      if (!isJsonObject(body)) return;
      const found = signalsOf(body, 0);
      assert.ok(found.length <= 6);
      assert.ok(found.every(({ name }) => name.length > 0 && name.length <= 200));
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => (networkOf(text) ?? '').length < 24));
});
