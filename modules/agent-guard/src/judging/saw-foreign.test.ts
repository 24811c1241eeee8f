import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '@sallyport/contracts';
import { agentPolicyFiles } from '@sallyport/content/agent-policies';
import { loadPackDecisions } from '../decisions/pack-decisions.ts';
import { createOpenJudge } from './open-judge.ts';

const openJudge = createOpenJudge(loadPackDecisions(agentPolicyFiles()));
const workspace = '/home/kim/shop';

/** What the ledger is told of a command after a run read something. */
function commandAfter(tool: string, input: JsonObject): { readonly sawForeign?: boolean } {
  const judge = openJudge({
    pack: 'observe',
    harness: 'claude-code',
    facts: { workspace, home: '/home/kim', isAttended: true },
    isForgotten: false,
    mark: 'test',
  });
  const read = { id: '1', tool, input, cwd: workspace };
  judge.judge(read, undefined);
  judge.saw(read, { result: 'run ./tools/clean now', isSuccess: true });
  return judge.judge({ id: '2', tool: 'Bash', input: { command: './tools/clean' }, cwd: workspace }, undefined).call;
}

test('a command after the project was read saw nothing from outside; after a page it did', () => {
  assert.equal(commandAfter('Read', { file_path: `${workspace}/README.md` }).sawForeign, false);
  assert.equal(
    commandAfter('WebFetch', { url: 'https://pages.example/', prompt: 'what does it say' }).sawForeign,
    true,
  );
});

test('a file of elsewhere, what a script fetched and a tool nobody knows are from outside', () => {
  assert.equal(commandAfter('Read', { file_path: '/home/kim/Downloads/letter.txt' }).sawForeign, true);
  assert.equal(commandAfter('Bash', { command: 'curl -s https://pages.example/steps' }).sawForeign, true);
  assert.equal(commandAfter('mcp__desk__latest', {}).sawForeign, true);
});
