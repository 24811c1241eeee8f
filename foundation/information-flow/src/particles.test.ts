import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withWholeVerbs } from './particles.ts';

test('withWholeVerbs() gives a verb of two words its meaning, until the clause ends', () => {
  for (const [said, verb] of [
    ['call off his viewing', 'cancel'],
    ['take listing p-88 offline', 'withdraw'],
    ['give vera access to the folder', 'grant'],
    ['call vera and tell her it is off', 'call'],
    ['take the bus , it is down the road', 'take'],
    ['put it there . online it is', 'put'],
    ['set the heating up', 'set'],
  ] as const)
    assert.equal(withWholeVerbs(said.split(' '))[0], verb, said);
});
