import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { sql } from 'kysely';
import {
  actionsOf,
  begunOf,
  elsewhere,
  goodPassword,
  moveIn,
  moveInAdministrator,
  openHouse,
  operator,
  signInWithApp,
  ticketFor,
  whoIs,
  type House,
} from '../people/people.fixture.ts';
import { createTestBrowser } from './browser.fixture.ts';

const minuteMs = 60_000;
const otherPassword = 'nine loud harbours';
const refresh = { method: 'POST', path: '/v1/session/refresh' };

function bound(house: House) {
  const browser = createTestBrowser();
  return { browser, client: { ...elsewhere, keyProof: browser.show(house.browserKeys.challenge()) } };
}

// What somebody changes while somebody else is on the way, and what a thief makes of what was on the way.
forEachDatabase((name, open) => {
  test(`${name}: a copied token that was handed out and never used gains no time by asking for another`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const { session } = await signInWithApp(house, ada, bound(house).client);
    const copied = (await house.sessions.refresh(session.id))?.reveal() ?? '';
    house.clock.advance(6 * minuteMs);
    assert.equal(await whoIs(house, copied), 'session_stale');
    // The route that takes stale tokens asks for a proof, which the thief does not have.
    const answer = await house.sessions.authenticate(copied, { background: false, mayBeStale: true });
    assert.ok('principal' in answer);
    const { principal } = answer;
    const asked = await house.sessions.proveKey({ principal, client: elsewhere, ...refresh, proof: undefined });
    assert.equal(asked.isProved, false);
    assert.equal(await whoIs(house, copied), 'session_stale', 'having asked must not have brought it into use');
  });

  test(`${name}: whoever holds no more than a stale token keeps no session awake`, async () => {
    const house = await openHouse(open);
    const guy = await moveIn(house, 'Guy', ['guard']);
    const { token } = await signInWithApp(house, guy, bound(house).client);
    for (let minutes = 0; minutes < 30; minutes += 6) {
      house.clock.advance(6 * minuteMs);
      await house.sessions.authenticate(token.reveal(), { background: false, mayBeStale: true });
    }
    assert.equal(await whoIs(house, token.reveal()), 'session_idle');
  });

  test(`${name}: a token that a tab was just given stays good when another tab proves who somebody is`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const { session } = await signInWithApp(house, ada, bound(house).client);
    const given = (await house.sessions.refresh(session.id))?.reveal() ?? '';
    const proof = { methods: ['password', 'totp'], assurance: 2 } as const;
    const proved = await house.sessions.renew(house.database, session.id, { proof });
    assert.equal(await whoIs(house, given), 'Ada');
    assert.equal(await whoIs(house, proved.reveal()), 'Ada');
    assert.equal(await whoIs(house, given), 'Ada', 'for requests under way');
  });

  test(`${name}: a password that was changed or taken back while it was checked lets nobody further`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['guard']);
    // Behind a server of a dearer cost, so that each right password is also to be hashed anew.
    const dear = house.again({ passwordCost: { memoryKib: 128, passes: 1 } });
    const stored = async (): Promise<string> =>
      (
        await sql<{ hash: string }>`select password_hash as hash from identity_users where id = ${guy.id}`.execute(
          house.database,
        )
      ).rows[0]?.hash ?? '';
    house.clock.advance(1);
    const changing = dear.ownPassword.change({
      by: guy.begun.principal,
      current: goodPassword,
      password: otherPassword,
      client: elsewhere,
    });
    const [late] = await Promise.allSettled([
      dear.signIn.withPassword({ name: 'Guy', password: goodPassword, client: elsewhere }),
      changing,
    ]);
    // Whichever came first: the new password is the one there is.
    const step = await house.signIn.withPassword({ name: 'Guy', password: otherPassword, client: elsewhere });
    assert.ok('ticket' in step);
    await assert.rejects(house.signIn.withPassword({ name: 'Guy', password: goodPassword, client: elsewhere }), {
      code: 'credentials_wrong',
    });
    if (late.status === 'fulfilled' && 'ticket' in late.value)
      await assert.rejects(
        house.signIn.withCode({ kind: 'totp', ticket: late.value.ticket, code: guy.code(), client: elsewhere }),
        { code: 'ticket_invalid' },
      );

    // Who must choose another password still must, after it was only hashed anew.
    await house.people.requirePasswordChange({ userId: guy.id, by: operator, reason: 'seen elsewhere' });
    const before = await stored();
    await dear.signIn.withPassword({ name: 'Guy', password: otherPassword, client: elsewhere });
    assert.notEqual(await stored(), before);
    const dearer = house.again({ passwordCost: { memoryKib: 256, passes: 1 } });
    const both = [1, 2].map(() =>
      dearer.signIn.withPassword({ name: 'Guy', password: otherPassword, client: elsewhere }),
    );
    for (const one of await Promise.all(both))
      assert.ok('ticket' in one, 'whoever is second to hash it anew is right too');
    house.clock.advance(minuteMs);
    const ticket = await ticketFor(house, 'Guy', elsewhere, otherPassword);
    const { principal } = begunOf(
      await house.signIn.withCode({ kind: 'totp', ticket, code: guy.code(), client: elsewhere }),
    );
    assert.deepEqual(principal.limitedTo, ['sessions:own']);
    assert.ok(ada.id !== '' && actionsOf(house.events).includes('user.password-refuse'));
  });

  test(`${name}: a session that is over by its own roles' times takes nobody's place`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['guard']);
    const limits = { lifetimeMinutes: 720, browserKey: 'allowed' } as const;
    await house.sessionPolicies.change({
      by: ada.begun.principal,
      policy: {
        roles: [
          { ...limits, role: 'guard', idleMinutes: 30, maxSessions: 1 },
          { ...limits, role: 'viewer', idleMinutes: 720, maxSessions: 20 },
        ],
        whenTooMany: 'ask',
      },
    });
    house.clock.advance(31 * minuteMs);
    assert.equal(await whoIs(house, guy.begun.token.reveal()), 'session_idle');
    const { token } = await signInWithApp(house, guy);
    assert.equal(await whoIs(house, token.reveal()), 'Guy');
  });

  test(`${name}: a way to enrol that was opened for want of a factor closes with the factor`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    house.clock.advance(minuteMs);
    const ticket = await ticketFor(house, 'Ada');
    const [code = ''] = ada.recoveryCodes;
    await house.signInRules.change({
      rules: [{ role: 'admin', leastAssurance: 3, factors: ['passkey', 'certificate'], provesWithPasskey: true }],
      endSessions: false,
      by: operator,
    });
    const step = await house.signIn.withCode({ kind: 'recovery', ticket, code, client: elsewhere });
    assert.ok('enrolment' in step);
    const { secret } = await house.ownFactors.beginTotp(ada.begun.principal);
    assert.ok(secret.length > 10);
    const { Secret, TOTP } = await import('otpauth');
    const now = TOTP.generate({ secret: Secret.fromBase32(secret), timestamp: house.clock.nowMs() });
    await house.ownFactors.confirmTotp({ by: ada.begun.principal, code: now, label: 'Another' });
    await assert.rejects(house.enrolment.passkeyOptions({ enrolment: step.enrolment, client: elsewhere }), {
      code: 'ticket_invalid',
    });
  });
});
