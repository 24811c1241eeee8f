import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callWords, runState } from './agent-words.ts';
import { dollarWords, tokenWords, usageWords } from './usage-words.ts';

const run = {
  id: 'r',
  agent_id: 'a',
  owner: { kind: 'user', id: 'u' },
  started_at_ms: 1_000_000,
  seen_at_ms: 1_000_000,
  ends_at_ms: 9_000_000,
  calls_judged: 0,
  calls_refused: 0,
  machine: { posture: 'unknown', weaknesses: [] },
} as const;

test('a run whose hooks never came is told of after two minutes, and one that is over is over', () => {
  assert.equal(runState(run, 1_060_000).tone, 'good');
  assert.equal(runState(run, 1_130_000).tone, 'bad');
  assert.equal(runState({ ...run, hook_at_ms: 1_010_000 }, 1_130_000).tone, 'good');
  assert.deepEqual(runState({ ...run, ended_for: 'finished' }, 1_130_000), { words: 'finished', tone: 'quiet' });
});

test('counts and small sums are words', () => {
  assert.equal(callWords({ ...run, calls_judged: 1 }), '1 call decided');
  assert.equal(callWords({ ...run, calls_judged: 3, calls_refused: 2 }), '3 calls decided, 2 refused');
  assert.deepEqual([1, 1234].map(tokenWords), ['1 token', '1,234 tokens']);
  const took = { model_calls: 1, input_tokens: 1200, output_tokens: 1, cached_tokens: 0, cost_usd: 0 };
  assert.equal(
    usageWords(took),
    '1,200 tokens in, 1 token out',
    'who reckons no costs did not say that there were none',
  );
  assert.equal(usageWords({ ...took, cost_usd: 0.5 }), '1,200 tokens in, 1 token out, $0.5000');
  assert.deepEqual([0, 0.000_01, 0.0123, 12.345].map(dollarWords), [
    '$0.0000',
    'less than $0.0001',
    '$0.0123',
    '$12.35',
  ]);
});
