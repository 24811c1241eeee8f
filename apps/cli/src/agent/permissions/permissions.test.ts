import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { checkPolicies, loadCallJudge } from '@sallyport/agent-guard/replay';
import type { CallJudge } from '@sallyport/agent-guard/replay';
import { agentPolicyFiles } from '@sallyport/content/agent-policies';
import fc from 'fast-check';
import { compareRule, draftOf } from './compare-permissions.ts';
import { readPermissions } from './read-permissions.ts';

const place = { workspace: '/home/kim/shop', home: '/home/kim' };
let judge: CallJudge;
before(async () => {
  judge = await loadCallJudge(agentPolicyFiles(), 'developer');
});

/** Standings by rule. */
function compared(path: string, text: string): Readonly<Record<string, string>> {
  const { rules } = readPermissions(path, text);
  return Object.fromEntries(rules.map((rule) => [rule.text, compareRule(rule, judge, place).standing]));
}
const claude = (permissions: object): string => JSON.stringify({ permissions });

test('rules that let through what policies do not are wider, and change nothing', () => {
  const standings = compared(
    '.claude/settings.json',
    claude({ allow: ['Bash(*)', 'Bash', 'Write', 'WebFetch(*)', 'mcp__shop__*', 'Read(./src/**)', 'Read(~/.ssh/**)'] }),
  );
  assert.equal(standings['Bash(*)'], 'wider');
  assert.equal(standings['Bash'], 'wider');
  assert.equal(standings['Write'], 'wider');
  assert.equal(standings['Read(~/.ssh/**)'], 'wider');
  assert.equal(standings['Read(./src/**)'], 'covered');
});

test('rules that policies cannot say stay where they are, and those of whole tools and servers become policies', async () => {
  const text = claude({
    deny: [
      'Read(./notes/**)',
      'WebSearch',
      'mcp__shop',
      'mcp__shop__pay',
      'Read(~/.ssh/**)',
      'Edit(.claude/settings.json)',
    ],
    ask: ['mcp__mail__list_messages'],
  });
  const { rules } = readPermissions('.claude/settings.json', text);
  const all = rules.map((rule) => compareRule(rule, judge, place));
  const standings = Object.fromEntries(all.map(({ rule, standing }) => [rule.text, standing]));
  assert.equal(standings['Read(./notes/**)'], 'beyond');
  assert.equal(standings['mcp__shop'], 'stricter');
  assert.equal(standings['Edit(.claude/settings.json)'], 'covered');
  const draft = draftOf(all);
  assert.match(draft, /resource\.server == "shop"/);
  assert.match(draft, /@words\("Refused by the rule mcp__shop"\)/);
  await checkPolicies(agentPolicyFiles(), 'imported', draft);
});

test('rules without effect are told, and so is what opens everything', () => {
  const standings = compared(
    'settings.json',
    claude({ allow: ['mcp__*'], deny: ['Write(docs/**)', 'Bash(command:rm *)', '(oops'] }),
  );
  assert.deepEqual(new Set(Object.values(standings)), new Set(['idle']));
  const { findings } = readPermissions(
    'settings.json',
    JSON.stringify({ disableAllHooks: true, permissions: { defaultMode: 'bypassPermissions' } }),
  );
  assert.deepEqual(
    findings.map(({ text }) => text),
    ['permissions.defaultMode: bypassPermissions', 'disableAllHooks'],
  );
});

test('files of the other harnesses are known by what they hold', () => {
  const gemini = readPermissions(
    '.gemini/settings.json',
    '{"tools":{"allowed":["run_shell_command(git status)"],"exclude":["web_fetch"]},"mcp":{"excluded":["shop"]}}',
  );
  assert.deepEqual(
    gemini.rules.map(({ harness, effect, text }) => [harness, effect, text]),
    [
      ['gemini-cli', 'allow', 'run_shell_command(git status)'],
      ['gemini-cli', 'deny', 'web_fetch'],
      ['gemini-cli', 'deny', 'mcp shop'],
    ],
  );
  const cursor = readPermissions(
    'cli-config.json',
    '{"permissions":{"allow":["Shell(ls)"],"deny":["Write(**/*.key)","Mcp(shop:*)"]}}',
  );
  assert.deepEqual(
    cursor.rules.map(({ harness }) => harness),
    ['cursor', 'cursor', 'cursor'],
  );
  const rules = `
prefix_rule(
    pattern = ["git", ["push", "fetch"], "origin"],
    decision = "prompt",
)
prefix_rule(pattern=["rm"], decision="forbidden")
`;
  const codex = readPermissions('default.rules', rules);
  assert.deepEqual(
    codex.rules.map(({ effect, examples }) => [effect, examples[0]?.input['command']]),
    [
      ['ask', 'git push origin'],
      ['deny', 'rm'],
    ],
  );
  const config = readPermissions('config.toml', 'approval_policy = "never"\nsandbox_mode = "danger-full-access" # !\n');
  assert.equal(config.findings.length, 2);
  assert.throws(() => readPermissions('settings.json', 'no'), /must be a JSON object/);
});

test('whatever stands in a rule, it is read, compared, and never more than a text in a policy', async () => {
  const effects = ['allow', 'ask', 'deny'];
  const rule = fc.oneof(
    fc.string(),
    fc.string().map((inside) => `Bash(${inside})`),
    fc.string().map((inside) => `mcp__${inside}`),
    fc.string({ unit: 'binary' }).map((inside) => `Web${inside}`),
  );
  const drafts: string[] = [];
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 4 }), fc.constantFrom(...effects), (texts, effect) => {
      const { rules } = readPermissions('settings.json', claude({ [effect]: texts }));
      assert.equal(rules.length, texts.length);
      drafts.push(draftOf(rules.map((one) => compareRule(one, judge, place))));
    }),
    { numRuns: 60 },
  );
  for (const draft of drafts.filter((text) => text !== '').slice(0, 10))
    await checkPolicies(agentPolicyFiles(), 'imported', draft);
  fc.assert(
    fc.property(fc.string(), fc.constantFrom('a.rules', 'a.toml'), (text, name) => {
      assert.ok(Array.isArray(readPermissions(name, text).rules));
    }),
  );
});
