import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openGate, rawClient, wicked } from './gateway.fixture.ts';
import { createReachedRates } from './reached-rates.ts';

type Told = { readonly rate: string; readonly refused: number; readonly of?: string };

test('calls that come too fast are told of once, and as a sum when the gateway ends', async () => {
  const told: Told[] = [];
  const gate = openGate({
    reached: async (rate) => {
      told.push(rate);
      return true;
    },
  });
  const { relay, call, ask } = await rawClient(wicked('plain'), { gate, limits: { toolCallsAMinute: 2 } });
  await ask('tools/list');
  const [one] = gate.told.flatMap(({ tools = [] }) => tools.map(({ name }) => name));
  assert.ok(one !== undefined);
  const answers = await Promise.all(Array.from({ length: 9 }, () => call(one)));
  assert.equal(answers.filter((answer) => JSON.stringify(answer).includes('too many calls')).length, 7);
  assert.deepEqual(told, [{ rate: 'tool_calls', refused: 1, of: `tool ${one}` }]);
  await relay.close();
  assert.deepEqual(told.slice(1), [{ rate: 'tool_calls', refused: 6 }]);
});

test('what cannot be told is part of the next sum, and a name without end is cut', async () => {
  const told: Told[] = [];
  let isThere = false;
  const said: string[] = [];
  const rates = createReachedRates({
    gate: {
      reached: async (rate) => {
        if (isThere) told.push(rate);
        return isThere;
      },
    },
    nowMs: () => 0,
    say: (line) => void said.push(line),
  });
  rates.refused('calls', 'x'.repeat(5000));
  await new Promise((resolve) => setImmediate(resolve));
  rates.refused('calls', 'y');
  isThere = true;
  await rates.end();
  assert.deepEqual(told, [{ rate: 'calls', refused: 2 }]);
  assert.ok(said.every((line) => line.length < 300));
});

test('what cannot be told when its time is over is told with the next sum', async () => {
  const told: Told[] = [];
  let nowMs = 0;
  let isThere = true;
  const answered: (() => void)[] = [];
  const rates = createReachedRates({
    gate: {
      reached: async (rate) => {
        const answer = isThere;
        if (answer) told.push(rate);
        // A slow no: the next time has begun when it comes.
        else await new Promise<void>((resolve) => answered.push(resolve));
        return answer;
      },
    },
    nowMs: () => nowMs,
    say: () => undefined,
  });
  rates.refused('calls', 'x');
  isThere = false;
  nowMs += 600_000;
  rates.refused('calls', 'x');
  nowMs += 600_000;
  answered.splice(0).forEach((answer) => answer());
  await new Promise((resolve) => setImmediate(resolve));
  isThere = true;
  await rates.end();
  assert.deepEqual(told, [
    { rate: 'calls', refused: 1, of: 'x' },
    { rate: 'calls', refused: 1 },
  ]);
});
