import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { admin, begin, openHouse, type House } from '../agent-guard.fixture.ts';
import { createGatewayCalls, type GatewayCall, type ToolServerGate } from './gateway-calls.ts';

const call: GatewayCall = {
  id: 'call-00000001',
  server: 'files',
  kind: 'tool',
  name: 'research',
  digest: 'sha256:1',
  input: { about: 'geese' },
};
const task = 'task-00000001';
type Gate = Awaited<ReturnType<ToolServerGate['isLet']>>;

function gatewayOf(house: House) {
  let gate: Gate = { isLet: true };
  const gateway = createGatewayCalls({
    hooks: house.guard.hooks,
    toolServers: { isLet: async () => gate },
    log: () => undefined,
  });
  return { gateway, become: (now: Gate) => void (gate = now) };
}
/** What stands in the ledger of a call: its kind, and what says which task it is. */
function recorded(house: House): JsonObject[] {
  return house.recorded().flatMap((event) => {
    const { metadata, unmapped } = event;
    const code = isJsonObject(metadata) ? metadata['event_code'] : undefined;
    const ours = isJsonObject(unmapped) && isJsonObject(unmapped['sallyport']) ? unmapped['sallyport']['agent'] : {};
    if (!isJsonObject(ours) || typeof code !== 'string' || !code.startsWith('agent.tool_')) return [];
    const { change, verdict, reason } = ours;
    const id =
      isJsonObject(event['api']) && isJsonObject(event['api']['request']) ? event['api']['request']['uid'] : '';
    return [
      {
        code,
        call: id ?? '',
        ...(ours['task'] === undefined ? {} : { task: ours['task'] }),
        ...(change === undefined ? {} : { change }),
        ...(verdict === undefined ? {} : { verdict }),
        ...(reason === undefined ? {} : { reason }),
      },
    ];
  });
}

forEachDatabase((name, open) => {
  test(`what a task brings is joined to its call by the task, and counts as what a call brings, on ${name}`, async () => {
    const house = await openHouse(open);
    const { gateway } = gatewayOf(house);
    const { session } = await begin(house.guard);
    assert.equal((await gateway.judge({ sessionId: session.id, call })).verdict, 'allow');
    const told = { sessionId: session.id, call, task };
    assert.deepEqual(await gateway.task({ ...told, change: 'began', words: { statusMessage: 'begun' } }), {});
    const back = { sessionId: session.id, call, result: { content: [] }, isSuccess: true, durationMs: 9 };
    assert.equal((await gateway.finished({ ...back, task })).content, 'untrusted');
    await gateway.task({ ...told, change: 'resumed' });
    await gateway.task({ ...told, change: 'abandoned', reason: 'the gateway was ended' });
    assert.deepEqual(
      recorded(house).map(({ code, call: of, task: as = '', change = '' }) => [code, of, as, change]),
      [
        ['agent.tool_decided', call.id, '', ''],
        ['agent.tool_task', call.id, task, 'began'],
        ['agent.tool_finished', call.id, task, ''],
        ['agent.tool_task', call.id, task, 'resumed'],
        ['agent.tool_task', call.id, task, 'abandoned'],
      ],
    );
  });

  test(`a run that was stopped has nothing of its tasks any more, and that is recorded, on ${name}`, async () => {
    const house = await openHouse(open);
    const { gateway } = gatewayOf(house);
    const { session } = await begin(house.guard);
    const asked = { sessionId: session.id, server: call.server };
    assert.deepEqual(await gateway.standing(asked), {});
    await house.guard.stops.stop({ scope: 'session', value: session.id, reason: 'enough', by: admin });
    assert.match((await gateway.standing(asked)).over ?? '', /enough/);
    const back = { sessionId: session.id, call, result: { content: [] }, isSuccess: true, durationMs: 9, task };
    const { held } = await gateway.finished(back);
    assert.deepEqual([held?.isOver, (held?.reason ?? '').includes('enough')], [true, true]);
    for (const change of ['began', 'resumed'] as const)
      assert.equal((await gateway.task({ sessionId: session.id, call, task, change })).held?.isOver, true);
    // What became of it stands in the record all the same.
    await gateway.task({ sessionId: session.id, call, task, change: 'abandoned', reason: 'stopped' });
    const kinds = recorded(house).map(
      ({ code, verdict = '', change = '' }) => `${String(code)} ${String(verdict)}${String(change)}`,
    );
    assert.deepEqual(kinds, [
      ...Array.from({ length: 3 }, () => 'agent.tool_decided deny'),
      'agent.tool_task abandoned',
    ]);
  });

  test(`what a tool brings that was blocked or changed while its task went on is not had, on ${name}`, async () => {
    const house = await openHouse(open);
    const { gateway, become } = gatewayOf(house);
    const { session } = await begin(house.guard);
    become({ isLet: false, reason: 'This server is blocked', isForgotten: false });
    const back = { sessionId: session.id, call, result: { content: [] }, isSuccess: true, durationMs: 9, task };
    assert.match((await gateway.finished(back)).held?.reason ?? '', /blocked/);
    const standing = () => gateway.standing({ sessionId: session.id, server: call.server });
    assert.deepEqual(await standing(), { held: 'This server is blocked' });
    // Of a server that this process was not told of yet nothing is known, and nothing is recorded.
    become({ isLet: false, reason: 'not told of', isForgotten: true });
    assert.equal((await gateway.finished(back)).held?.isForgotten, true);
    for (const change of ['resumed', 'said'] as const)
      assert.equal((await gateway.task({ sessionId: session.id, call, task, change })).held?.isForgotten, true);
    assert.deepEqual(await standing(), {});
    assert.equal(recorded(house).length, 1);
  });
});
