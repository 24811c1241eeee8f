import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machineLines, machineState } from './machine-words.ts';

test('a machine is good by its sensor alone, and what speaks against it is said in words', () => {
  const sensor = { id: 's', host: 'ws-4', heard: true };
  assert.equal(machineState({ posture: 'good', weaknesses: [], sensor }).tone, 'good');
  assert.equal(machineState({ posture: 'claimed', weaknesses: [] }).tone, 'quiet');
  assert.deepEqual(machineState({ posture: 'unknown', weaknesses: [] }), {
    word: 'Unknown',
    tone: 'quiet',
    why: 'no sensor vouches for it',
  });
  assert.equal(
    machineState({ posture: 'weak', weaknesses: ['root', 'disk-clear'] }).why,
    'the agent has all rights there; its disks are not all encrypted',
  );
});

test('of each thing it stands whose word it is, the sensor’s before the machine’s own', () => {
  const lines = machineLines({
    posture: 'good',
    weaknesses: [],
    said: { system: 'Ubuntu', disk_encrypted: 'no', screen_lock: 'yes', root: false },
    sensor: { id: 's', host: 'ws-4', heard: true, system: 'Debian', disk_encrypted: 'yes', firewall: 'unknown' },
  });
  assert.deepEqual(
    lines.map(({ name, value, from }) => [name, value, from]),
    [
      ['System', 'Debian', 'says its sensor on ws-4'],
      ['Disks encrypted', 'yes', 'says its sensor on ws-4'],
      ['Firewall', 'not known', ''],
      ['Secure boot', 'not known', ''],
      ['Screen locks', 'yes', 'says the machine itself'],
    ],
  );
});
