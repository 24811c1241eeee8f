import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { ada, bash, begin, openHouse } from '../agent-guard.fixture.ts';
import { createJustRead } from './just-read.ts';

const session = { id: 's1' };

test('what was read of who asks stands once, for a moment, and only while nothing changed', () => {
  const clock = createManualClock(0);
  const read = createJustRead<{ readonly session: { readonly id: string } }>(clock);
  read.begin().keep({ session });
  assert.deepEqual(read.take('s1')?.rows, { session });
  assert.equal(read.take('s1'), undefined);
  // A body that comes slowly behind its head.
  read.begin().keep({ session });
  clock.advance(1000);
  assert.equal(read.take('s1'), undefined);
  // Changed after it was read, and changed while it was.
  read.begin().keep({ session });
  read.forget();
  assert.equal(read.take('s1'), undefined);
  const { keep } = read.begin();
  read.forget();
  keep({ session });
  assert.equal(read.take('s1'), undefined);
  for (let at = 0; at < 5000; at += 1) read.begin().keep({ session: { id: `s${at}` } });
  assert.equal(read.take('s3000'), undefined);
  assert.notEqual(read.take('s4999'), undefined);
});

test('what nobody takes is not kept: by whoever comes next, and without anybody', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const clock = createManualClock(0);
  const read = createJustRead<{ readonly session: { readonly id: string } }>(clock);
  const pass = (ms: number): void => {
    clock.advance(ms);
    context.mock.timers.tick(ms);
  };
  for (let at = 0; at < 500; at += 1) read.begin().keep({ session: { id: `s${at}` } });
  assert.equal(read.size(), 500);
  clock.advance(1000);
  read.begin().keep({ session });
  assert.equal(read.size(), 1);
  // Kept just before the others were dropped: the next look has it.
  pass(1000);
  read.begin().keep({ session: { id: 's2' } });
  pass(500);
  read.begin().keep({ session: { id: 's3' } });
  pass(500);
  assert.equal(read.size(), 1);
  pass(1000);
  assert.equal(read.size(), 0);
  // Read so slowly that it stands no more.
  const { keep } = read.begin();
  clock.advance(1000);
  keep({ session });
  assert.equal(read.size(), 0);
});

forEachDatabase((name, open) => {
  test(`${name}: a run that is ended, or judged by another pack, between its credential and its question is so at once`, async () => {
    const house = await openHouse(open);
    const { guard } = house;
    const { session: run, agent, token } = await begin(guard);
    const asked = async () => guard.hooks.answer({ sessionId: run.id, harness: 'claude-code', body: bash('ls') });
    await guard.sessions.authenticate(token.reveal());
    await asked();
    await guard.sessions.authenticate(token.reveal());
    await guard.sessions.change({ id: agent.id, pack: 'locked-down', by: ada });
    await asked();
    assert.deepEqual(
      house.judges.map(({ pack }) => pack),
      ['developer', 'locked-down'],
    );
    await guard.sessions.authenticate(token.reveal());
    await guard.sessions.end({ id: run.id, by: ada, anybodys: false, for: 'ended-by-hand' });
    assert.match(JSON.stringify(await asked()), /somebody ended this run/);
    // Whom it belongs to is asked each time.
    const other = await begin(guard);
    await guard.sessions.authenticate(other.token.reveal());
    house.owners.delete('ada');
    assert.equal((await guard.sessions.standing(other.session.id)).over, 'owner-ended');
  });
});
