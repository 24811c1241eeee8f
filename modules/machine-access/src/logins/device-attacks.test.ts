import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import fc from 'fast-check';
import {
  actionsOf,
  client,
  newProgram,
  openHouse,
  presentedAs,
  refusalOf,
  type House,
  type Program,
} from '../machine-access.fixture.ts';
import { deviceGrant } from '../oauth/token-service.ts';
import { newUserCode, readUserCode } from './user-code.ts';

const minuteMs = 60_000;
const cli = { client_id: 'sallyport-cli' };

forEachDatabase((name, open) => {
  async function begin(house: House, form: Readonly<Record<string, string>> = {}, address = client.address) {
    const request = {
      form: new Map(Object.entries({ ...cli, ...form })),
      authorization: undefined,
      client: { ...client, address },
      presented: presentedAs(),
    };
    return house.service.beginDevice(request);
  }
  const poll = async (house: House, program: Program, deviceCode: string): Promise<string> =>
    (
      await refusalOf(
        house.service.token(await program.asks({ ...cli, grant_type: deviceGrant, device_code: deviceCode })),
      )
    ).split('/')[0] ?? '';
  const approve = (
    house: House,
    userCode: string,
    by: string | Principal = 'ada',
    scopes?: readonly string[],
  ): Promise<void> =>
    house.logins.decide({
      userCode,
      approve: true,
      by: typeof by === 'string' ? house.inBrowser(by) : by,
      client,
      ...(scopes === undefined ? {} : { scopes }),
    });
  async function signIn(house: House, by: string | Principal = 'ada', scope?: string) {
    const program = await newProgram(house);
    const begun = await begin(house, scope === undefined ? {} : { scope });
    await approve(house, begun.userCode, by);
    const tokens = await house.service.token(
      await program.asks({ ...cli, grant_type: deviceGrant, device_code: begun.deviceCode }),
    );
    const may = async (token = tokens.access_token): Promise<unknown> => {
      const answer = await house.tokens.authenticate(token, await program.shows(token));
      return 'refused' in answer ? answer.refused : answer.scopes;
    };
    const refresh = async (token: string, more: Readonly<Record<string, string>> = {}) =>
      house.service.token(await program.asks({ ...cli, grant_type: 'refresh_token', refresh_token: token, ...more }));
    return { program, begun, tokens, may, refresh };
  }

  test(`${name}: whoever must choose another password first does no more through a program they let in`, async () => {
    const house = await openHouse(open);
    const narrow = await signIn(house, 'gus', 'alerts:read sessions:own');
    house.clock.advance(minuteMs);
    const wide = await signIn(house, 'gus');
    assert.deepEqual(await narrow.may(), ['alerts:read', 'sessions:own']);
    const gus = { name: 'Gus', scopes: ['alerts:read', 'sessions:own'], settledAtMs: 0, isActive: true };
    house.people.set('gus', { ...gus, limitedTo: ['sessions:own'] });
    for (const { may } of [narrow, wide]) assert.deepEqual(await may(), ['sessions:own']);
  });

  test(`${name}: nothing before somebody said yes; who asks too often is told to slow down; no is no`, async () => {
    const house = await openHouse(open);
    const program = await newProgram(house);
    const { deviceCode, userCode } = await begin(house);
    assert.equal(await poll(house, program, deviceCode), 'authorization_pending');
    assert.equal(await poll(house, program, deviceCode), 'slow_down');
    house.clock.advance(6000);
    assert.equal(await poll(house, program, deviceCode), 'slow_down', 'the interval is 10 s now');
    house.clock.advance(20_000);
    assert.equal(await poll(house, program, deviceCode), 'authorization_pending');
    await house.logins.decide({ userCode, approve: false, by: house.inBrowser('ada'), client });
    house.clock.advance(20_000);
    assert.equal(await poll(house, program, deviceCode), 'access_denied');
    await assert.rejects(approve(house, userCode), { code: 'user_code_unknown' }, 'answered once');
    const late = await begin(house);
    house.clock.advance(600_000);
    await assert.rejects(approve(house, late.userCode), { code: 'user_code_unknown' });
    assert.equal(await poll(house, program, late.deviceCode), 'expired_token');
    assert.equal(await poll(house, program, 'guessed'), 'invalid_grant');
  });

  test(`${name}: a device code gives one sign-in; the second who brings it ends the first`, async () => {
    const house = await openHouse(open);
    const { program, begun, may } = await signIn(house);
    assert.ok(Array.isArray(await may()));
    assert.equal(await poll(house, program, begun.deviceCode), 'invalid_grant');
    assert.equal(await may(), 'token_unknown');
    assert.ok(actionsOf(house).includes('token.reuse'));
  });

  test(`${name}: of a code asked for with a key, nobody with another key has any use; and none without`, async () => {
    const house = await openHouse(open);
    const [program, thief] = [await newProgram(house), await newProgram(house)];
    const request = await program.asks(cli, {
      proofs: [await program.proof({ method: 'POST', path: '/oauth/token' })],
    });
    const begun = await house.service.beginDevice(request);
    await approve(house, begun.userCode);
    assert.equal(await poll(house, thief, begun.deviceCode), 'invalid_grant');
    const without = await program.asks(
      { ...cli, grant_type: deviceGrant, device_code: begun.deviceCode },
      { proofs: [] },
    );
    assert.equal(await refusalOf(house.service.token(without)), 'invalid_request/binding_missing');
    assert.equal(await poll(house, program, begun.deviceCode), 'none');
  });

  test(`${name}: guessing codes is slow for a person and an address, and hurts nobody else`, async () => {
    const house = await openHouse(open);
    const { userCode } = await begin(house);
    const guess = (by: string, address: string): Promise<unknown> =>
      house.logins.look({
        userCode: newUserCode(randomBytes),
        by: house.inBrowser(by),
        client: { ...client, address },
      });
    for (let at = 0; at < 10; at += 1) await assert.rejects(guess('gus', '192.0.2.9'), { code: 'user_code_unknown' });
    await assert.rejects(guess('gus', '192.0.2.200'), { code: 'user_code_throttled' });
    await assert.rejects(guess('ada', '192.0.2.9'), { code: 'user_code_throttled' });
    assert.equal((await house.logins.look({ userCode, by: house.inBrowser('ada'), client })).clientId, 'sallyport-cli');
    house.clock.advance(60_000);
    await assert.rejects(guess('gus', '192.0.2.9'), { code: 'user_code_unknown' });
  });

  const full = 'temporarily_unavailable/temporarily_unavailable';

  test(`${name}: a network may have so many sign-ins under way, and room comes back; others have their own`, async () => {
    const house = await openHouse(open, { maxPendingLoginsPerNetwork: 2 });
    const first = await begin(house, {}, '192.0.2.1');
    await begin(house, {}, '192.0.2.200');
    assert.equal(await refusalOf(begin(house, {}, '192.0.2.77')), full);
    await begin(house, {}, '192.0.3.1');
    await begin(house, {}, '2001:db8::/64');
    // One that is answered makes room.
    await house.logins.decide({ userCode: first.userCode, approve: false, by: house.inBrowser('ada'), client });
    await begin(house, {}, '192.0.2.77');
    assert.equal(await refusalOf(begin(house, {}, '192.0.2.77')), full);
    house.clock.advance(600_000);
    await begin(house, {}, '192.0.2.77');
  });

  test(`${name}: when all the room there is is taken, who has the most makes room for who has less`, async () => {
    const house = await openHouse(open, { maxPendingLogins: 6, maxPendingLoginsPerNetwork: 4 });
    const strangers = [];
    for (let at = 0; at < 4; at += 1) {
      strangers.push(await begin(house, {}, '198.51.100.7'));
      house.clock.advance(1000);
    }
    await begin(house, {}, '203.0.113.1');
    await begin(house, {}, '203.0.113.2');
    const ours = await begin(house, {}, '192.0.2.7');
    const again = await begin(house, {}, '192.0.2.7');
    const look = (userCode: string): Promise<unknown> =>
      house.logins.look({ userCode, by: house.inBrowser('ada'), client }).then(
        () => 'there',
        () => 'gone',
      );
    assert.deepEqual(await Promise.all([ours, again].map(({ userCode }) => look(userCode))), ['there', 'there']);
    // The stranger's oldest two went; equals take nothing from one another.
    const left = [];
    for (const { userCode } of strangers) left.push(await look(userCode));
    assert.deepEqual(left, ['gone', 'gone', 'there', 'there']);
    assert.equal(await refusalOf(begin(house, {}, '192.0.2.9')), full);
    assert.equal(await look(ours.userCode), 'there');
  });

  test(`${name}: what ends sessions ends the programs they let in, and those that have not come for their tokens`, async () => {
    const house = await openHouse(open);
    const by = (person: string, more: Readonly<Record<string, string>>) => ({ ...house.inBrowser(person), ...more });
    const ends = async (which: Parameters<House['logins']['endWhere']>[1]): Promise<number> =>
      house.database
        .transaction()
        .execute((transaction) => house.logins.endWhere(transaction, which, house.inBrowser('ada')));
    for (const [which, are] of [
      [{ userId: 'gus' }, { ofAda: true, first: false, second: false }],
      [{ sessionIds: ['s1'] }, { ofAda: true, first: false, second: true }],
      [{ sessionIds: [] }, { ofAda: true, first: true, second: true }],
      [{ provider: 'p1' }, { ofAda: false, first: false, second: true }],
      [
        { provider: 'p1', userId: 'gus' },
        { ofAda: true, first: false, second: true },
      ],
      [
        { userId: 'gus', beganBeforeMs: 0 },
        { ofAda: true, first: true, second: true },
      ],
    ] as const) {
      await ends({ userId: 'ada' });
      await ends({ userId: 'gus' });
      house.events.length = 0;
      const ofAda = await signIn(house, by('ada', { sessionId: 's9', provider: 'p1' }));
      const first = await signIn(house, by('gus', { sessionId: 's1', provider: 'p1' }));
      const second = await signIn(house, by('gus', { sessionId: 's2' }));
      const late = await newProgram(house);
      const waiting = await begin(house);
      await approve(house, waiting.userCode, by('gus', { sessionId: 's1', provider: 'p1' }));
      const ended = await ends(which);
      const told = JSON.stringify(which);
      for (const [login, isThere] of [
        [ofAda, are.ofAda],
        [first, are.first],
        [second, are.second],
      ] as const) {
        const may = await login.may();
        assert.equal(Array.isArray(may), isThere, `${told} ${String(may)}`);
        if (!isThere) await assert.rejects(login.refresh(login.tokens.refresh_token ?? ''));
      }
      assert.equal(
        house.events.filter(({ event }) => String(event['message']).startsWith('token.revoke')).length,
        ended,
      );
      const answer = await poll(house, late, waiting.deviceCode);
      const isWithdrawn = !are.first || 'beganBeforeMs' in which;
      assert.equal(answer, isWithdrawn ? 'access_denied' : 'none', told);
    }
  });

  test(`${name}: a token is its person as they are now, and no more than they agreed to`, async () => {
    const house = await openHouse(open);
    const all = await signIn(house, 'gus');
    assert.deepEqual(await all.may(), ['alerts:read', 'sessions:own']);
    const some = await signIn(house, 'gus', 'alerts:read users:manage');
    assert.deepEqual(await some.may(), ['alerts:read'], 'nobody is given what they do not have');
    house.people.set('gus', { name: 'Gus', scopes: ['sessions:own'], settledAtMs: 0, isActive: true });
    assert.deepEqual([await all.may(), await some.may()], [['sessions:own'], []]);
    await assert.rejects(some.refresh(some.tokens.refresh_token ?? '', { scope: 'users:manage sessions:own' }));
    house.people.set('gus', { name: 'Gus', scopes: ['sessions:own'], settledAtMs: 0, isActive: false });
    assert.equal(await all.may(), 'user_disabled');
    await assert.rejects(all.refresh(all.tokens.refresh_token ?? ''));
    // Back with a new password: what was let in before stays out.
    house.people.set('gus', {
      name: 'Gus',
      scopes: ['sessions:own'],
      settledAtMs: house.clock.nowMs() + 1,
      isActive: true,
    });
    assert.equal(await all.may(), 'login_ended');
  });

  test(`${name}: a person disabled between yes and the token gets none`, async () => {
    const house = await openHouse(open);
    const program = await newProgram(house);
    const { deviceCode, userCode } = await begin(house);
    await approve(house, userCode, 'gus');
    house.people.set('gus', { name: 'Gus', scopes: [], settledAtMs: 0, isActive: false });
    assert.equal(await poll(house, program, deviceCode), 'access_denied');
  });

  test(`${name}: a refresh token is good once; used again, both who have it are out; without its key it ends nothing`, async () => {
    const house = await openHouse(open);
    const { tokens, may, refresh } = await signIn(house);
    const thief = await newProgram(house);
    const stolen = await thief.asks({ ...cli, grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' });
    assert.equal(await refusalOf(house.service.token(stolen)), 'invalid_grant/binding_other');
    const next = await refresh(tokens.refresh_token ?? '');
    assert.ok(Array.isArray(await may(next.access_token)));
    assert.equal(await refusalOf(refresh(tokens.refresh_token ?? '')), 'invalid_grant/refresh_token_reused');
    assert.equal(await may(next.access_token), 'token_unknown');
    assert.match(await refusalOf(refresh(next.refresh_token ?? '')), /^invalid_grant/);
    // Of two who exchange it at the same time, one gets the next and the other ends both.
    const again = await signIn(house);
    const both = await Promise.allSettled(
      [refresh, refresh].map(() => again.refresh(again.tokens.refresh_token ?? '')),
    );
    assert.ok(both.some(({ status }) => status === 'rejected'));
    assert.equal(await again.may(), 'token_unknown');
  });

  test(`${name}: a sign-in lasts twelve hours however often it is renewed, and its owner and wardens end it at once`, async () => {
    const house = await openHouse(open);
    const { tokens, refresh } = await signIn(house);
    house.clock.advance(12 * 3_600_000 - 1);
    const last = await refresh(tokens.refresh_token ?? '');
    house.clock.advance(1);
    assert.match(await refusalOf(refresh(last.refresh_token ?? '')), /^invalid_grant/);
    const other = await signIn(house, 'gus');
    const [login] = await house.logins.list('gus');
    const id = login?.id ?? '';
    await assert.rejects(house.logins.end({ id, by: house.inBrowser('ada'), anybodys: false }), {
      code: 'token_login_not_found',
    });
    await house.logins.end({ id, by: house.inBrowser('ada'), anybodys: true });
    assert.equal(await other.may(), 'token_unknown');
    assert.deepEqual(await house.logins.list('gus'), []);
  });
});

test('codes are read as people type them, and no letter is likelier than another', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (seed) => {
      let at = 0;
      const code = newUserCode((length) => Uint8Array.from({ length }, () => (seed[at++ % 64] ?? 0) % 240));
      assert.equal(readUserCode(code), code);
      assert.equal(readUserCode(` ${code.toLowerCase().replace('-', ' ')} `), code);
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => readUserCode(text) === undefined || readUserCode(text)?.length === 9));
  const counts = new Map<string, number>();
  for (let at = 0; at < 5000; at += 1)
    for (const letter of newUserCode(randomBytes).replace('-', '')) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  assert.equal(counts.size, 20);
  for (const count of counts.values()) assert.ok(count > 1700 && count < 2300, String(count));
});
