import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { ada, bash, facts, gus, openHouse } from '../agent-guard.fixture.ts';
import type { AgentGuard } from '../index.ts';
import type { WaitingApproval } from './open-questions.ts';

const waitMs = 2 * 60_000;
const may = ['agents:run', 'agents:approve'];
const ann: Principal = { kind: 'user', id: 'ann', name: 'Ann', scopes: may };
const bea: Principal = { kind: 'user', id: 'bea', name: 'Bea', scopes: may };
const adaMay: Principal = { ...ada, scopes: may };

/** An agent of Ada whose policy asks two people. */
async function openDesk(open: Parameters<typeof openHouse>[0], by: Principal = ada) {
  const house = await openHouse(open);
  house.verdict = 'ask';
  house.asks = { ...house.asks, people: 2, does: [{ kind: 'pay', words: 'Pay eve' }] };
  for (const { id, name } of [ann, bea, adaMay]) house.owners.set(id, { name, scopes: may });
  house.owners.set('robot', { name: 'robot', scopes: ['agents:run'], person: 'ada' });
  const { session, agent } = await house.guard.sessions.begin({ by, name: 'builder', harness: 'codex', facts });
  const call = (guard: AgentGuard, command = 'pay eve'): Promise<JsonObject> =>
    guard.hooks.answer({ sessionId: session.id, harness: 'codex', body: bash(command), waiting: { waitMs } });
  return { house, guard: house.guard, session, agent, call };
}

/** The question that waits, once it has so many yeses. */
function question(guard: AgentGuard, yeses = 0): Promise<WaitingApproval> {
  return new Promise((resolve) => {
    const look = (): void => {
      const [first] = guard.approvals.waiting();
      if (first?.yeses.length !== yeses) return;
      stop();
      resolve(first);
    };
    const stop = guard.approvals.onChange(look);
    look();
  });
}

function said(
  { approval, question: { digest } }: WaitingApproval,
  by: Principal,
  answer: 'grant' | 'refuse' = 'grant',
): Parameters<AgentGuard['approvals']['answer']>[0] {
  return { id: approval.id, by, answer, scope: 'once', digest, words: '', isProved: true };
}

function refusal(answer: JsonObject): string {
  const specific = answer['hookSpecificOutput'];
  return isJsonObject(specific) ? String(specific['permissionDecisionReason']) : 'let through';
}

forEachDatabase((name, open) => {
  test(`two different people say yes, the first is seen by the second, and both stand in the record, on ${name}`, async () => {
    const { house, guard, call } = await openDesk(open);
    const answer = call(guard);
    const asked = await question(guard);
    assert.deepEqual([asked.question.people, asked.question.isGrave, asked.question.mayHold], [2, true, false]);
    await guard.approvals.answer(said(asked, ann));
    const second = await question(guard, 1);
    assert.deepEqual(
      second.yeses.map(({ id, name: called }) => [id, called]),
      [['ann', 'Ann']],
    );
    await guard.approvals.answer(said(second, bea));
    assert.deepEqual(await answer, {});
    const [kept] = await guard.approvals.answered({ limit: 1 });
    assert.deepEqual(
      [kept?.answer?.end, kept?.answer?.by?.id, kept?.answer?.yeses?.map(({ id }) => id)],
      ['granted', 'bea', ['ann']],
    );
    const events = house.changes.map(({ event }) => JSON.stringify(event));
    const answered = events.filter((event) => event.includes('"agent.approval_answered"'));
    assert.equal(answered.length, 1);
    assert.match(answered[0] ?? '', /"answered_by":"Bea"/);
    assert.match(answered[0] ?? '', /"also_by":\["Ann"\]/);
    assert.equal(events.filter((event) => event.includes('"agent.approval_answer"')).length, 2);
    // Once is once: the same call is a question for two again.
    const again = call(guard);
    await guard.approvals.answer(said(await question(guard), bea, 'refuse'));
    assert.match(refusal(await again), /Bea said no/);
  });

  test(`one person is no two, however they come, and those the agent acts for count as none, on ${name}`, async () => {
    const { house, guard, call } = await openDesk(open);
    const answer = call(guard);
    const asked = await question(guard);
    const refused = (by: Principal, code: string) => assert.rejects(guard.approvals.answer(said(asked, by)), { code });
    await refused(adaMay, 'agent_approval_own');
    await refused(ada, 'agent_approval_own');
    await guard.approvals.answer(said(asked, ann));
    const signedInAfter = { authenticatedAtMs: asked.approval.askedAtMs + 1 };
    await refused(ann, 'agent_approval_twice');
    await refused({ ...ann, browserKey: 'another browser' }, 'agent_approval_twice');
    await refused({ ...ann, tokenId: 'of the command line', ...signedInAfter }, 'agent_approval_twice');
    await refused({ ...ann, name: 'Bea' }, 'agent_approval_twice');
    house.owners.set('ann', { name: 'Bea', scopes: may });
    await refused({ ...ann, name: 'Bea' }, 'agent_approval_twice');
    await refused({ kind: 'key', id: 'k', name: 'Bea', scopes: may, onBehalfOf: ann }, 'agent_approval_person_needed');
    await refused(
      { kind: 'service', id: 's', name: 'Bea', scopes: may, onBehalfOf: ann },
      'agent_approval_person_needed',
    );
    await refused({ kind: 'operator', id: 'socket', name: 'Bea', scopes: may }, 'agent_approval_person_needed');
    await refused(gus, 'agent_approval_not_found');
    await refused({ ...adaMay, name: 'Bea' }, 'agent_approval_own');
    assert.equal(guard.approvals.waiting()[0]?.yeses.length, 1);
    // Two at once are one.
    const both = await Promise.allSettled([
      guard.approvals.answer(said(asked, bea)),
      guard.approvals.answer(said(asked, bea)),
    ]);
    assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    assert.deepEqual(await answer, {});
  });

  test(`two at once who are the same person leave it at one, on ${name}`, async () => {
    const { guard, call } = await openDesk(open);
    const answer = call(guard);
    const asked = await question(guard);
    await Promise.allSettled([guard.approvals.answer(said(asked, ann)), guard.approvals.answer(said(asked, ann))]);
    assert.equal((await question(guard, 1)).yeses.length, 1);
    await guard.approvals.answer(said(asked, bea, 'refuse'));
    assert.match(refusal(await answer), /Bea said no/);
  });

  test(`who answers for a service account counts as none for its agents, also after handing it on, on ${name}`, async () => {
    const robot: Principal = { kind: 'service', id: 'robot', name: 'robot', scopes: ['agents:run'] };
    const { house, guard, call } = await openDesk(open, robot);
    const answer = call(guard);
    const asked = await question(guard);
    await assert.rejects(guard.approvals.answer(said(asked, adaMay)), { code: 'agent_approval_own' });
    await guard.approvals.answer(said(asked, bea));
    // Bea takes it over: her yes was for herself then, and Ada's is still no other's.
    house.owners.set('robot', { name: 'robot', scopes: ['agents:run'], person: 'bea' });
    await assert.rejects(guard.approvals.answer(said(asked, adaMay)), { code: 'agent_approval_own' });
    await assert.rejects(guard.approvals.answer(said(asked, bea)), { code: 'agent_approval_own' });
    await guard.approvals.answer(said(asked, ann));
    assert.deepEqual(
      (await question(guard, 1)).yeses.map(({ id }) => id),
      ['ann'],
    );
    await guard.approvals.answer(said(asked, adaMay, 'refuse'));
    assert.match(refusal(await answer), /Ada said no/);
  });

  test(`a yes of somebody who may not any more is none, on ${name}`, async () => {
    const { house, guard, call } = await openDesk(open);
    const answer = call(guard);
    const asked = await question(guard);
    await guard.approvals.answer(said(asked, ann));
    house.owners.set('ann', { name: 'Ann', scopes: ['agents:run'] });
    await guard.approvals.answer(said(asked, bea));
    assert.deepEqual(
      (await question(guard, 1)).yeses.map(({ id }) => id),
      ['bea'],
    );
    house.owners.delete('bea');
    house.owners.set('ann', { name: 'Ann', scopes: may });
    await guard.approvals.answer(said(asked, ann));
    assert.equal(guard.approvals.waiting().length, 1);
    house.owners.set('bea', { name: 'Bea', scopes: may });
    await guard.approvals.answer(said(asked, bea));
    assert.deepEqual(await answer, {});
  });

  test(`one no ends it, whoever of them says it, and time is a no that names who said yes, on ${name}`, async () => {
    const { house, guard, call } = await openDesk(open);
    for (const by of [ann, bea, ada]) {
      const answer = call(guard, `pay ${by.id}`);
      const asked = await question(guard);
      await guard.approvals.answer(said(asked, ann));
      await guard.approvals.answer(said(asked, by, 'refuse'));
      assert.match(refusal(await answer), new RegExp(`${by.name} said no`));
    }
    const late = call(guard, 'pay late');
    await guard.approvals.answer(said(await question(guard), ann));
    house.clock.advance(waitMs);
    await guard.approvals.tick();
    assert.match(refusal(await late), /Ann said yes, and nobody else did in time/);
    await guard.approvals.close();
    const kept = (await guard.approvals.answered({ limit: 9 })).find(({ answer: one }) => one?.end === 'timed-out');
    assert.deepEqual([kept?.answer?.end, kept?.answer?.yeses?.map(({ id }) => id)], ['timed-out', ['ann']]);
    const ended = JSON.stringify(house.changes.at(-1));
    assert.match(ended, /"answer":"expired"/);
    assert.match(ended, /"also_by":\["Ann"\]/);
  });

  for (const [how, stop] of [
    ['a stop', (guard: AgentGuard) => guard.approvals.close()],
    ['a crash', async () => undefined],
  ] as const)
    test(`the first yes outlives a restart after ${how}: for the very same call, once, and as long as it would have waited, on ${name}`, async () => {
      const { house, guard: before, call } = await openDesk(open);
      const lost = call(before);
      await before.approvals.answer(said(await question(before), ann));
      await stop(before);
      const guard = await house.again();
      const other = call(guard, 'pay somebody else');
      const asked = await question(guard);
      await guard.approvals.answer(said(asked, bea, 'refuse'));
      await other;
      const answer = call(guard);
      const held = await question(guard, 1);
      assert.notEqual(held.question.digest, '');
      await assert.rejects(guard.approvals.answer(said(held, ann)), { code: 'agent_approval_twice' });
      await guard.approvals.answer(said(held, bea));
      assert.deepEqual(await answer, {});
      const next = call(guard);
      await guard.approvals.answer(said(await question(guard), bea, 'refuse'));
      assert.match(refusal(await next), /Bea said no/);
      await before.approvals.close();
      await lost;
    });

  test(`of two such calls at once one has the yes of before, and the other asks two, on ${name}`, async () => {
    const { house, guard: before, call } = await openDesk(open);
    const lost = call(before);
    await before.approvals.answer(said(await question(before), ann));
    await before.approvals.close();
    await lost;
    const guard = await house.again();
    const standing = await guard.sessions.standing((await before.approvals.answered({ limit: 1 }))[0]?.sessionId ?? '');
    const calls = [1, 2, 3].map(() =>
      guard.hooks.answer({
        sessionId: standing.session.id,
        harness: 'codex',
        body: bash('pay eve'),
        waiting: { waitMs },
      }),
    );
    const waiting = await new Promise<readonly WaitingApproval[]>((resolve) => {
      const look = (): void => {
        if (guard.approvals.waiting().length === 3) resolve(guard.approvals.waiting());
      };
      guard.approvals.onChange(look);
      look();
    });
    assert.deepEqual(
      waiting.map(({ yeses }) => yeses.length).toSorted((a, b) => a - b),
      [0, 0, 1],
    );
    for (const one of waiting) await guard.approvals.answer(said(one, bea));
    await guard.approvals.close();
    const through = (await Promise.all(calls)).filter((one) => refusal(one) === 'let through');
    assert.equal(through.length, 1);
  });

  test(`one person's yes for the run, or a moment ago, is none where two must say it now, on ${name}`, async () => {
    const { house, guard, session, call } = await openDesk(open);
    house.asks = { ...house.asks, people: 1, places: [], does: [{ kind: 'execute', words: 'Run make' }] };
    const first = call(guard, 'make deploy');
    const asked = await question(guard);
    assert.deepEqual([asked.question.people, asked.question.mayHold], [1, true]);
    await guard.approvals.answer({ ...said(asked, ann), scope: 'session' });
    assert.deepEqual(await first, {});
    assert.deepEqual(await call(guard, 'make deploy'), {});
    house.asks = { ...house.asks, people: 2 };
    const permission = guard.hooks.answer({
      sessionId: session.id,
      harness: 'codex',
      body: { ...bash('make deploy'), hook_event_name: 'PermissionRequest' },
      waiting: { waitMs },
    });
    const second = await question(guard);
    assert.equal(second.question.people, 2);
    await guard.approvals.answer(said(second, bea, 'refuse'));
    assert.match(JSON.stringify(await permission), /Bea said no/);
  });

  test(`a grave yes counts with a fresh proof alone, on ${name}`, async () => {
    const { guard, call } = await openDesk(open);
    const answer = call(guard);
    const asked = await question(guard);
    await assert.rejects(guard.approvals.answer({ ...said(asked, ann), isProved: false }), {
      code: 'agent_approval_changed',
    });
    assert.equal((await question(guard)).yeses.length, 0);
    await guard.approvals.answer({ ...said(asked, ann, 'refuse'), isProved: false });
    assert.match(refusal(await answer), /Ann said no/);
  });

  test(`a first yes is none after the time its question had, restart or not, on ${name}`, async () => {
    const { house, guard: before, call } = await openDesk(open);
    const lost = call(before);
    await before.approvals.answer(said(await question(before), ann));
    await before.approvals.close();
    await lost;
    house.clock.advance(waitMs);
    const guard = await house.again();
    const answer = call(guard);
    await guard.approvals.answer(said(await question(guard), bea));
    assert.equal((await question(guard, 1)).yeses[0]?.id, 'bea');
    await guard.approvals.close();
    assert.match(refusal(await answer), /the server was stopped/);
  });

  test(`a harness does not ask its own person in place of two, and where two cannot be asked it is a no, on ${name}`, async () => {
    const { house, guard } = await openDesk(open);
    const { session, agent } = await guard.sessions.begin({ by: ada, name: 'claude', harness: 'claude-code', facts });
    const call = (waiting?: { waitMs: number }) =>
      guard.hooks.answer({
        sessionId: session.id,
        harness: 'claude-code',
        body: bash('pay eve'),
        ...(waiting === undefined ? {} : { waiting }),
      });
    assert.match(JSON.stringify(await call()), /"deny".*two people must say yes, and are not asked here/);
    const answer = call({ waitMs });
    const asked = await question(guard);
    await guard.approvals.answer(said(asked, ann));
    await guard.approvals.answer(said(asked, bea));
    assert.match(JSON.stringify(await answer), /"permissionDecision":"allow"/);
    await guard.sessions.change({ id: agent.id, approvals: 'off', by: ann });
    assert.match(JSON.stringify(await call({ waitMs })), /"deny".*two people must say yes/);
    house.asks = { ...house.asks, people: 1 };
    assert.match(JSON.stringify(await call()), /"permissionDecision":"ask"/);
  });
});
