import assert from 'node:assert/strict';
import { setImmediate as nextRound } from 'node:timers/promises';
import { test } from 'node:test';
import { agentPolicyFiles } from '@sallyport/content/agent-policies';
import { loadPackDecisions } from '../decisions/pack-decisions.ts';
import type { HookJudge, JudgedHook, OpenJudge } from './hook-judge.ts';
import { createOpenJudge } from './open-judge.ts';
import { createWarmJudge } from './warm-judge.ts';

/** The real judge, and what it was asked. */
function listened(): { readonly openJudge: OpenJudge; readonly packs: string[]; readonly judged: JudgedHook[] } {
  const real = createOpenJudge(loadPackDecisions(agentPolicyFiles()));
  const packs: string[] = [];
  const judged: JudgedHook[] = [];
  const openJudge: OpenJudge = (session) => {
    packs.push(session.pack);
    const judge = real(session);
    const listening: HookJudge = {
      ...judge,
      judge(call, child) {
        const answer = judge.judge(call, child);
        judged.push(answer);
        return answer;
      },
    };
    return listening;
  };
  return { openJudge, packs, judged };
}

test('the judge is made quick once for all who begin, with calls that go and calls that do not', async () => {
  const { openJudge, packs, judged } = listened();
  const warm = createWarmJudge(openJudge);
  await Promise.all([warm('developer'), warm('unattended'), warm('developer')]);
  const count = judged.length;
  await warm('locked-down');
  assert.deepEqual(packs, ['developer']);
  assert.equal(judged.length, count);
  assert.ok(judged.some(({ verdict }) => verdict === 'allow') && judged.some(({ verdict }) => verdict !== 'allow'));
});

test('others are answered between two calls of it', async () => {
  const { openJudge, judged } = listened();
  let isOver = false;
  const warming = createWarmJudge(openJudge)('developer').then(() => (isOver = true));
  const seen = [judged.length];
  while (!isOver) {
    await nextRound();
    seen.push(judged.length);
  }
  await warming;
  assert.ok(
    seen.every((now, at) => now - (seen[at - 1] ?? 0) <= 1),
    seen.join(' '),
  );
});

test('a run begins also where its judge cannot be opened: who asks is told', async () => {
  const warm = createWarmJudge(() => {
    throw new TypeError('no such pack');
  });
  await warm('developer');
});
