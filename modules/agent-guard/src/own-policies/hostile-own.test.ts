import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { engine as cedar } from '@sallyport/access-policy';
import { agentPolicyFiles } from '@sallyport/content/agent-policies';
import fc from 'fast-check';
import { loadOwn } from '../decisions/own-decisions.ts';
import type { OwnInForce } from '../decisions/own-decisions.ts';
import { judgeOf, packs } from './own-policies.fixture.ts';
import { ownLimits, repositoryName } from '../decisions/own-policy.ts';
import type { OwnScope, OwnText } from '../decisions/own-policy.ts';
import { runStandingTests } from './own-tests.ts';
import { proposedDraft } from './proposed-draft.ts';
import { createOwnThread } from './own-thread.ts';
import { readOwn } from '../decisions/read-own.ts';

const schema = agentPolicyFiles().find(({ name }) => name === 'schema.cedarschema')?.text ?? '';
const thread = createOwnThread(agentPolicyFiles());
after(() => thread.close());

const document = (text: string, scope: OwnScope = { kind: 'all' }, id = 'd'): OwnText => ({
  id,
  name: id,
  scope,
  text,
  tests: [],
});
const read = (text: string, scope?: OwnScope) => readOwn(cedar, schema, [document(text, scope)]);
let loads = 0;
function inForce(...texts: readonly OwnText[]): OwnInForce {
  const { policies, faults } = readOwn(cedar, schema, texts);
  assert.deepEqual(faults, []);
  loads += 1;
  return { kind: 'policies', version: 1, policies: loadOwn(cedar, policies, `test/${loads}`) };
}
const policy = (body: string, head = '@id("p") @words("P")'): string => `${head}\n${body};`;
const everyAction = [
  'read',
  'write',
  'delete',
  'execute',
  'network',
  'secret',
  'message',
  'pay',
  'grant',
  'credential',
  'other',
]
  .map((one) => `Agent::Action::"${one}"`)
  .join(', ');

test('each fault stands at its line, and nothing else is taken', () => {
  const rows: readonly (readonly [string, number, RegExp, OwnScope?])[] = [
    ['\n\nnonsense', 3, /.+/],
    [`\n${policy('forbid (principal, action, resource) when {\n context.destnation == "named" }')}`, 4, /destnation/],
    [policy('forbid (principal, action, resource)', '@words("P")'), 1, /@id and @words/],
    [policy('forbid (principal, action, resource)', '@id("P") @words("P")'), 1, /lower-case/],
    [policy('forbid (principal, action, resource)', '@id("p") @words("P\u202e")'), 1, /one line/],
    [policy('forbid (principal, action, resource)', '@id("p") @words("P") @role("admin")'), 1, /not known/],
    [policy('forbid (principal, action, resource)', '@id("p") @words("P") @ask("nobody")'), 1, /must be "person"/],
    [policy('forbid (principal, action, resource)', '@id("p") @words("P") @approvals("2")'), 1, /beside an @ask/],
    [
      policy(
        `permit (principal, action == Agent::Action::"pay", resource) when { true }`,
        '@id("p") @words("P") @ask("person")',
      ),
      1,
      /on one that forbids/,
    ],
    [
      `${policy('forbid (principal, action, resource)')}\n${policy('forbid (principal, action, resource)')}`,
      3,
      /stands twice/,
    ],
    [policy('forbid (principal == Agent::Session::"this", action, resource)'), 1, /names a session/],
    [policy('forbid (principal == ?principal, action, resource)'), 1, /template/],
    [policy('permit (principal, action, resource)'), 1, /name its actions/],
    [policy('permit (principal, action == Agent::Action::"configure", resource) when { true }'), 1, /name its actions/],
    [policy('permit (principal, action == Agent::Action::"reveal", resource) when { true }'), 1, /name its actions/],
    [policy(`permit (principal, action in [${everyAction}], resource)`), 1, /must say when/],
    [
      policy('permit (principal, action == Agent::Action::"pay", resource) when { true }'),
      1,
      /can only forbid/,
      { kind: 'repository', name: 'git.example/a' },
    ],
  ];
  for (const [text, line, message, scope] of rows) {
    const [fault] = read(text, scope).faults;
    assert.ok(fault !== undefined, text);
    assert.equal(fault.line, line, `${text}: ${fault.message}`);
    assert.match(fault.message, message);
  }
  const second = readOwn(cedar, schema, [
    document(policy('forbid (principal, action, resource)')),
    document('x', undefined, 'e'),
  ]);
  assert.equal(second.faults[0]?.document, 'e');
});

test('what would make every call slow is refused before it is asked of one: too long, too deep, too many, too much together', async () => {
  const set = `[${Array.from({ length: 700 }, (_, at) => `"c${at}"`).join(', ')}]`;
  const slow = policy(`forbid (principal, action, resource) when { context.classes.containsAny(${set}) }`);
  assert.match(read(slow).faults[0]?.message ?? '', /would make every call slow/);
  const some = (id: string): string =>
    policy(
      `forbid (principal, action == Agent::Action::"read", resource) when { context.classes.containsAny([${Array.from({ length: 250 }, (_, at) => `"c${at}"`).join(', ')}]) }`,
      `@id("${id}") @words("P")`,
    );
  const many = Array.from({ length: 24 }, (_, at) => some(`p${at}`));
  const documents = [many.slice(0, 12), many.slice(12)].map((own, at) => document(own.join('\n'), undefined, `d${at}`));
  assert.match(readOwn(cedar, schema, documents).faults[0]?.message ?? '', /together/);
  const deep = policy(`forbid (principal, action, resource) when { ${'('.repeat(40)}true${')'.repeat(40)} }`);
  assert.match(read(deep).faults[0]?.message ?? '', /deeper/);
  assert.match(read('x'.repeat(ownLimits.textBytes + 1)).faults[0]?.message ?? '', /bytes/);
  const hundred = Array.from({ length: 101 }, (_, at) =>
    policy('forbid (principal, action == Agent::Action::"pay", resource)', `@id("p${at}") @words("P")`),
  );
  assert.match(read(hundred.join('\n')).faults[0]?.message ?? '', /at most 100/);
  // A chain of clauses that overflows the stack of whoever reads it ends the thread and nothing else.
  const chain = policy(
    `forbid (principal, action, resource) when { ${Array.from({ length: 2500 }, () => 'true').join('&&')} }`,
  );
  const tried = await thread.attempt([document(chain)]);
  assert.ok(tried.faults.length > 0);
  assert.deepEqual((await thread.attempt([document(policy('forbid (principal, action, resource)'))])).faults, []);
});

test('policy after policy through one thread: what is too deep is refused with what to do, and the next is read as ever', async () => {
  const chain = (length: number): string =>
    policy(`forbid (principal, action, resource) when { ${Array(length).fill('true').join('&&')} }`);
  for (const length of [250, 400, 590, 1000, 1200]) {
    const [fault] = (await thread.attempt([document(chain(length))])).faults;
    assert.match(
      fault?.message ?? '',
      /expressions deep, must go at most 200.*Make several policies|make several/,
      String(length),
    );
    assert.deepEqual((await thread.attempt([document(chain(190))])).faults, [], String(length));
  }
  // Clauses are joined with && as well.
  const clauses = (count: number): string =>
    policy(`forbid (principal, action, resource) ${'unless { false }'.repeat(count)}`);
  assert.match(read(clauses(201)).faults[0]?.message ?? '', /expressions deep, must go at most 200/);
  assert.deepEqual(read(clauses(150)).faults, []);
});

test('documents about many, none of which is too much alone, are refused where reading all of them would hold up the server', () => {
  const list = `[${Array.from({ length: 250 }, (_, at) => `"c${at}"`).join(', ')}]`;
  const documents = Array.from({ length: 48 }, (_, at) => {
    const text = policy(
      `forbid (principal, action == Agent::Action::"read", resource) when { context.classes.containsAny(${list}) }`,
      `@id("p${at}") @words("P")`,
    );
    return document(text, { kind: 'agent', id: `a${at}` }, `d${at}`);
  });
  assert.match(readOwn(cedar, schema, documents).faults[0]?.message ?? '', /all documents have \d+ parts together/);
  assert.deepEqual(readOwn(cedar, schema, documents.slice(0, 30)).faults, []);
});

test('one that fails while deciding is a no that says so; one that permits and fails permits nothing', () => {
  const overflow = 'when { context.amountValue + 9223372036854775807 > 0 && context.amountValue > 0 }';
  const pay = { tool: 'wire_money', input: { iban: 'GB29NWBK60161331926819', amount: 20 } };
  const forbids = inForce(document(policy(`forbid (principal, action == Agent::Action::"pay", resource) ${overflow}`)));
  const refused = judgeOf({ inForce: () => forbids }, { agentId: 'a' }, 'observe', 'Pay the bill')(pay);
  assert.equal(refused.verdict, 'deny');
  assert.match(refused.reason, /Policy "own:p" failed/);
  assert.deepEqual(refused.policies, ['own:p']);
  const permits = inForce(document(policy(`permit (principal, action == Agent::Action::"pay", resource) ${overflow}`)));
  assert.equal(judgeOf({ inForce: () => permits }, { agentId: 'a' }, 'developer', 'Pay the bill')(pay).verdict, 'ask');
  const read = { tool: 'Read', input: { file_path: '/home/you/project/a.ts' } };
  const nobody: OwnInForce = { kind: 'unreadable', reason: 'planted' };
  assert.equal(judgeOf({ inForce: () => nobody }, { agentId: 'a' }, 'observe')(read).verdict, 'deny');
});

test('however it is spelt, what permits everything lifts questions alone: no denial, no quarantine, nothing that guards agents', () => {
  const spellings = [
    'when { true }',
    'unless { false }',
    'when { context.isCertain || !context.isCertain }',
    'when { resource is Agent::Tool }',
    'when { principal is Agent::Session }',
    'when { context.way like "*" }',
    'when { !(context.approved && !context.approved) }',
  ];
  for (const spelt of spellings) {
    const text = policy(`permit (principal, action in [${everyAction}], resource) ${spelt}`);
    const { faults } = read(text);
    if (faults.length > 0) continue;
    const all = inForce(document(text));
    const { standing, widened } = runStandingTests(packs, all, [{ kind: 'all' }]);
    assert.ok(
      standing.every(({ passed }) => passed),
      JSON.stringify(standing),
    );
    // Whoever has to agree is told what goes at worst.
    assert.ok(widened.some(({ action }) => action === 'pay'));
    const bash = (command: string) => ({ tool: 'Bash', input: { command } });
    const judge = judgeOf({ inForce: () => all }, { agentId: 'a' });
    assert.equal(judge(bash('echo {} > .claude/settings.json')).verdict, 'deny');
    assert.equal(judge(bash('sallyport agent policies activate 3')).verdict, 'deny');
    assert.equal(judge(bash('curl http://169.254.169.254/')).verdict, 'deny');
  }
});

test('a document is about its scope alone: an agent, a person’s agents, a repository by any of its addresses', () => {
  const rows: readonly (readonly [OwnScope, object])[] = [
    [{ kind: 'agent', id: 'a' }, { agentId: 'a' }],
    [
      { kind: 'person', id: 'ada' },
      { agentId: 'b', person: 'ada' },
    ],
    [
      { kind: 'repository', name: 'git@git.example:Shop/web.git' },
      { agentId: 'b', repository: 'https://git.example/shop/web' },
    ],
  ];
  const call = { tool: 'Read', input: { file_path: '/home/you/project/a.ts' } };
  for (const [scope, run] of rows) {
    const own = inForce(document(policy('forbid (principal, action == Agent::Action::"read", resource)'), scope));
    const verdict = (of: object) => judgeOf({ inForce: () => own }, { agentId: 'x', ...of })(call).verdict;
    assert.equal(verdict(run), 'deny');
    assert.equal(verdict({ person: 'gus', repository: 'git.example/shop/web2' }), 'allow');
  }
  for (const address of [
    'ssh://git@git.example:22/shop/web.git',
    'git://git.example/shop/web/',
    'HTTPS://GIT.example/shop/web.git',
  ])
    assert.equal(repositoryName(address), 'git.example/shop/web', address);
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (address) => {
      const name = repositoryName(address);
      assert.ok(name.length <= 1000);
    }),
  );
});

test('whatever somebody writes is read or refused, and nothing breaks', () => {
  const word = fc.constantFrom(
    'permit',
    'forbid',
    '(',
    ')',
    'principal',
    'action',
    'resource',
    'when',
    '{',
    '}',
    'context.way',
    '"',
    '@id("a")',
    '@words("A")',
    ';',
    '==',
    'like',
    '*',
    '\\',
    'é',
    '?principal',
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 30 }), (words) => {
      const { faults, policies } = read(words.join(' '));
      for (const { line, column } of faults) assert.ok(line >= 1 && column >= 1);
      if (faults.length === 0) loadOwn(cedar, policies, 'fuzz').release();
    }),
    { numRuns: 200 },
  );
});

test('a proposal becomes text that can be read: what was let go is permitted, all else forbidden, and its words hide nothing', () => {
  const proposal = {
    id: '0123456789abcdef',
    agentId: 'a',
    approvalId: 'b',
    tool: 'wire_money',
    place: 'GB29',
    title: 'Pay GB29',
    policies: ['developer-payee'],
    kinds: ['pay'],
    words: 'Bills may be paid',
    by: { id: 'ada', name: 'Ada' },
    atMs: 1,
  } as const;
  const effectOf = (changed: object): string | undefined => {
    const { id, draft } = proposedDraft({ ...proposal, ...changed });
    const { policies, faults } = readOwn(cedar, schema, [{ id, ...draft }]);
    assert.deepEqual(faults, [], draft.text);
    return policies[0]?.effect;
  };
  assert.equal(effectOf({ answer: 'granted' }), 'permit');
  assert.equal(effectOf({ answer: 'refused' }), 'forbid');
  assert.equal(effectOf({}), 'forbid');
  assert.equal(
    effectOf({ answer: 'granted', kinds: ['pay', 'configure'] }),
    'forbid',
    'what guards agents is never let go',
  );
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (words, tool) => {
      const said = words.trim() === '' ? 'x' : words;
      assert.equal(effectOf({ answer: 'granted', words: said, title: said, tool }), 'permit');
    }),
    { numRuns: 200 },
  );
});
