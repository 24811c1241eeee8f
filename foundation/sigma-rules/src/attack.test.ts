import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attackOf } from './attack.ts';

test('tactics old and new and techniques are taken from the tags, each once', () => {
  const tags = [
    'attack.stealth',
    'attack.defense-impairment',
    'attack.defense_evasion',
    'attack.t1059.001',
    'attack.T1003',
    'attack.t1003',
  ];
  assert.deepEqual(attackOf(tags), {
    tactics: ['stealth', 'defense-impairment', 'defense-evasion'],
    techniques: ['T1059.001', 'T1003'],
  });
});

test('other tags are passed over', () => {
  assert.deepEqual(attackOf(['cve.2021-44228', 'attack.g0016', 'attack.s0002', 'attack.t1', 'car.2013', 'attack.']), {
    tactics: [],
    techniques: [],
  });
});
