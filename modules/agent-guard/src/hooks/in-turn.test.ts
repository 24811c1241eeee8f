import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextRound } from 'node:timers/promises';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { ada, admin, begin, openHouse } from '../agent-guard.fixture.ts';
import { createInTurn } from './in-turn.ts';

forEachDatabase((name, open) => {
  test(`a run that asks a hundred times does not keep another waiting while rows are read, on ${name}`, async () => {
    const { guard } = await openHouse(open);
    const [noisy, quiet] = [await begin(guard), await begin(guard)];
    const order: string[] = [];
    // A database that is not in this process answers all at once.
    const answered = Promise.withResolvers<void>();
    let reads = 0;
    const inTurn = createInTurn({
      standing: guard.sessions.standing,
      async reading(id) {
        const read = await guard.sessions.reading(id);
        reads += 1;
        await answered.promise;
        return read;
      },
    });
    const ask = async (id: string) => inTurn(id, () => ({ at: order.push(id) }));
    const all = Array.from({ length: 100 }, async () => ask(noisy.session.id));
    while (reads < 100) await nextRound();
    all.push(ask(quiet.session.id));
    while (reads < 101) await nextRound();
    answered.resolve();
    await Promise.all(all);
    assert.equal(order.length, 101);
    assert.ok(order.indexOf(quiet.session.id) <= 2, `the quiet one came as ${order.indexOf(quiet.session.id)}`);
  });

  test(`what was ended or given another pack while it waited is judged as it is then, on ${name}`, async () => {
    const { guard, clock, again } = await openHouse(open);
    const [holder, ended, changed] = [await begin(guard, ada, 'a'), await begin(guard, ada, 'b'), await begin(guard)];
    const gate = Promise.withResolvers<void>();
    let reads = 0;
    // The first holds its turn until the gate opens; the others have read their rows by then.
    const inTurn = createInTurn({
      async reading(id) {
        const read = await guard.sessions.reading(id);
        reads += 1;
        return id === holder.session.id ? { ...read, isStill: () => false } : read;
      },
      async standing(id) {
        if (id === holder.session.id) await gate.promise;
        return guard.sessions.standing(id);
      },
    });
    const ask = async ({ session }: typeof holder) =>
      inTurn(session.id, ({ over, agent }) => ({ over, pack: agent.pack }));
    const untilRead = async (count: number): Promise<void> => {
      while (reads < count) await nextRound();
      await nextRound();
    };
    const first = ask(holder);
    await untilRead(1);
    const behind = Promise.all([ask(ended), ask(changed)]);
    await untilRead(3);
    await guard.sessions.end({ id: ended.session.id, by: admin, anybodys: true, for: 'ended-by-hand' });
    await guard.sessions.change({ id: changed.agent.id, pack: 'locked-down', by: ada });
    gate.resolve();
    assert.deepEqual(await first, { over: undefined, pack: 'developer' });
    assert.deepEqual(await behind, [
      { over: 'ended-by-hand', pack: 'developer' },
      { over: undefined, pack: 'locked-down' },
    ]);
    // Ended at another server: known once what was read is of a second ago.
    const { standing, isStill } = await guard.sessions.reading(holder.session.id);
    const other = await again();
    await other.sessions.end({ id: holder.session.id, by: admin, anybodys: true, for: 'stopped' });
    assert.deepEqual([standing.over, isStill()], [undefined, true]);
    clock.advance(1000);
    assert.equal(isStill(), false);
  });

  test(`whose work or reading fails holds nobody, on ${name}`, async () => {
    const { guard } = await openHouse(open);
    const { session } = await begin(guard);
    const inTurn = createInTurn(guard.sessions);
    const failing = inTurn(session.id, () => {
      throw new TypeError('planted');
    });
    const unknown = inTurn('none', () => ({}));
    const good = inTurn(session.id, () => ({ isJudged: true }));
    // Awaited together: which of them is refused first is the database's to say.
    const [done] = await Promise.all([
      good,
      assert.rejects(failing, /planted/),
      assert.rejects(unknown, { code: 'agent_session_not_found' }),
    ]);
    assert.deepEqual(done, { isJudged: true });
  });
});
