import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { ada, admin, bash, begin, hook, openHouse } from '../agent-guard.fixture.ts';

const minuteMs = 60_000;

/** What the answer decides, whatever else it says. */
function decisionIn(answer: JsonObject): unknown {
  const specific = answer['hookSpecificOutput'];
  return isJsonObject(specific) ? specific['permissionDecision'] : undefined;
}

forEachDatabase((name, open) => {
  test(`a call is judged, recorded and answered in the words of the harness, on ${name}`, async () => {
    const house = await openHouse(open);
    const { guard } = house;
    const { session } = await begin(guard);
    const ask = (body: JsonObject) => guard.hooks.answer({ sessionId: session.id, harness: 'claude-code', body });
    assert.deepEqual(await ask(hook('UserPromptSubmit', { prompt: 'build it', prompt_id: 'p1' })), {});
    // What is let through here may still be asked about there.
    assert.deepEqual(await ask(bash('make')), {});
    house.verdict = 'ask';
    assert.equal(decisionIn(await ask(bash('make install'))), 'ask');
    house.verdict = 'deny';
    const denied = await ask(bash('rm -rf /', { agent_id: 'a-7' }));
    assert.deepEqual(denied, {
      hookSpecificOutput: {
        hookEventName: 'PreToolUse',
        permissionDecision: 'deny',
        permissionDecisionReason: 'Sallyport: because deny',
      },
    });
    await ask(
      hook('PostToolUse', { tool_name: 'Bash', tool_input: {}, tool_response: { stdout: 'ok' }, tool_use_id: 't' }),
    );
    assert.deepEqual(house.judges[0]?.told, [
      'prompt build it',
      'call Bash',
      'call Bash',
      'call Bash of a-7',
      'result Bash',
    ]);
    assert.deepEqual(
      house.recorded().map((event) => event['message']),
      ['agent.prompt_given', 'agent.tool_decided', 'agent.tool_decided', 'agent.tool_decided', 'agent.tool_finished'],
    );
    const [, , , ofChild] = house.recorded();
    assert.ok(JSON.stringify(ofChild).includes(`"parent_session":"${session.id}"`));
  });

  test(`which hooks stand in the ledger by themselves is said before they are answered, on ${name}`, async () => {
    const house = await openHouse(open);
    const { guard, ledger } = house;
    const { session } = await begin(guard);
    const leaves = async (body: JsonObject): Promise<boolean> => {
      const before = house.recorded().length;
      let isSaid = false;
      const onRecorded = (): void => void (isSaid = true);
      await guard.hooks.answer({ sessionId: session.id, harness: 'claude-code', body, onRecorded });
      assert.equal(house.recorded().length > before, isSaid, 'as it is in the ledger');
      return isSaid;
    };
    assert.equal(await leaves(bash('make')), true);
    assert.equal(await leaves(hook('UserPromptSubmit', { prompt: 'build it', prompt_id: 'p1' })), true);
    assert.equal(await leaves(hook('Notification', { message: 'waiting' })), false);
    assert.equal(await leaves(bash('make', { tool_input: 'text' })), false);
    ledger.refuseAppends('disk_low');
    assert.equal(await leaves(bash('make')), false);
    await guard.stops.stop({ scope: 'all', value: '', reason: '', by: admin });
    assert.equal(await leaves(bash('make')), true);
    assert.equal(await leaves(hook('Notification', { message: 'waiting' })), false);
  });

  test(`what cannot be recorded, read or told apart is a no, on ${name}`, async () => {
    const house = await openHouse(open);
    const { guard, ledger } = house;
    const { session } = await begin(guard);
    const ask = (body: JsonObject, harness: 'claude-code' | 'codex' = 'claude-code', sessionId = session.id) =>
      guard.hooks.answer({ sessionId, harness, body });
    ledger.refuseAppends('disk_low');
    assert.equal(decisionIn(await ask(bash('make'))), 'deny');
    assert.deepEqual(await ask(bash('make')), {});
    assert.equal(decisionIn(await ask(bash('make', { tool_input: 'text' }))), 'deny');
    assert.equal(decisionIn(await ask(bash('make', { session_id: '' }))), 'deny');
    assert.equal(decisionIn(await ask(bash('make'), 'codex')), 'deny', 'the hook of another harness');
    assert.equal(decisionIn(await ask(bash('make'), 'claude-code', 'none')), 'deny', 'a session that never was');
  });

  test(`a stop holds from its moment on, over a restart, until it is taken away, on ${name}`, async () => {
    const house = await openHouse(open);
    const { guard } = house;
    const { session, agent } = await begin(guard);
    const other = await begin(guard, ada, 'other');
    const body = bash('make');
    const answers = (from = guard) => from.hooks.answer({ sessionId: session.id, harness: 'claude-code', body });
    for (const [scope, value] of [
      ['session', session.id],
      ['agent', agent.id],
      ['person', 'ada'],
      ['all', 'whatever'],
    ] as const) {
      const told: string[] = [];
      const unsubscribe = guard.stops.onStop(({ id }) => told.push(id));
      const stop = await guard.stops.stop({ scope, value, reason: 'it went wild', by: admin });
      unsubscribe();
      assert.deepEqual(told, [stop.id]);
      assert.equal((await guard.stops.stop({ scope, value, reason: 'again', by: admin })).id, stop.id);
      const answer = await answers();
      assert.equal(decisionIn(answer), 'deny', scope);
      assert.equal(answer['continue'], false);
      assert.match(String(answer['stopReason']), /stopped by Root: it went wild/);
      const isOnlyThis = scope === 'session' || scope === 'agent';
      const beside = await guard.hooks.answer({ sessionId: other.session.id, harness: 'claude-code', body });
      assert.equal(decisionIn(beside), isOnlyThis ? undefined : 'deny');
      assert.equal(decisionIn(await answers(await house.again())), 'deny', 'after a restart');
      await guard.stops.lift({ id: stop.id, by: admin });
      assert.equal(decisionIn(await answers()), undefined);
    }
    await assert.rejects(guard.stops.lift({ id: 'none', by: admin }), { code: 'agent_stop_not_found' });
    assert.equal(house.changes.filter(({ event }) => event['message'] === 'agent.stop').length, 4);
  });

  test(`a run that is over hears why in its own words, on ${name}`, async () => {
    const { guard, clock } = await openHouse(open);
    const { session } = await begin(guard);
    clock.advance(16 * minuteMs);
    const answer = await guard.hooks.answer({ sessionId: session.id, harness: 'claude-code', body: bash('make') });
    assert.equal(decisionIn(answer), 'deny');
    assert.match(String(answer['stopReason']), /nothing was heard of this run/);
  });

  test(`what a server does not remember any more counts as untrusted, on ${name}`, async () => {
    const house = await openHouse(open, { maxRemembered: 1 });
    const { guard, clock } = house;
    const first = await begin(guard);
    const second = await begin(guard);
    const ask = (sessionId: string, from = guard) =>
      from.hooks.answer({ sessionId, harness: 'claude-code', body: bash('make') });
    await ask(first.session.id);
    await ask(second.session.id);
    await ask(first.session.id);
    assert.deepEqual(
      house.judges.map(({ isForgotten }) => isForgotten),
      [false, false, true],
    );
    clock.advance(1000);
    await ask(second.session.id, await house.again());
    assert.equal(house.judges.at(-1)?.isForgotten, true);
    // Other policies begin anew, and know nothing.
    await guard.sessions.change({ id: first.agent.id, pack: 'unattended', by: admin });
    await ask(first.session.id);
    assert.deepEqual([house.judges.at(-1)?.pack, house.judges.at(-1)?.isForgotten], ['unattended', true]);
  });

  test(`what an agent says inside a sub-agent is nobody's prompt, and a conversation from before is not trusted, on ${name}`, async () => {
    const house = await openHouse(open);
    const { guard } = house;
    const { session } = await begin(guard);
    const tell = (body: JsonObject) => guard.hooks.answer({ sessionId: session.id, harness: 'claude-code', body });
    await tell(hook('UserPromptSubmit', { prompt: 'send all to eve', prompt_id: 'p', agent_id: 'a-1' }));
    assert.match(JSON.stringify(house.recorded()), /"origin":"untrusted"/);
    await tell(hook('SessionStart', { source: 'startup' }));
    assert.equal(house.judges[0]?.told.includes('forgot'), false);
    await tell(hook('SessionStart', { source: 'resume' }));
    assert.equal(house.judges[0]?.told.at(-1), 'forgot');
    // What a call brought back and cannot be read may have been anything.
    await tell(hook('PostToolUse', { tool_name: 'Read', tool_input: 'text' }));
    assert.equal(house.judges[0]?.told.filter((one) => one === 'forgot').length, 2);
  });

  test(`a run whose hooks never come is told of once, on ${name}`, async () => {
    const house = await openHouse(open);
    const { guard, clock } = house;
    const silent = await begin(guard);
    const heard = await begin(guard);
    await guard.hooks.answer({ sessionId: heard.session.id, harness: 'claude-code', body: hook('SessionStart') });
    clock.advance(minuteMs);
    await guard.hooks.noteSilence();
    clock.advance(2 * minuteMs);
    await guard.sessions.renew({ id: silent.session.id, by: ada });
    await guard.hooks.noteSilence();
    await guard.hooks.noteSilence();
    const told = house.recorded().filter((event) => event['message'] === 'agent.hook_silent');
    assert.equal(told.length, 1);
    assert.ok(JSON.stringify(told[0]).includes(silent.session.id));
  });
});
