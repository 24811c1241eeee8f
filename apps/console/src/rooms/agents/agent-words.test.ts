import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runState } from './agent-words.ts';

const run = {
  id: 'r',
  agent_id: 'a',
  owner: { kind: 'user', id: 'u' },
  started_at_ms: 1_000_000,
  seen_at_ms: 1_000_000,
  ends_at_ms: 9_000_000,
};

test('a run whose hooks never came is told of after two minutes, and one that is over is over', () => {
  assert.equal(runState(run, 1_060_000).tone, 'good');
  assert.equal(runState(run, 1_130_000).tone, 'bad');
  assert.equal(runState({ ...run, hook_at_ms: 1_010_000 }, 1_130_000).tone, 'good');
  assert.deepEqual(runState({ ...run, ended_for: 'finished' }, 1_130_000), { words: 'finished', tone: 'quiet' });
});
