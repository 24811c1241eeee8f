import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import fc from 'fast-check';
import { ada, gus } from '../agent-guard.fixture.ts';
import { createNoticeRoom } from './notice-room.ts';
import { openDesk, refuseAll, runOf, told, untilWaiting } from './notices.fixture.ts';
import { noticeLimits } from './waiting-notices.ts';

const ann = { kind: 'user', id: 'ann', name: 'Ann' } as const;

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('what an agent asks without end leaves room for what others ask, and what had no room is told when it has', async () => {
    const { house, guard, mails, choices, wait } = await openDesk(open);
    await choices.setOwn({ mail: 'all', by: ann });
    const startMs = house.clock.monotonicMs();
    for (let round = 0; round < 30; round += 1) {
      const asked = (await runOf(guard, ada))(`make ${round}`);
      await untilWaiting(guard, 1);
      await wait(noticeLimits.perPersonMs);
      await refuseAll(guard, ada);
      await asked;
    }
    assert.equal(mails.length, 10, 'half of what Ann may get in an hour');
    const dropped = (await runOf(guard, ada))('make all');
    await untilWaiting(guard, 1);
    await wait(noticeLimits.gatherMs);
    assert.equal(mails.length, 10);
    const his = (await runOf(guard, gus))('ls');
    await untilWaiting(guard, 2);
    await wait(noticeLimits.gatherMs);
    assert.match(mails.at(-1)?.subject ?? '', /^2 questions/, 'what Gus asks has room, and takes the other along');
    await refuseAll(guard, ada);
    await dropped;
    // Of hers again: told once there is room, without another question.
    const late = (await runOf(guard, ada))('make late');
    await untilWaiting(guard, 2);
    await refuseAll(guard, gus);
    await his;
    await wait(noticeLimits.perPersonMs);
    assert.equal(mails.length, 11);
    const leftMs = startMs + 3_600_000 + 2 * noticeLimits.perPersonMs - house.clock.monotonicMs();
    await wait(leftMs);
    assert.deepEqual([mails.length, guard.approvals.waiting().length], [12, 1]);
    assert.deepEqual(
      told(house).filter((one) => JSON.stringify(one).includes('too-many')).length,
      1,
      'said once an hour',
    );
    await refuseAll(guard, ada);
    await late;
  });

  test('what was chosen between the question and its mail counts', async () => {
    const { guard, mails, choices, wait } = await openDesk(open);
    await choices.setOrganization({ mail: 'all', by: gus });
    const asked = (await runOf(guard, ada))('make');
    await untilWaiting(guard, 1);
    await guard.notices.settled();
    await choices.setOwn({ mail: 'none', by: ada });
    await choices.setOrganization({ mail: 'own', by: gus });
    await choices.setOwn({ mail: 'all', by: { kind: 'user', id: 'bea', name: 'Bea' } });
    await wait(noticeLimits.gatherMs);
    assert.deepEqual(
      mails.map(({ to }) => to),
      ['bea'],
      'neither Ada, who wants none by now, nor Ann, who gets her own alone',
    );
    await refuseAll(guard, ada);
    await asked;
  });

  test('of one’s own are those of service accounts one answers for, not of a key one made', async () => {
    const { house, guard, mails, choices, wait } = await openDesk(open);
    await choices.setOwn({ mail: 'own', by: ann });
    const scopes = ['agents:run'];
    house.owners.set('k1', { name: 'a key of Ann’s', scopes, person: 'ann' });
    house.owners.set('s1', { name: 'builds', scopes, person: 'ann' });
    const key = { kind: 'key', id: 'k1', name: 'a key of Ann’s', scopes } as const;
    const service = { kind: 'service', id: 's1', name: 'builds', scopes } as const;
    const first = (await runOf(guard, key))('make');
    await untilWaiting(guard, 1);
    await wait(noticeLimits.gatherMs);
    assert.equal(mails.length, 0);
    const second = (await runOf(guard, service))('make');
    await untilWaiting(guard, 2);
    await wait(noticeLimits.gatherMs);
    assert.deepEqual(
      mails.map(({ to, subject }) => [to, subject]),
      [['ann', 'A question of an AI agent waits for your answer']],
    );
    await guard.approvals.close();
    await Promise.all([first, second]);
  });

  test('nobody is asked for what they may do who wants no mail', async () => {
    const { house, guard, choices, wait } = await openDesk(open);
    await choices.setOwn({ mail: 'own', by: ada });
    await choices.setOwn({ mail: 'all', by: ann });
    const wanted: string[] = [];
    house.telling = {
      ...house.telling,
      async approvers(isWanted) {
        wanted.push(...['ada', 'ann', 'bea', 'gus'].filter((id) => isWanted(id)));
        return [];
      },
    };
    const asked = (await runOf(guard, ada))('make');
    await untilWaiting(guard, 1);
    await wait(noticeLimits.gatherMs);
    assert.deepEqual(wanted, ['ann']);
    await choices.setOwn({ mail: 'none', by: ann });
    const again = (await runOf(guard, ada))('make');
    await untilWaiting(guard, 2);
    await wait(noticeLimits.gatherMs);
    assert.deepEqual(wanted, ['ann'], 'where nobody wants all, approvers are not looked for');
    await refuseAll(guard, ada);
    await Promise.all([asked, again]);
  });

  test('deliveries that never end keep others waiting half a minute, and the end of the server not at all', async () => {
    const { house, guard, choices, wait } = await openDesk(open);
    const people = ['p1', 'p2', 'p3', 'p4', 'p5'];
    for (const id of people) {
      house.owners.set(id, { name: id, scopes: ['agents:run', 'agents:approve'] });
      await choices.setOwn({ mail: 'all', by: { kind: 'user', id, name: id } });
    }
    const tried: string[] = [];
    house.telling = {
      ...house.telling,
      async deliver({ userId }) {
        tried.push(userId);
        // Whatever the signal says.
        return new Promise(() => undefined);
      },
    };
    const asked = (await runOf(guard, ada))('make');
    await untilWaiting(guard, 1);
    await guard.notices.settled();
    const untilTried = async (count: number): Promise<void> => {
      while (tried.length < count) await new Promise((resolve) => setImmediate(resolve));
    };
    house.clock.advance(noticeLimits.gatherMs);
    guard.notices.tick();
    await untilTried(noticeLimits.atOnce);
    house.clock.advance(noticeLimits.attemptMs);
    guard.notices.tick();
    await guard.notices.settled();
    guard.notices.tick();
    await untilTried(noticeLimits.atOnce + 1);
    assert.equal(tried.at(-1), 'p5');
    await guard.notices.close();
    await refuseAll(guard, ada);
    await asked;
    await wait(0);
  });

  test('who may answer for a time is told while they may, and not of what is sent after', async () => {
    const { house, guard, mails, choices, forNow, wait } = await openDesk(open);
    house.owners.set('eve', { name: 'Eve', scopes: ['agents:run'] });
    house.owners.set('kay', { name: 'Kay', scopes: [] });
    for (const id of ['eve', 'kay']) await choices.setOwn({ mail: 'all', by: { kind: 'user', id, name: id } });
    forNow.set('eve', ['agents:approve']);
    // A role for a time may bring both.
    forNow.set('kay', ['agents:run', 'agents:approve']);
    const first = (await runOf(guard, ada))('make');
    await untilWaiting(guard, 1);
    await wait(noticeLimits.gatherMs);
    assert.deepEqual(mails.map(({ to }) => to).toSorted(), ['eve', 'kay']);
    const second = (await runOf(guard, ada))('make test');
    await untilWaiting(guard, 2);
    forNow.clear();
    await wait(noticeLimits.perPersonMs);
    const third = (await runOf(guard, ada))('make docs');
    await untilWaiting(guard, 3);
    await wait(noticeLimits.perPersonMs);
    assert.equal(mails.length, 2, 'what was theirs is over before it left');
    await refuseAll(guard, ada);
    await Promise.all([first, second, third]);
  });

  test('a test goes to oneself alone, five times an hour, says what became of it, and takes nobody’s room', async () => {
    const { house, mails, post, tryOut } = await openDesk(open);
    const { signal } = new AbortController();
    assert.deepEqual(await tryOut(ada, signal), { kind: 'sent', to: 'a…@acme.example' });
    assert.deepEqual(
      mails.map(({ to, subject }) => [to, subject]),
      [['ada', 'A test: mail about questions of AI agents']],
    );
    assert.match(
      mails[0]?.text ?? '',
      /asked for this message[\s\S]*https:\/\/gate\.acme\.example\/agents\/approvals$/,
    );
    post.isShut = true;
    assert.deepEqual(await tryOut(ada, signal), { kind: 'not-taken' });
    assert.ok(!JSON.stringify(house.changes).includes('home.example'));
    for (let left = 3; left > 0; left -= 1) await tryOut(ada, signal);
    await assert.rejects(tryOut(ada, signal), { code: 'agent_limit_reached' });
    assert.equal((await tryOut(gus, signal)).kind, 'not-taken', 'others may still try');
    house.telling = { ...house.telling, deliver: async () => ({ kind: 'no-address' }) };
    for (let tries = 0; tries < 7; tries += 1) assert.equal((await tryOut(gus, signal)).kind, 'no-address');
    const aborted = AbortSignal.abort();
    house.telling = { ...house.telling, deliver: () => new Promise(() => undefined) };
    assert.equal((await tryOut(gus, aborted)).kind, 'not-taken');
    assert.deepEqual(told(house)[0], {
      user: 'ada',
      status: 1,
      by: 'email',
      questions: 0,
      test: true,
      to: 'a…@acme.example',
    });
    house.clock.advance(3_600_000);
    post.isShut = false;
    house.telling = { ...house.telling, deliver: async () => ({ kind: 'sent', to: 'x' }) };
    assert.equal((await tryOut(ada, signal)).kind, 'sent');
  });

  test('two who ask and ask together leave room for what a third asks', async () => {
    const { house, guard, mails, choices, wait } = await openDesk(open);
    await choices.setOwn({ mail: 'all', by: ann });
    house.owners.set('mal', { name: 'Mal', scopes: ['agents:run'] });
    const mal = { kind: 'user', id: 'mal', name: 'Mal', scopes: ['agents:run'] } as const;
    for (const by of [ada, mal])
      for (let round = 0; round < 15; round += 1) {
        const asked = (await runOf(guard, by))(`make ${round}`);
        await untilWaiting(guard, 1);
        await wait(noticeLimits.perPersonMs);
        await refuseAll(guard, by);
        await asked;
      }
    assert.equal(mails.length, 15, 'half, and half of what was left');
    for (let round = 0; round < 3; round += 1) {
      const his = (await runOf(guard, gus))(`ls ${round}`);
      await untilWaiting(guard, 1);
      await wait(noticeLimits.perPersonMs);
      await refuseAll(guard, gus);
      await his;
    }
    assert.equal(mails.length, 18);
  });
});

test('of askers who come one after the other each has room, and all together take no more than there is but one word of each', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 60, maxLength: 300 }), (order) => {
      const room = createNoticeRoom({
        clock: { monotonicMs: () => 1000 },
        perPersonHour: 20,
        perHour: 300,
        alwaysPerson: 1,
        always: 10,
      });
      const taken = new Map<number, number>();
      for (const asker of order) {
        const askers = new Set([`user/${asker}`]);
        const isFree = room.fromMs('ann', askers) <= 1000;
        const before = taken.get(asker) ?? 0;
        assert.ok(isFree || before > 0, 'the first word of an asker always goes');
        if (!isFree) continue;
        room.take('ann', askers);
        taken.set(asker, before + 1);
      }
      const counts = [...taken.values()];
      const total = counts.reduce((sum, count) => sum + count, 0);
      assert.ok(total <= 20 + counts.length && counts.every((count) => count <= 10), JSON.stringify(counts));
    }),
  );
});

test('when there is room again is told exactly, and it never takes longer than an hour', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(2), fc.nat(3), fc.integer({ min: 0, max: 600_000 })), { maxLength: 60 }),
      (steps) => {
        let nowMs = 1000;
        const room = createNoticeRoom({
          clock: { monotonicMs: () => nowMs },
          perPersonHour: 6,
          perHour: 10,
          alwaysPerson: 1,
          always: 2,
        });
        for (const [person, asker, aheadMs] of steps) {
          nowMs += aheadMs;
          const of = [`p${person}`, new Set([`user/${asker}`])] as const;
          const fromMs = room.fromMs(...of);
          if (fromMs <= nowMs) {
            room.take(...of);
            continue;
          }
          assert.ok(fromMs - nowMs <= 3_600_000);
          const beforeMs = nowMs;
          nowMs = fromMs - 1;
          assert.equal(room.fromMs(...of), fromMs, 'not before');
          nowMs = fromMs;
          assert.ok(room.fromMs(...of) <= nowMs, 'and then');
          nowMs = Math.max(nowMs, beforeMs);
        }
      },
    ),
  );
});

test('room is that of the person, of all and of who asks, and what could not be tried takes none', () => {
  let nowMs = 1000;
  const limits = { perPersonHour: 4, perHour: 6, alwaysPerson: 0, always: 0 };
  const room = createNoticeRoom({ clock: { monotonicMs: () => nowMs }, ...limits });
  const [ofAda, ofGus] = [new Set(['user/ada']), new Set(['user/gus'])];
  const isFree = (userId: string, askers: ReadonlySet<string>): boolean => room.fromMs(userId, askers) <= nowMs;
  room.take('ann', ofAda)();
  for (const user of ['ann', 'ann']) room.take(user, ofAda);
  assert.ok(!isFree('ann', ofAda), 'two of her four');
  assert.ok(isFree('ann', new Set([...ofAda, ...ofGus])), 'one asker with room is enough');
  nowMs += 1000;
  room.take('bea', ofAda);
  assert.ok(!isFree('eve', ofAda), 'three of six');
  assert.equal(room.fromMs('eve', ofAda), 1000 + 3_600_000);
  assert.equal(room.fromMs('ann', ofAda), 1000 + 3_600_000);
  for (const user of ['ann', 'ann']) room.take(user, ofGus);
  assert.ok(!isFree('ann', new Set(['user/eve'])), 'four of hers');
  room.take('bea', new Set(['user/eve']));
  assert.ok(!isFree('eve', new Set(['user/eve'])), 'six of six');
  nowMs = 1000 + 3_600_000;
  assert.ok(isFree('eve', ofAda));
});
