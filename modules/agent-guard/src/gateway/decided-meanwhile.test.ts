import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '@sallyport/contracts';
import type { HookCall } from '../calls/hook-message.ts';
import { createGatewayCalls, type GatewayCall, type ToolServerGate } from './gateway-calls.ts';

type Gate = Awaited<ReturnType<ToolServerGate['isLet']>>;
const call: GatewayCall = { id: 'call-00000001', server: 'files', kind: 'tool', name: 'read_note', input: {} };

/** While a person is asked the gate goes from the first of these to the second. */
function gatewayOf(before: Gate, after: Gate) {
  const decided: { readonly call: HookCall; readonly refusal?: string }[] = [];
  let gate = before;
  const gateway = createGatewayCalls({
    hooks: {
      async decide(asked) {
        decided.push(asked);
        gate = after;
        const { refusal } = asked;
        const said = { isOver: false, canAsk: false, grants: false };
        return refusal === undefined
          ? { ...said, verdict: 'allow', reason: 'Kim said yes', input: { changed: true } }
          : { ...said, verdict: 'deny', reason: refusal };
      },
      cameBack: {
        finished: async () => ({ content: 'untrusted' }),
        task: async () => ({}),
        over: async () => undefined,
      },
      missed: async () => undefined,
    },
    toolServers: { isLet: async () => gate },
    log: (_message: string, _details: JsonObject) => undefined,
  });
  return { gateway, decided };
}
const held = (reason: string): Gate => ({ isLet: false, reason, isForgotten: false });

test('a yes does not outlive what it was given for: what is blocked or changed meanwhile is denied, and that is recorded', async () => {
  const rows: readonly (readonly [Gate, Gate, RegExp])[] = [
    [{ isLet: true }, held('This server is blocked'), /blocked/],
    [{ isLet: true }, held('It has changed'), /changed/],
    [{ isLet: true, vetted: { effects: ['read'] } }, { isLet: true, vetted: {} }, /vouched/],
  ];
  for (const [before, after, why] of rows) {
    const { gateway, decided } = gatewayOf(before, after);
    const answer = await gateway.judge({ sessionId: 's', call });
    assert.equal(answer.verdict, 'deny');
    assert.match(answer.reason, why);
    assert.equal(answer.input, undefined);
    assert.equal(decided.length, 2);
    assert.match(decided[1]?.refusal ?? '', why);
    assert.equal(decided[1]?.call.vetted, undefined);
  }
  const { gateway, decided } = gatewayOf({ isLet: true }, { isLet: true });
  assert.equal((await gateway.judge({ sessionId: 's', call })).verdict, 'allow');
  assert.equal(decided.length, 1);
});

test('an argument named as what is asked for is judged as an argument', async () => {
  const { gateway, decided } = gatewayOf({ isLet: true }, { isLet: true });
  for (const asked of [
    { ...call, kind: 'prompt', name: 'greet', input: { name: 'rm -rf /', prompt: 'other' } },
    { ...call, kind: 'resource', name: 'file:///a', input: { uri: 'file:///etc/passwd' } },
    { ...call, kind: 'resource', name: 'file:///a' },
  ] as const)
    await gateway.judge({ sessionId: 's', call: asked });
  assert.deepEqual(
    decided.map(({ call: { input } }) => input),
    [
      { prompt: 'greet', arguments: { name: 'rm -rf /', prompt: 'other' } },
      { uri: 'file:///a', arguments: { uri: 'file:///etc/passwd' } },
      { uri: 'file:///a' },
    ],
  );
});
