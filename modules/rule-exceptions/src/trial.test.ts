import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  accepted,
  administrator,
  alice,
  analyst,
  backup,
  colleague,
  dayMs,
  ofUser,
  processEvent,
  setUp,
  startMs,
  textOf,
} from './rule-exceptions.fixture.ts';

test('a trial promises exactly what is hidden when the same comes again, of rules and of correlations', async () => {
  const { exceptions, send, scan, told, tried, clock } = await setUp();
  const events = [backup, alice, backup, processEvent({ User: 'svc-backup', Computer: 'db-1' }), alice, alice];
  await send(events);
  await scan();
  const before = told();
  const text = textOf({ rules: ['r-certutil', 'c-many'], host: 'WEB-1' });
  const trial = await tried(exceptions, text);
  assert.equal(trial.reason, undefined);
  const { looked, hidden, gone, changed } = trial.counts;
  assert.deepEqual([trial.state, trial.of, looked, hidden, gone, changed], ['done', 8, 8, 2, 0, 0]);
  assert.deepEqual(
    trial.hidden.map(({ ruleId, user, host }) => `${ruleId} ${user} ${host}`),
    ['r-certutil svc-backup web-1', 'r-certutil svc-backup web-1'],
  );
  const made = await exceptions.create({ text, trialId: trial.id, accepted: [], by: analyst });
  assert.deepEqual(made.versions[0]?.trial, { hidden: 2, of: 8, days: 30 });
  clock.advance(2 * 3_600_000);
  await send(events);
  await scan();
  const again = told().slice(before.length);
  assert.deepEqual(again.toSorted(), [
    'c-many alice',
    'r-certutil alice',
    'r-certutil alice',
    'r-certutil alice',
    'r-certutil svc-backup',
  ]);
  assert.equal((await exceptions.get(made.id)).hidden, 2);
  // What it hid is no finding: a later trial says that there was more.
  const later = await tried(exceptions, text);
  assert.deepEqual([later.hiddenBefore, later.counts.looked], [2, 13]);
});

test('a trial warns of attacks, critical findings and one’s own; nothing is saved before they are accepted', async () => {
  const { exceptions, send, scan, tried, dispositions, uids } = await setUp();
  await send([backup, processEvent({ User: 'svc-backup' }, 'mshta')]);
  await scan();
  const rules = ['r-certutil', 'r-mshta'];
  for (const uid of uids()) dispositions.set(uid, 'true_positive');
  const trial = await tried(exceptions, textOf({ rules }));
  assert.deepEqual(trial.warnings, ['hides_attack', 'hides_critical', 'hides_all']);
  const asked = { text: textOf({ rules }), trialId: trial.id, by: analyst };
  await assert.rejects(exceptions.create({ ...asked, accepted: ['hides_attack'] }), {
    code: 'exception_unaccepted',
    details: { warnings: ['hides_critical', 'hides_all'] },
  });
  await exceptions.create({ ...asked, accepted: trial.warnings });
  const other = { ...asked, text: textOf({ rules, condition: ofUser('other') }), accepted: trial.warnings };
  await assert.rejects(exceptions.create(other), {
    code: 'exception_unaccepted',
    details: { warnings: ['not_tried'] },
  });
  await assert.rejects(exceptions.create({ ...asked, by: colleague, accepted: [] }), { code: 'trial_not_found' });
});

test('what hides findings about its maker hides nothing until a second person approves it', async () => {
  const { exceptions, send, scan, told, tried, clock } = await setUp();
  const own = processEvent({ User: 'ada' });
  await send([own]);
  await scan();
  const condition = "who:\n  User|startswith: 'ad'\ncondition: who\n";
  const trial = await tried(exceptions, textOf({ condition }));
  assert.deepEqual(trial.warnings, ['about_self', 'hides_all']);
  const made = await exceptions.create({
    text: textOf({ condition }),
    trialId: trial.id,
    accepted: trial.warnings,
    by: analyst,
  });
  assert.equal(made.state, 'proposed');
  // Named in the condition, tried or not.
  await assert.rejects(exceptions.create({ text: textOf({ condition: ofUser('ADA') }), ...accepted }), {
    details: { warnings: ['about_self'] },
  });
  await send([own]);
  await scan();
  assert.equal(told().length, 2);
  const seen = { id: made.id, revision: made.revision };
  await assert.rejects(exceptions.approve({ ...seen, by: analyst }), { code: 'exception_own_approval' });
  const key = { ...colleague, kind: 'key' as const };
  await assert.rejects(exceptions.approve({ ...seen, by: key }), { code: 'exception_own_approval' });
  clock.advance(1000);
  const approved = await exceptions.approve({ ...seen, by: colleague });
  assert.deepEqual([approved.state, approved.versions[0]?.approvedBy?.name], ['active', 'Bob']);
  await send([own]);
  await scan();
  assert.equal(told().length, 2);
});

test('rules about this server, all rules, and no end need a further right, and have to be accepted', async () => {
  const { exceptions } = await setUp({ detects: false });
  const wide = textOf({ rules: 'all', user: 'svc-backup' });
  for (const text of [
    wide,
    ...['r-audit', 'c-11', 'r-part'].map((id) => textOf({ rules: [id] })),
    textOf({ untilMs: startMs + 400 * dayMs }),
  ])
    await assert.rejects(exceptions.create({ text, ...accepted }), { code: 'exception_not_allowed' });
  await assert.rejects(exceptions.create({ text: textOf({ rules: 'all' }), ...accepted, by: administrator }), {
    code: 'exception_invalid',
  });
  const by = administrator;
  for (const id of ['r-watch', 'c-watch'])
    await assert.rejects(exceptions.create({ text: textOf({ rules: [id] }), ...accepted, by }), {
      code: 'exception_invalid',
    });
  await assert.rejects(exceptions.create({ text: textOf({ rules: ['r-audit'] }), accepted: ['not_tried'], by }), {
    details: { warnings: ['about_us'] },
  });
  const made = await exceptions.create({ text: wide, accepted: ['not_tried', 'all_rules', 'about_us'], by });
  assert.equal(made.state, 'active');
});

test('a condition that cannot be honoured is refused with line and reason, and unknown rules by name', async () => {
  const { exceptions } = await setUp({ detects: false });
  const refused = async (condition: string): Promise<unknown> => {
    const asked = exceptions.try({ text: textOf({ condition }), days: 30, by: analyst });
    return asked.then(
      () => assert.fail('it was taken'),
      (error: unknown) => error,
    );
  };
  for (const [condition, line] of [
    ['a:\n  User|unheard: x\ncondition: a\n', 2],
    ['a:\n  User: x\ncondition: not a\n', 1],
    ['a: [\n', 2],
    ["a:\n  User|re: '(?=x)'\ncondition: a\n", 2],
  ] as const) {
    const error = await refused(condition);
    assert.ok(error instanceof Error && 'code' in error && 'details' in error);
    assert.equal(error.code, 'exception_condition_refused');
    assert.match(error.message, new RegExp(`line ${line}`));
  }
  await assert.rejects(exceptions.create({ text: textOf({ rules: ['r-none'] }), ...accepted }), {
    code: 'exception_rule_unknown',
  });
});

test('a wildcard, an expression or a negation that may mean its maker needs a second person, tried or not', async () => {
  const { exceptions } = await setUp({ detects: false });
  for (const test of [
    "User: '*'",
    'User|exists: true',
    "User|re: '.*'",
    "User|startswith: 'a'",
    "User|contains: ''",
    'User|neq: bob',
  ])
    await assert.rejects(
      exceptions.create({ text: textOf({ condition: `any:\n  ${test}\ncondition: any\n` }), ...accepted }),
      { details: { warnings: ['about_self'] } },
      test,
    );
  const bounded = textOf({ condition: "any:\n  User: '*'\ncondition: any\n", user: 'svc-backup' });
  assert.equal((await exceptions.create({ text: bounded, ...accepted })).state, 'active');
});

test('a trial on nothing is no promise: that its rules found nothing has to be accepted', async () => {
  const { exceptions, tried } = await setUp({ detects: false });
  const trial = await tried(exceptions, textOf());
  const asked = { text: textOf(), trialId: trial.id, by: analyst };
  await assert.rejects(exceptions.create({ ...asked, accepted: [] }), { details: { warnings: ['nothing_found'] } });
  assert.equal((await exceptions.create({ ...asked, accepted: ['nothing_found'] })).state, 'active');
});
