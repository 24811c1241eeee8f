import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { createManualClock } from '@sallyport/platform/clock';
import type { Client } from '@sallyport/platform/http';
import { sql } from 'kysely';
import {
  actionsOf,
  codeOf,
  elsewhere,
  goodPassword,
  local,
  moveIn,
  moveInAdministrator,
  openHouse,
  operator,
  signInWithApp,
  ticketFor,
  whoIs,
} from '../people/people.fixture.ts';
import { createSignInThrottle } from './sign-in-throttle.ts';

const wrong = { code: 'credentials_wrong' };
const codeWrong = { code: 'code_wrong' };
const ticketInvalid = { code: 'ticket_invalid' };
const attacker: Client = { ...elsewhere, address: '203.0.113.9' };

forEachDatabase((name, open) => {
  test(`${name}: a person signs in with password and code, under a new token each time`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const one = await signInWithApp(house, ada);
    const two = await signInWithApp(house, { ...ada, name: ' ADA ' });
    assert.equal(new Set([ada.begun, one, two].map(({ token }) => token.reveal())).size, 3);
    assert.deepEqual(one.session.methods, ['password', 'totp']);
    assert.equal(await whoIs(house, one.token.reveal()), 'Ada');
    const event = house.events.at(-1)?.event;
    assert.deepEqual(
      [event?.class_uid, event?.activity_id, event?.['status_id'], event?.['src_endpoint'], event?.['actor']],
      [3002, 1, 1, { ip: '192.0.2.7' }, { user: { uid: ada.id, name: 'Ada', type: 'user' } }],
    );
  });

  test(`${name}: a failure from an IPv6 network says from where, so that correlations count it`, async () => {
    const house = await openHouse(open);
    const client: Client = { ...elsewhere, address: '2001:db8:0:7::/64' };
    await assert.rejects(house.signIn.withPassword({ name: 'x', password: 'wrong', client }), wrong);
    assert.deepEqual(house.events.at(-1)?.event['src_endpoint'], { ip: '2001:db8:0:7::' });
  });

  test(`${name}: unknown names, wrong passwords, invited and disabled people get one answer; the ledger knows more`, async () => {
    const house = await openHouse(open);
    await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['guard']);
    await house.people.invite({ name: 'Ina', roles: ['guard'], by: operator });
    await house.people.change({ id: guy.id, disabled: true, by: operator });
    const before = house.events.length;
    const messages = new Set<string>();
    for (const [who, password] of [
      ['Nobody', goodPassword],
      ['Ada', 'wrong'],
      ['Ina', goodPassword],
      ['Guy', goodPassword],
    ] as const) {
      await assert.rejects(house.signIn.withPassword({ name: who, password, client: elsewhere }), (error) => {
        assert.ok(error instanceof Error && 'code' in error && error.code === 'credentials_wrong');
        messages.add(error.message);
        return true;
      });
    }
    assert.equal(messages.size, 1);
    assert.deepEqual(actionsOf(house.events.slice(before)), [
      'session.sign-in:user_unknown',
      'session.sign-in:password_wrong',
      'session.sign-in:password_wrong',
      'session.sign-in:user_disabled',
    ]);
    assert.deepEqual(house.events[before]?.event['user'], { name: 'Nobody' });
  });

  test(`${name}: a code works once, also for two who have it at once, and an older one not after a newer`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const enrolledWith = ada.code();
    let host = 0;
    const use = async (code: string): Promise<unknown> => {
      const client = { ...elsewhere, address: `198.51.100.${(host += 1)}` };
      return house.signIn.withCode({ kind: 'totp', ticket: await ticketFor(house, 'Ada', client), code, client });
    };
    await assert.rejects(use(enrolledWith), codeWrong);
    house.clock.advance(30_000);
    const older = ada.code();
    house.clock.advance(30_000);
    const code = ada.code();
    const tickets = [await ticketFor(house, 'Ada'), await ticketFor(house, 'Ada', attacker)];
    const raced = await Promise.allSettled(
      tickets.map((ticket) => house.signIn.withCode({ kind: 'totp', ticket, code, client: elsewhere })),
    );
    assert.deepEqual(raced.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    await assert.rejects(use(code), codeWrong);
    await assert.rejects(use(older), codeWrong);
    house.clock.advance(30_000);
    await use(ada.code());
  });

  test(`${name}: codes of another time and text that is no code are refused`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    house.clock.advance(300_000);
    const old = ada.code();
    house.clock.advance(90_000);
    const ticket = await ticketFor(house, 'Ada');
    for (const code of [old, '', '12345', '１２３４５６', '0x1234'])
      await assert.rejects(house.signIn.withCode({ kind: 'totp', ticket, code, client: elsewhere }), codeWrong, code);
  });

  test(`${name}: five wrong codes end the step, and a ticket ends by itself`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const ticket = await ticketFor(house, 'Ada', local);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const client = { ...elsewhere, address: `192.0.2.${attempt + 20}` };
      await assert.rejects(house.signIn.withCode({ kind: 'totp', ticket, code: '000000', client }), codeWrong);
    }
    house.clock.advance(30_000);
    const withRight = { kind: 'totp', code: ada.code(), client: local } as const;
    await assert.rejects(house.signIn.withCode({ ...withRight, ticket }), ticketInvalid);
    const late = await ticketFor(house, 'Ada', local);
    house.clock.advance(5 * 60_000);
    await assert.rejects(house.signIn.withCode({ ...withRight, ticket: late, code: ada.code() }), ticketInvalid);
    assert.ok(actionsOf(house.events).includes('session.sign-in:code_wrong'));
  });

  test(`${name}: after a hundred wrong codes the app is of no use until another factor was`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    await sql`update identity_apps set failures = 100`.execute(house.database);
    await assert.rejects(signInWithApp(house, ada), codeWrong);
    const [code = ''] = ada.recoveryCodes;
    const ticket = await ticketFor(house, 'Ada');
    await house.signIn.withCode({ kind: 'recovery', ticket, code, client: elsewhere });
    await signInWithApp(house, ada);
  });

  test(`${name}: a recovery code works once, however it is typed, and for nobody else`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const bea = await moveIn(house, 'Bea', ['admin']);
    const [code = ''] = ada.recoveryCodes;
    const use = async (who: string, typed: string): Promise<unknown> =>
      house.signIn.withCode({
        kind: 'recovery',
        ticket: await ticketFor(house, who),
        code: typed,
        client: elsewhere,
      });
    await assert.rejects(use('Bea', code), codeWrong);
    await use('Ada', ` ${code.toUpperCase().replaceAll('-', ' ')} `);
    await assert.rejects(use('Ada', code), codeWrong);
    await use('Bea', bea.recoveryCodes[9] ?? '');
  });

  test(`${name}: who has a factor is never offered to enrol another on the strength of a password`, async () => {
    const house = await openHouse(open);
    const { token } = await house.people.invite({ name: 'Guy', roles: ['guard'], by: operator });
    const { enrolment: first } = await house.people.accept({ token, password: goodPassword });
    const step = await house.signIn.withPassword({ name: 'Guy', password: goodPassword, client: attacker });
    assert.ok('enrolment' in step);
    const { secret } = await house.enrolment.beginTotp({ enrolment: first });
    assert.match(secret, /^[A-Z2-7]{32}$/);
    const code = codeOf(secret, house.clock.nowMs());
    await house.enrolment.confirmTotp({ enrolment: first, code, client: local });
    for (const enrolment of [first, step.enrolment])
      await assert.rejects(house.enrolment.beginTotp({ enrolment }), ticketInvalid);
    const next = await house.signIn.withPassword({ name: 'Guy', password: goodPassword, client: local });
    assert.ok('ticket' in next);
  });

  test(`${name}: an enrolment ends after fifteen minutes or ten wrong codes`, async () => {
    const house = await openHouse(open);
    const { token } = await house.people.invite({ name: 'Guy', roles: ['guard'], by: operator });
    const { enrolment } = await house.people.accept({ token, password: goodPassword });
    await house.enrolment.beginTotp({ enrolment });
    for (let attempt = 0; attempt < 10; attempt += 1)
      await assert.rejects(house.enrolment.confirmTotp({ enrolment, code: '000000', client: local }), codeWrong);
    await assert.rejects(house.enrolment.confirmTotp({ enrolment, code: '000000', client: local }), ticketInvalid);
    const again = await house.signIn.withPassword({ name: 'Guy', password: goodPassword, client: local });
    assert.ok('enrolment' in again);
    house.clock.advance(15 * 60_000);
    await assert.rejects(house.enrolment.beginTotp({ enrolment: again.enrolment }), ticketInvalid);
  });

  test(`${name}: guessing is slowed down where it comes from, while the person signs in from elsewhere`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const guess = (client: Client): Promise<unknown> =>
      house.signIn.withPassword({ name: 'Ada', password: 'wrong', client });
    for (let attempt = 0; attempt < 8; attempt += 1) await assert.rejects(guess(attacker), wrong);
    const before = house.events.length;
    for (let attempt = 0; attempt < 3; attempt += 1)
      await assert.rejects(guess(attacker), { code: 'sign_in_throttled', details: { retryAfterSeconds: 1 } });
    assert.deepEqual(actionsOf(house.events.slice(before)), ['session.sign-in:throttled']);
    // Also with the right password: an attacker learns nothing by waiting in line.
    await assert.rejects(house.signIn.withPassword({ name: 'ada', password: goodPassword, client: attacker }), {
      code: 'sign_in_throttled',
    });
    await signInWithApp(house, ada);
  });

  test(`${name}: trying many names from one place is slowed down, and signing in there heals nobody else’s count`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    for (let attempt = 0; attempt < 17; attempt += 1)
      await assert.rejects(
        house.signIn.withPassword({ name: `user ${attempt}`, password: 'wrong', client: attacker }),
        wrong,
      );
    await signInWithApp(house, ada, attacker);
    const spray = (at: number): Promise<unknown> =>
      house.signIn.withPassword({ name: `more ${at}`, password: 'wrong', client: attacker });
    for (let attempt = 0; attempt < 3; attempt += 1) await assert.rejects(spray(attempt), wrong);
    await assert.rejects(spray(4), { code: 'sign_in_throttled' });
  });

  test(`${name}: a password is hashed again when the cost has changed, and is of no use without the vault’s key`, async () => {
    const house = await openHouse(open);
    await moveInAdministrator(house);
    const hash = async (): Promise<string> =>
      (await sql<{ password_hash: string }>`select password_hash from identity_users`.execute(house.database)).rows[0]
        ?.password_hash ?? '';
    assert.match(await hash(), /^\$argon2id\$v=19\$m=64,t=1,p=1\$/);
    const dearer = house.again({ passwordCost: { memoryKib: 128, passes: 2 } });
    await ticketFor(dearer, 'Ada');
    assert.match(await hash(), /^\$argon2id\$v=19\$m=128,t=2,p=1\$/);
    await ticketFor(house, 'Ada');
    await assert.rejects(ticketFor(house.again({ key: new Uint8Array(32) }), 'Ada'), wrong);
  });

  test(`${name}: a failed sign-in is in the ledger before it is answered`, async () => {
    const house = await openHouse(open);
    await moveInAdministrator(house);
    const before = house.flushes.count;
    await assert.rejects(house.signIn.withPassword({ name: 'x', password: 'wrong', client: elsewhere }), wrong);
    assert.equal(house.flushes.count, before + 1);
  });
});

test('attempts at once are all counted before any is looked at', () => {
  const throttle = createSignInThrottle(createManualClock(0));
  const waits = Array.from({ length: 10 }, () => throttle.begin('a', 'x').waitMs > 0);
  assert.deepEqual(waits, [...Array.from({ length: 8 }, () => false), true, true]);
});

test('waits double up to five minutes, and a quiet quarter of an hour forgets', () => {
  const clock = createManualClock(0);
  const throttle = createSignInThrottle(clock);
  const waits: number[] = [];
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const { waitMs } = throttle.begin('a', 'x');
    waits.push(waitMs);
    clock.advance(waitMs);
  }
  assert.equal(Math.max(...waits), 300_000);
  clock.advance(900_000);
  assert.equal(throttle.begin('a', 'x').waitMs, 0);
  assert.equal(throttle.begin('a', 'x').waitMs, 0);
});

test('a flood of names and sources is bounded, and setting the wall clock shortens no wait', () => {
  const clock = createManualClock(1_000_000);
  const throttle = createSignInThrottle(clock);
  for (let attempt = 0; attempt < 9; attempt += 1) throttle.begin('a', 'x');
  clock.setWall(9_000_000_000);
  assert.ok(throttle.begin('a', 'x').waitMs > 0);
  for (let source = 0; source < 30_000; source += 1) throttle.begin(`s${source}`, 'x');
  assert.equal(throttle.begin('fresh', 'x').waitMs, 0);
});

test('a source that must wait makes room for no other by trying many names, and fills no audit trail with them', () => {
  const throttle = createSignInThrottle(createManualClock(0));
  const begin = (source: string, name: string): { waitMs: number; first: boolean } => throttle.begin(source, name);
  for (let attempt = 0; attempt < 20; attempt += 1) begin('guesser', `n${attempt}`);
  assert.deepEqual(begin('guesser', 'x'), { waitMs: 1000, first: true });
  for (let attempt = 0; attempt < 20; attempt += 1) begin('flooder', `n${attempt}`);
  const told = Array.from({ length: 30_000 }, (_, name) => begin('flooder', `flood${name}`).first);
  assert.equal(told.filter(Boolean).length, 1);
  assert.ok(begin('guesser', 'x').waitMs > 0);
});
