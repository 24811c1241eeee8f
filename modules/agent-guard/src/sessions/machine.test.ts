import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '@sallyport/contracts';
import { createManualClock } from '@sallyport/platform/clock';
import fc from 'fast-check';
import type { Owner } from './agent.ts';
import { machineFacts, readMachine, type SaidMachine, type SensedMachine } from './machine.ts';
import { createMachineProofs } from './machine-proofs.ts';

const said: SaidMachine = {
  diskEncrypted: 'yes',
  screenLock: 'yes',
  firewall: 'yes',
  secureBoot: 'yes',
  isRoot: false,
  isContainer: false,
};
const sensed: SensedMachine = {
  host: 'web-1',
  isHeard: true,
  isDoubted: false,
  isAccepted: true,
  posture: { system: 'Debian', diskEncrypted: 'yes', firewall: 'unknown', secureBoot: 'unknown' },
};
const knowing = (machine?: SensedMachine) => ({ machine: () => machine });

test('a machine is good by the word of its sensor alone, weak by anybody’s, and unknown otherwise', () => {
  assert.deepEqual(machineFacts(undefined, knowing(sensed)), { posture: 'unknown', weaknesses: [] });
  assert.deepEqual(machineFacts({}, knowing(sensed)), { posture: 'unknown', weaknesses: [] });
  assert.equal(machineFacts({ said }, knowing(sensed)).posture, 'claimed', 'whatever it claims');
  assert.equal(machineFacts({ said, sensorId: 's' }, knowing(sensed)).posture, 'good');
  assert.equal(machineFacts({ sensorId: 's' }, knowing(sensed)).posture, 'good', 'it need not say anything');
  const made = { ...sensed, isAccepted: false };
  assert.equal(machineFacts({ said, sensorId: 's' }, knowing(made)).posture, 'claimed', 'anybody can make a sensor');
  assert.equal(machineFacts({ sensorId: 's' }, knowing(made)).posture, 'claimed');
  const unsure = { ...sensed, posture: { ...said, system: '', diskEncrypted: 'unknown' } as const };
  assert.equal(machineFacts({ sensorId: 's' }, knowing(unsure)).posture, 'unknown');
  assert.equal(machineFacts({ said, sensorId: 's' }, knowing(unsure)).posture, 'claimed');
  assert.equal(machineFacts({ said: { ...said, diskEncrypted: 'unknown' } }, knowing()).posture, 'unknown');
});

test('each thing that speaks against a machine is named, whoever says it, and also when it came later', () => {
  const against = (more: Partial<SaidMachine>, machine?: SensedMachine) =>
    machineFacts({ said: { ...said, ...more }, ...(machine === undefined ? {} : { sensorId: 's' }) }, knowing(machine));
  assert.deepEqual(against({ isRoot: true }), { posture: 'weak', weaknesses: ['root'] });
  assert.deepEqual(against({ isRoot: true, isContainer: true }).weaknesses, []);
  assert.deepEqual(against({ diskEncrypted: 'no', screenLock: 'no', firewall: 'no', secureBoot: 'no' }).weaknesses, [
    'disk-clear',
    'firewall-off',
    'screen-open',
    'secure-boot-off',
  ]);
  assert.deepEqual(against({ diskEncrypted: 'no' }, sensed), { posture: 'weak', weaknesses: ['disk-clear'] });
  assert.deepEqual(against({}, { ...sensed, isHeard: false }).weaknesses, ['sensor-silent']);
  assert.deepEqual(against({}, { ...sensed, isDoubted: true }).weaknesses, ['sensor-doubted']);
  assert.deepEqual(machineFacts({ said, sensorId: 'forgotten' }, knowing()).weaknesses, ['sensor-silent']);
});

test('a nonce is for one owner, once, for a minute, and there is never room for more than some', () => {
  const clock = createManualClock(1_800_000_000_000);
  let made = 0;
  const proofs = createMachineProofs({
    clock,
    random: (length) => Buffer.alloc(length, String((made += 1)).padStart(length, '0')),
    machines: { vouched: () => 'sensor' },
  });
  const [ada, gus] = [{ kind: 'user', id: 'ada' } as const, { kind: 'user', id: 'gus' } as const];
  const server = 'gate.example:7443';
  const sensorOf = (statement: JsonObject, owner: Owner): string | undefined => {
    const judged = proofs.judge(statement, { owner, servers: [server] });
    return judged.kind === 'proved' ? judged.sensorId : undefined;
  };
  const first = proofs.nonce(ada);
  assert.match(first.nonce, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(sensorOf({ nonce: first.nonce, server }, gus), undefined, 'another’s');
  assert.equal(sensorOf({ nonce: first.nonce, server }, { kind: 'service', id: 'ada' }), undefined);
  assert.equal(sensorOf({ nonce: first.nonce, server }, ada), 'sensor');
  assert.equal(sensorOf({ nonce: first.nonce, server }, ada), undefined, 'used');
  assert.equal(sensorOf({}, ada), undefined);
  const late = proofs.nonce(ada);
  clock.advance(60_000);
  assert.equal(sensorOf({ nonce: late.nonce, server }, ada), undefined, 'too old');
  // Whom another server handed our nonce to had it signed for that one; what sensors of before signed named nobody.
  const judge = (more: JsonObject) =>
    proofs.judge({ nonce: proofs.nonce(ada).nonce, ...more }, { owner: ada, servers: [server] });
  for (const other of ['evil.example:7443', 'gate.example', 'gate.example:7443.evil.example', '', null, ['a']])
    assert.deepEqual(judge({ server: other }), { kind: 'refused' }, JSON.stringify(other));
  assert.deepEqual(judge({}), { kind: 'unnamed' });
  assert.equal(judge({ server: 'gate.example.:7443' }).kind, 'proved', 'the same name, written out');
  const unknown = { owner: ada, servers: [] };
  assert.equal(
    proofs.judge({ nonce: proofs.nonce(ada).nonce, server }, unknown).kind,
    'refused',
    'reached as nobody knows',
  );
  const kept = proofs.nonce(gus);
  const early = proofs.nonce(ada);
  for (let asked = 0; asked < 50; asked += 1) proofs.nonce(ada);
  assert.equal(sensorOf({ nonce: early.nonce, server }, ada), undefined, 'fifty came after it');
  assert.equal(sensorOf({ nonce: kept.nonce, server }, gus), 'sensor', 'those of others stay');
});

test('what is kept reads as it was, and whatever else is there says nothing good', () => {
  const machine = { said: { ...said, system: 'Debian' }, sensorId: 's' };
  assert.deepEqual(readMachine(structuredClone(machine)), machine);
  assert.deepEqual(readMachine({ isProofRefused: true, said: { isRoot: 'yes' } }), {
    isProofRefused: true,
    said: {
      diskEncrypted: 'unknown',
      screenLock: 'unknown',
      firewall: 'unknown',
      secureBoot: 'unknown',
      isRoot: false,
      isContainer: false,
    },
  });
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const facts = machineFacts(readMachine(JSON.parse(JSON.stringify(value))), knowing());
      assert.notEqual(facts.posture, 'good');
    }),
  );
});
