import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDatabase } from '@sallyport/platform/database';
import { bash, begin, openHouse } from '../agent-guard.fixture.ts';
import { createFairTurns } from './fair-turns.ts';

test('sessions take turns, each in its own order, and who comes alone does not wait', async () => {
  const turn = createFairTurns();
  const order: string[] = [];
  const take = async (id: string, at: number): Promise<void> => {
    const done = await turn(id);
    order.push(`${id}${at}`);
    done();
  };
  const noisy = Array.from({ length: 50 }, (_, at) => take('noisy', at));
  const quiet = ['b', 'c'].map((id) => take(id, 0));
  await Promise.all([...noisy, ...quiet]);
  assert.deepEqual(order.slice(0, 5), ['noisy0', 'noisy1', 'b0', 'c0', 'noisy2']);
  assert.deepEqual(
    order.filter((each) => each.startsWith('noisy')),
    Array.from({ length: 50 }, (_, at) => `noisy${at}`),
  );
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  let isImmediate = true;
  setImmediate(() => (isImmediate = false));
  await take('d', 0);
  assert.ok(isImmediate);
});

test('a turn is as long as whoever has it takes, and is ended once', async () => {
  const turn = createFairTurns();
  const done = await turn('a');
  const begun: string[] = [];
  const others = ['b', 'c'].map(async (id) => {
    const end = await turn(id);
    begun.push(id);
    return end;
  });
  const pass = async (): Promise<void> => {
    for (let at = 0; at < 5; at += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  await pass();
  assert.deepEqual(begun, []);
  done();
  done();
  await pass();
  assert.deepEqual(begun, ['b'], 'ended twice, one turn is given');
  (await others[0])?.();
  (await others[1])?.();
  assert.deepEqual(begun, ['b', 'c']);
});

test('between two turns everything else has its own', async () => {
  const turn = createFairTurns();
  let others = 0;
  const see = (): void => {
    others += 1;
    if (others < 100) setImmediate(see);
  };
  setImmediate(see);
  await Promise.all(Array.from({ length: 20 }, async () => (await turn('one'))()));
  assert.ok(others >= 18, `${others} turns of others`);
});

test('a run that asks a hundred times at once does not keep another waiting, and nobody is answered before the ledger holds the call', async (context) => {
  const { database, close } = await openDatabase({ kind: 'sqlite', file: ':memory:' });
  context.after(close);
  const house = await openHouse(async () => ({ database, dialect: 'sqlite', close }));
  const { guard, ledger } = house;
  const [noisy, quiet] = [await begin(guard), await begin(guard)];
  const answered: string[] = [];
  const ask = async ({ session }: typeof noisy, id: string): Promise<void> => {
    const body = bash('ls', { tool_use_id: id });
    const answer = await guard.hooks.answer({ sessionId: session.id, harness: 'claude-code', body });
    assert.deepEqual(answer, {});
    answered.push(id);
  };
  const release = ledger.holdAppends();
  const all = [...Array.from({ length: 100 }, (_, at) => ask(noisy, `noisy${at}`)), ask(quiet, 'quiet')];
  while (ledger.waitingAppends() < 101) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(answered, []);
  release();
  await Promise.all(all);
  const recorded = house.recorded().map((event) => /"(noisy\d+|quiet)"/.exec(JSON.stringify(event))?.[1]);
  assert.equal(recorded.length, 101);
  assert.ok(recorded.indexOf('quiet') <= 3, `the quiet one came as ${recorded.indexOf('quiet')}`);
  assert.deepEqual(
    recorded.filter((id) => id !== 'quiet'),
    Array.from({ length: 100 }, (_, at) => `noisy${at}`),
  );
});

test('a ledger that fails for some while many ask is a no for those, and for those alone', async (context) => {
  const { database, close } = await openDatabase({ kind: 'sqlite', file: ':memory:' });
  context.after(close);
  const house = await openHouse(async () => ({ database, dialect: 'sqlite', close }));
  const { guard, ledger } = house;
  const runs = [await begin(guard), await begin(guard)];
  ledger.refuseAppends('unavailable', { times: 7 });
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, at) =>
      guard.hooks.answer({
        sessionId: runs[at % 2]?.session.id ?? '',
        harness: 'claude-code',
        body: bash('ls', { tool_use_id: `c${at}` }),
      }),
    ),
  );
  const denied = answers.filter((answer) => JSON.stringify(answer).includes('"deny"'));
  assert.equal(denied.length, 7);
  assert.equal(house.recorded().length, 33);
});
