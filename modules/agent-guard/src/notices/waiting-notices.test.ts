import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import fc from 'fast-check';
import { ada, gus } from '../agent-guard.fixture.ts';
import { noticeMessage } from './notice-message.ts';
import { openDesk, refuseAll, runOf, told, untilWaiting } from './notices.fixture.ts';
import { noticeLimits } from './waiting-notices.ts';

forEachDatabase((name, open) => {
  test(`nobody is told before somebody said so, and what a person chose goes before what the organisation says, on ${name}`, async () => {
    const { guard, mails, choices, wait } = await openDesk(open);
    const ask = await runOf(guard, ada);
    const first = ask('make');
    await untilWaiting(guard, 1);
    await wait(noticeLimits.gatherMs);
    assert.equal(mails.length, 0);
    await refuseAll(guard, ada);
    await first;

    await choices.setOrganization({ mail: 'all', by: gus });
    await choices.setOwn({ mail: 'none', by: { kind: 'user', id: 'bea', name: 'Bea' } });
    const second = ask('make test');
    await untilWaiting(guard, 1);
    await wait(noticeLimits.gatherMs);
    assert.deepEqual(mails.map(({ to }) => to).toSorted(), ['ada', 'ann'], 'not Gus, who may answer for none of hers');
    const [{ text, subject } = { text: '', subject: '' }] = mails;
    const [{ approval } = assert.fail()] = guard.approvals.waiting();
    assert.equal(subject, 'A question of an AI agent waits for your answer');
    assert.ok(text.includes(`https://gate.acme.example/agents/approvals?question=${approval.id}\n`), text);
    for (const secret of ['make', 'builder', 'Bash', 'codex', 'evil.example', 'Ada', 'A person sees', approval.digest])
      assert.ok(!`${subject}\n${text}`.includes(secret), secret);
    await refuseAll(guard, ada);
    await second;

    await choices.setOrganization({ mail: 'own', by: gus });
    mails.length = 0;
    const third = ask('make docs');
    await untilWaiting(guard, 1);
    await wait(noticeLimits.perPersonMs);
    assert.deepEqual(
      mails.map(({ to }) => to),
      ['ada'],
    );
    await refuseAll(guard, ada);
    await third;
  });

  test(`what is answered at once nobody is told of, and what comes together is one message a minute, on ${name}`, async () => {
    const { house, guard, mails, choices, wait } = await openDesk(open);
    await choices.setOwn({ mail: 'own', by: ada });
    const ask = await runOf(guard, ada);
    const quick = ask('make');
    await untilWaiting(guard, 1);
    await refuseAll(guard, ada);
    await quick;
    await wait(noticeLimits.gatherMs);
    assert.equal(mails.length, 0);

    const many = Array.from({ length: 30 }, (_, index) => ask(`make ${index}`));
    await untilWaiting(guard, 30);
    await wait(noticeLimits.gatherMs - 1);
    assert.equal(mails.length, 0);
    await wait(1);
    assert.deepEqual(
      mails.map(({ subject }) => subject),
      ['30 questions of AI agents wait for your answer'],
    );
    assert.ok(mails[0]?.text.includes('https://gate.acme.example/agents/approvals\n'));
    const more = ask('make more');
    await untilWaiting(guard, 31);
    for (let second = 1; second < 60; second += 1) await wait(1000);
    assert.equal(mails.length, 1, 'within a minute');
    await wait(1000);
    assert.deepEqual(mails.at(-1)?.subject, 'A question of an AI agent waits for your answer');
    await refuseAll(guard, ada);
    await Promise.all([...many, more]);
    assert.deepEqual(told(house), [
      { user: 'ada', status: 1, by: 'email', questions: 30, to: 'a…@acme.example', attempts: 1 },
      { user: 'ada', status: 1, by: 'email', questions: 1, to: 'a…@acme.example', attempts: 1 },
    ]);
  });

  test(`a flood of questions is ten messages an hour and one word of it in the trail, on ${name}`, async () => {
    const { house, guard, mails, choices, wait } = await openDesk(open);
    await choices.setOwn({ mail: 'own', by: ada });
    for (let round = 0; round < 25; round += 1) {
      const ask = await runOf(guard, ada);
      const asked = ask(`make ${round}`);
      await untilWaiting(guard, 1);
      await wait(noticeLimits.perPersonMs);
      await refuseAll(guard, ada);
      await asked;
    }
    assert.equal(mails.length, noticeLimits.perPersonHour / 2);
    assert.deepEqual(
      told(house).filter((one) => JSON.stringify(one).includes('too-many')),
      [{ user: 'ada', status: 2, by: 'email', questions: 1, not_sent: 'too-many' }],
    );
  });

  test(`mail that is not taken is tried three times, told without what the other side said, and holds no question up, on ${name}`, async () => {
    const { house, guard, post, choices, wait } = await openDesk(open);
    await choices.setOwn({ mail: 'own', by: ada });
    post.isShut = true;
    const ask = await runOf(guard, ada);
    const asked = ask('make');
    await untilWaiting(guard, 1);
    await wait(noticeLimits.gatherMs);
    for (const ms of noticeLimits.againMs) {
      await wait(ms - 1);
      await wait(1);
    }
    await wait(3 * noticeLimits.perPersonMs);
    assert.equal(post.tried, 3);
    assert.deepEqual(told(house), [
      { user: 'ada', status: 2, by: 'email', questions: 1, not_sent: 'not-taken', attempts: 3 },
    ]);
    assert.ok(!JSON.stringify(house.changes).includes('home.example'));
    assert.equal(guard.approvals.waiting().length, 1, 'it waits as before');
    await refuseAll(guard, ada);
    await asked;
    // Answered in the middle of trying: said all the same.
    const next = ask('make test');
    await untilWaiting(guard, 1);
    await wait(noticeLimits.perPersonMs);
    await refuseAll(guard, ada);
    await next;
    await wait(noticeLimits.againMs[0]);
    assert.deepEqual(told(house).at(-1), {
      user: 'ada',
      status: 2,
      by: 'email',
      questions: 1,
      not_sent: 'not-taken',
      attempts: 1,
    });
  });

  test(`a post office that holds on to a message keeps nobody else waiting, and the end of the server waits for none, on ${name}`, async () => {
    const { house, guard, mails, post, choices, wait } = await openDesk(open);
    for (const by of [ada, gus]) await choices.setOwn({ mail: 'own', by });
    const { promise, resolve: release } = Promise.withResolvers<void>();
    post.holdsFor = { ada: promise };
    const [hers, his] = [(await runOf(guard, ada))('make'), (await runOf(guard, gus))('make')];
    await untilWaiting(guard, 2);
    await guard.notices.settled();
    house.clock.advance(noticeLimits.gatherMs);
    guard.notices.tick();
    // Not until all is settled: hers is held.
    while (mails.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(
      mails.map(({ to }) => to),
      ['gus'],
      'hers is on its way still',
    );
    await refuseAll(guard, ada);
    assert.match(JSON.stringify(await hers), /Ada said no/);
    const closed = guard.notices.close();
    assert.equal(post.signals.at(0)?.aborted, true, 'what is on its way is given up');
    release();
    await closed;
    await refuseAll(guard, gus);
    await his;
    // Nobody is told after the end.
    const last = (await runOf(guard, gus))('make test');
    await untilWaiting(guard, 1);
    const tried = post.tried;
    await wait(noticeLimits.perPersonMs);
    assert.equal(post.tried, tried);
    await refuseAll(guard, gus);
    await last;
  });

  test(`who may not answer any more is not told, nor whom the agent acts for where two people must, on ${name}`, async () => {
    const { house, guard, mails, choices, wait } = await openDesk(open);
    await choices.setOrganization({ mail: 'all', by: gus });
    house.owners.set('ada', { name: 'Ada', scopes: ['agents:run', 'agents:approve'] });
    house.asks = { ...house.asks, people: 2 };
    const ask = await runOf(guard, { ...ada, scopes: ['agents:run', 'agents:approve'] });
    const asked = ask('pay');
    await untilWaiting(guard, 1);
    // Between the question and the mail Bea may not any more.
    house.owners.set('bea', { name: 'Bea', scopes: ['agents:run'] });
    await wait(noticeLimits.gatherMs);
    assert.deepEqual(
      mails.map(({ to }) => to),
      ['ann'],
    );
    await refuseAll(guard, ada);
    await asked;
  });
});

test('whatever a question is called, its message is one of ours: one link to our own page, no line in its head', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 }),
      fc.nat(),
      (ids, waitsUntilMs) => {
        const { subject, text } = noticeMessage({
          questions: ids.map((id) => ({ id, waitsUntilMs })),
          origin: 'https://gate.example',
        });
        assert.ok(!/[\r\n]/.test(subject));
        const links = text('Acme')
          .split('\n')
          .filter((line) => line.startsWith('https:'));
        assert.equal(links.length, 1);
        assert.equal(
          new URL(links[0] ?? '').origin + new URL(links[0] ?? '').pathname,
          'https://gate.example/agents/approvals',
        );
      },
    ),
  );
});
