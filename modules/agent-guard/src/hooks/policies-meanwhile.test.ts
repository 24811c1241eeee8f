import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { AgentVerdict } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { ada, facts, openHouse } from '../agent-guard.fixture.ts';
import { noRisk } from '../decisions/index.ts';
import { defaultLimits } from '../needs.ts';
import { createHookDesk } from './hook-desk.ts';

type When = 'never' | 'record' | 'question';

/** A call at a desk where other policies come into force: while that it was judged is written, or while a person is asked. */
async function decided(open: Parameters<typeof openHouse>[0], verdict: AgentVerdict, when: When) {
  const house = await openHouse(open);
  const { ledger, clock, guard } = house;
  const { session } = await guard.sessions.begin({ by: ada, name: 'builder', harness: 'codex', facts });
  let policies: object = { version: 1 };
  const meanwhile = (now: When): void => {
    if (now === when) policies = { version: 2 };
  };
  const desk = createHookDesk({
    ledger: {
      ...ledger,
      append: async (batch) => {
        meanwhile('record');
        return ledger.append(batch);
      },
    },
    clock,
    random: randomBytes,
    log: () => undefined,
    machines: { vouched: () => undefined, machine: () => undefined },
    riskOf: () => noRisk,
    sessions: guard.sessions,
    stops: guard.stops,
    tallies: guard.tallies,
    steps: { note: () => undefined },
    limits: defaultLimits,
    policiesNow: () => policies,
    people: {
      isAsked: () => true,
      ask: async () => {
        meanwhile('question');
        return { answer: 'granted', words: 'Ann said yes', approval: 'q', isNew: true, by: 'Ann' };
      },
    },
    openJudge: () => ({
      prompted: () => undefined,
      judge: ({ id, tool }) => ({
        verdict,
        reason: verdict,
        policies: ['p'],
        call: { id, tool: { name: tool }, action: 'pay' },
        ...(verdict === 'ask' ? { asks: house.asks } : {}),
      }),
      granted: () => undefined,
      forgot: () => undefined,
      saw: () => ({ origin: 'untrusted' }),
      whole: (call) => call,
    }),
  });
  const call = { id: '1', tool: 'wire_money', input: {} };
  const outcome = await desk.decide({ sessionId: session.id, call, waiting: { waitMs: 60_000 } });
  return { ...outcome, recorded: JSON.stringify(house.recorded().at(-1)) };
}

forEachDatabase((name, open) => {
  for (const verdict of ['allow', 'ask'] as const)
    test(`what was judged by policies of before is no yes, where policy said ${verdict}, on ${name}`, async () => {
      assert.equal((await decided(open, verdict, 'never')).verdict, 'allow');
      const moments: readonly When[] = verdict === 'ask' ? ['record', 'question'] : ['record'];
      for (const when of moments) {
        const { verdict: said, reason, grants, recorded } = await decided(open, verdict, when);
        assert.deepEqual([when, said, grants], [when, 'deny', false]);
        assert.match(reason, /policies it is judged by were changed meanwhile/);
        assert.match(recorded, /"verdict":"deny"/);
      }
    });
});
