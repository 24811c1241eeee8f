import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { sql } from 'kysely';
import {
  actionsOf,
  moveIn,
  moveInAdministrator,
  openHouse,
  signInWithApp,
  whoIs,
  type House,
} from '../people/people.fixture.ts';

const minuteMs = 60_000;

/** Uses the session every ten minutes, as somebody at work does, taking on new tokens; returns the last one. */
async function work(house: House, token: string, minutes: number): Promise<string> {
  let current = token;
  for (let passed = 0; passed < minutes; passed += 10) {
    house.clock.advance(10 * minuteMs);
    const answer = await house.sessions.authenticate(current);
    if ('refused' in answer) return answer.refused;
    current = answer.renewed?.reveal() ?? current;
  }
  return current;
}

forEachDatabase((name, open) => {
  test(`${name}: a session ends after half an hour without use, and after twelve hours in any case`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const token = ada.begun.token.reveal();
    house.clock.advance(30 * minuteMs - 1);
    assert.equal(await whoIs(house, token), 'Ada');
    const idle = (await signInWithApp(house, ada)).token.reveal();
    house.clock.advance(30 * minuteMs);
    assert.equal(await whoIs(house, idle), 'session_idle');
    const busy = (await signInWithApp(house, ada)).token.reveal();
    const afterDay = await work(house, busy, 11 * 60 + 50);
    assert.match(afterDay, /^[\w-]{43}$/);
    assert.equal(await work(house, afterDay, 10), 'session_expired');
  });

  test(`${name}: a reply that goes on asks for the session again without keeping it alive`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const { id } = ada.begun.session;
    const recheck = async (): Promise<string> => {
      const answer = await house.sessions.recheck(id);
      return 'refused' in answer ? answer.refused : answer.name;
    };
    house.clock.advance(20 * minuteMs);
    assert.equal(await recheck(), 'Ada');
    house.clock.advance(10 * minuteMs);
    assert.equal(await recheck(), 'session_idle');
    const guy = await moveIn(house, 'Guy', ['guard']);
    const again = await house.sessions.recheck(guy.begun.session.id);
    assert.deepEqual(again, guy.begun.principal);
    await house.people.change({ id: guy.id, disabled: true, by: ada.begun.principal });
    assert.deepEqual(await house.sessions.recheck(guy.begun.session.id), { refused: 'session_unknown' });
  });

  test(`${name}: the token is replaced every quarter of an hour; requests under way go on with the one before`, async () => {
    const house = await openHouse(open);
    const { begun } = await moveInAdministrator(house);
    const old = begun.token.reveal();
    house.clock.advance(15 * minuteMs);
    const answers = await Promise.all([1, 2, 3, 4].map(() => house.sessions.authenticate(old)));
    const renewed = answers.flatMap((answer) => ('renewed' in answer ? [answer.renewed?.reveal() ?? ''] : []));
    const handedOut = renewed.filter((token) => token !== '');
    assert.equal(handedOut.length, 1);
    assert.equal(await whoIs(house, handedOut[0] ?? ''), 'Ada');
    house.clock.advance(minuteMs - 1);
    assert.equal(await whoIs(house, old), 'Ada');
  });

  test(`${name}: whoever never saw the new token goes on with the one they have, and is offered another`, async () => {
    const house = await openHouse(open);
    const { begun } = await moveInAdministrator(house);
    const old = begun.token.reveal();
    house.clock.advance(15 * minuteMs);
    const lost = await house.sessions.authenticate(old);
    house.clock.advance(20 * minuteMs);
    const again = await house.sessions.authenticate(old);
    assert.ok('renewed' in lost && 'renewed' in again);
    assert.notEqual(again.renewed?.reveal(), lost.renewed?.reveal());
    assert.equal(await whoIs(house, again.renewed?.reveal() ?? ''), 'Ada');
    assert.equal(await whoIs(house, lost.renewed?.reveal() ?? ''), 'session_unknown');
    house.clock.advance(minuteMs);
    assert.equal(await whoIs(house, old), 'session_reused');
  });

  test(`${name}: what a page asks by itself keeps no session awake and renews no token`, async () => {
    const house = await openHouse(open);
    const { begun } = await moveInAdministrator(house);
    const token = begun.token.reveal();
    for (let minutes = 0; minutes < 29; minutes += 1) {
      house.clock.advance(minuteMs);
      const answer = await house.sessions.authenticate(token, { background: true });
      assert.ok('principal' in answer && !('renewed' in answer));
    }
    house.clock.advance(minuteMs);
    assert.deepEqual(await house.sessions.authenticate(token, { background: true }), { refused: 'session_idle' });
  });

  test(`${name}: a replaced token that comes back later was copied, and ends the session for both`, async () => {
    const house = await openHouse(open);
    const { begun } = await moveInAdministrator(house);
    const stolen = begun.token.reveal();
    const kept = await work(house, stolen, 20);
    assert.equal(await whoIs(house, kept), 'Ada');
    house.clock.advance(minuteMs);
    assert.equal(await whoIs(house, stolen), 'session_reused');
    assert.equal(await whoIs(house, kept), 'session_unknown');
    assert.equal(actionsOf(house.events).at(-1), 'session.reuse:token_reused');
  });

  test(`${name}: a thief who takes part in every replacement does not follow the session past it`, async () => {
    const house = await openHouse(open);
    const { begun } = await moveInAdministrator(house);
    const copied = begun.token.reveal();
    house.clock.advance(15 * minuteMs);
    const thief = await house.sessions.authenticate(copied);
    house.clock.advance(minuteMs);
    const owner = await house.sessions.authenticate(copied);
    assert.ok('renewed' in thief && 'renewed' in owner);
    const [stolen, kept] = [thief.renewed?.reveal() ?? '', owner.renewed?.reveal() ?? ''];
    assert.equal(await whoIs(house, kept), 'Ada');
    assert.equal(await whoIs(house, stolen), 'session_unknown');
    // Had the thief gone first, the owner's return would have told.
    const second = await openHouse(open);
    const other = (await moveInAdministrator(second)).begun.token.reveal();
    second.clock.advance(15 * minuteMs);
    const first = await second.sessions.authenticate(other);
    assert.ok('renewed' in first);
    assert.equal(await whoIs(second, first.renewed?.reveal() ?? ''), 'Ada');
    second.clock.advance(minuteMs);
    assert.equal(await whoIs(second, other), 'session_reused');
  });

  test(`${name}: what stands in the database opens no session`, async () => {
    const house = await openHouse(open);
    const { begun } = await moveInAdministrator(house);
    const { rows } = await sql<Record<string, string | number>>`select * from identity_sessions`.execute(
      house.database,
    );
    assert.equal(rows.length, 1);
    for (const value of Object.values(rows[0] ?? {})) {
      const text = String(value);
      for (const attempt of [text, Buffer.from(text, 'hex').toString('base64url')])
        assert.equal(await whoIs(house, attempt), 'session_unknown');
    }
    for (const token of ['', 'x'.repeat(43), begun.token.reveal().toLowerCase(), `${begun.token.reveal()} `])
      assert.equal(await whoIs(house, token), 'session_unknown');
  });

  test(`${name}: a session is ended by its owner or a manager, at once, and by nobody else`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['guard']);
    const second = await signInWithApp(house, guy);
    const by = guy.begun.principal;
    await assert.rejects(house.sessions.end({ id: ada.begun.session.id, by, anybodys: false }), {
      code: 'session_not_found',
    });
    await house.sessions.end({ id: second.session.id, by, anybodys: false });
    assert.equal(await whoIs(house, second.token.reveal()), 'session_unknown');
    assert.deepEqual(
      (await house.sessions.list(guy.id)).map(({ id }) => id),
      [guy.begun.session.id],
    );
    await house.sessions.end({ id: guy.begun.session.id, by: ada.begun.principal, anybodys: true });
    assert.equal(await whoIs(house, guy.begun.token.reveal()), 'session_unknown');
    assert.deepEqual(
      (await house.sessions.list()).map(({ userName }) => userName),
      ['Ada'],
    );
    assert.equal(actionsOf(house.events).at(-1), 'session.end');
  });

  test(`${name}: signing out everywhere ends all of one person’s and nobody else’s`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['guard']);
    const more = await signInWithApp(house, guy);
    await house.database
      .transaction()
      .execute((transaction) => house.sessions.endAllOf(transaction, guy, guy.begun.principal));
    for (const { token } of [guy.begun, more]) assert.equal(await whoIs(house, token.reveal()), 'session_unknown');
    assert.equal(await whoIs(house, ada.begun.token.reveal()), 'Ada');
  });

  test(`${name}: one person has at most twenty sessions; the oldest makes way`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    for (let round = 0; round < 20; round += 1) await signInWithApp(house, ada);
    assert.equal((await house.sessions.list(ada.id)).length, 20);
    assert.equal(await whoIs(house, ada.begun.token.reveal()), 'session_unknown');
  });
});

forEachDatabase((name, open) => {
  test(`${name}: authenticate() rejects when the database is gone, so that the caller denies`, async () => {
    const opened = await open();
    const house = await openHouse(async () => opened);
    const { begun } = await moveInAdministrator(house);
    await opened.close();
    await assert.rejects(house.sessions.authenticate(begun.token.reveal()));
  });
});
