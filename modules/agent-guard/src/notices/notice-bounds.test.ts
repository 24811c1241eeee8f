import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
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
});

test('room is that of the person, of all and of who asks, and what could not be tried takes none', () => {
  let nowMs = 1000;
  const room = createNoticeRoom({ clock: { monotonicMs: () => nowMs }, perPersonHour: 4, perHour: 6 });
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
