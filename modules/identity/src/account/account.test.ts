import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { createSoftwareAuthenticator, type Ceremony } from '../factors/software-authenticator.fixture.ts';
import {
  actionsOf,
  begunOf,
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
  type House,
  type Inhabitant,
} from '../people/people.fixture.ts';
import type { Proof } from '../sessions/step-up.ts';

const site: Ceremony = { origin: local.origin, hostName: local.hostName };
const refusedProof = { code: 'proof_refused' };
const otherPassword = 'eleven paper boats dancing';
const minuteMs = 60_000;

/** When whoever holds the token last proved who they are. */
async function provedAt(house: House, token: string): Promise<number | undefined> {
  const answer = await house.sessions.authenticate(token);
  return 'refused' in answer ? undefined : answer.principal.authenticatedAtMs;
}

function proofOf(house: House, person: Inhabitant, changes: Partial<{ password: string; code: string }> = {}): Proof {
  house.clock.advance(30_000);
  return { kind: 'password', password: goodPassword, code: person.code(), ...changes };
}

forEachDatabase((name, open) => {
  test(`${name}: a proof holds for the new token alone, from its first use on`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const old = ada.begun.token.reveal();
    const by = ada.begun.principal;
    const signedInAtMs = house.clock.nowMs();
    house.clock.advance(11 * minuteMs);
    const token = await house.stepUp.prove({ by, client: local, proof: proofOf(house, ada) });
    assert.equal(await provedAt(house, old), signedInAtMs);
    assert.equal(await provedAt(house, token.reveal()), house.clock.nowMs());
    // A request under way with the old one goes on, and has proved nothing.
    assert.equal(await provedAt(house, old), 0);
    assert.equal(actionsOf(house.events).at(-1), 'session.step-up');
    house.clock.advance(minuteMs);
    assert.equal(await whoIs(house, old), 'session_reused');
  });

  test(`${name}: a wrong password, a wrong or used code and a recovery code prove nothing, and are recorded`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const by = ada.begun.principal;
    const prove = (proof: Proof): Promise<unknown> => house.stepUp.prove({ by, client: elsewhere, proof });
    const [recovery = ''] = ada.recoveryCodes;
    const used = proofOf(house, ada);
    await prove(used);
    for (const proof of [
      used,
      proofOf(house, ada, { password: otherPassword }),
      proofOf(house, ada, { code: '000000' }),
      proofOf(house, ada, { code: recovery }),
    ])
      await assert.rejects(prove(proof), refusedProof);
    assert.deepEqual(actionsOf(house.events).slice(-4), [
      'session.step-up:code_wrong',
      'session.step-up:password_wrong',
      'session.step-up:code_wrong',
      'session.step-up:code_wrong',
    ]);
    await assert.rejects(house.stepUp.prove({ by: operator, client: local, proof: used }), {
      code: 'session_required',
    });
  });

  test(`${name}: whoever opened an account with sealed codes adds, changes and takes away no factor of it`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const authenticator = createSoftwareAuthenticator();
    const options = await house.ownFactors.passkeyOptions({ by: ada.begun.principal, client: local });
    const response = authenticator.create(options, site);
    const before = await house.ownFactors.list(ada.begun.principal);
    const [factor = assert.fail()] = before;
    for (const methods of [
      ['sealed', 'sealed'],
      ['sealed', 'passkey'],
    ]) {
      const by: Principal = { ...ada.begun.principal, methods };
      for (const attempt of [
        () => house.ownFactors.beginTotp(by),
        () => house.ownFactors.confirmTotp({ by, code: '000000', label: 'App' }),
        () => house.ownFactors.passkeyOptions({ by, client: local }),
        () => house.ownFactors.addPasskey({ by, client: local, response, label: 'Theirs' }),
        () => house.ownFactors.rename({ by, id: factor.id, label: 'Theirs' }),
        () => house.ownFactors.remove({ by, id: factor.id }),
        () => house.ownFactors.renewRecoveryCodes(by),
      ])
        await assert.rejects(attempt(), { code: 'factor_unavailable' });
    }
    assert.deepEqual(await house.ownFactors.list(ada.begun.principal), before);
  });

  test(`${name}: guessing at the proof is slowed down as signing in is`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const by = ada.begun.principal;
    const guess = (): Promise<unknown> =>
      house.stepUp.prove({ by, client: elsewhere, proof: { kind: 'password', password: 'x', code: '000000' } });
    for (let attempt = 0; attempt < 8; attempt += 1) await assert.rejects(guess(), refusedProof);
    await assert.rejects(guess(), { code: 'sign_in_throttled' });
    assert.equal(actionsOf(house.events).at(-1), 'session.step-up:throttled');
    // The same counter: no fresh tries at the front door.
    await assert.rejects(house.signIn.withPassword({ name: 'Ada', password: 'x', client: elsewhere }), {
      code: 'sign_in_throttled',
    });
  });

  test(`${name}: a passkey proves it, once a challenge, and nobody else’s does`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['guard']);
    const add = async (by: Principal): Promise<ReturnType<typeof createSoftwareAuthenticator>> => {
      const authenticator = createSoftwareAuthenticator();
      const options = await house.ownFactors.passkeyOptions({ by, client: local });
      const response = authenticator.create(options, site);
      await house.ownFactors.addPasskey({ by, client: local, response, label: 'Laptop' });
      await assert.rejects(house.ownFactors.addPasskey({ by, client: local, response, label: 'Again' }), {
        code: 'passkey_refused',
      });
      return authenticator;
    };
    const by = ada.begun.principal;
    const own = await add(by);
    const foreign = await add(guy.begun.principal);
    const { methods, passkey = {} } = await house.stepUp.options({ by, client: local });
    // Administrators with a passkey prove with it; a guard may choose.
    assert.deepEqual(methods, ['passkey']);
    const choices = await house.stepUp.options({ by: guy.begun.principal, client: local });
    assert.deepEqual(choices.methods, ['passkey', 'totp']);
    const prove = (response: ReturnType<typeof own.use>): Promise<unknown> =>
      house.stepUp.prove({ by, client: local, proof: { kind: 'passkey', response } });
    const answer = own.use(passkey, site);
    await prove(answer);
    await assert.rejects(prove(answer), refusedProof);
    const again = await house.stepUp.options({ by, client: local });
    await assert.rejects(prove(foreign.use(again.passkey ?? {}, site)), refusedProof);
    // A challenge for signing in is none for this.
    const signIn = await house.signIn.passkeyOptions({ client: local });
    await assert.rejects(prove(own.use(signIn, site)), refusedProof);
    house.clock.advance(5 * minuteMs);
    await assert.rejects(prove(own.use(again.passkey ?? {}, site)), refusedProof);
  });

  test(`${name}: a new password ends every other session and whatever was begun with the old one`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const by = ada.begun.principal;
    const other = await signInWithApp(house, ada);
    const ticket = await ticketFor(house, 'Ada');
    const change = (current: string, password: string): ReturnType<typeof house.ownPassword.change> =>
      house.ownPassword.change({ by, current, password, client: local });
    await assert.rejects(change(otherPassword, otherPassword), refusedProof);
    for (const weak of ['short', 'a'.repeat(20), goodPassword])
      await assert.rejects(change(goodPassword, weak), { code: 'password_weak' });
    const provedAtMs = await provedAt(house, ada.begun.token.reveal());
    house.clock.advance(minuteMs);
    const { token, endedSessions } = await change(goodPassword, otherPassword);
    assert.equal(endedSessions, 1);
    assert.equal(await whoIs(house, other.token.reveal()), 'session_unknown');
    assert.equal(await whoIs(house, token.reveal()), 'Ada');
    // A password alone is no proof: who has only that cannot go on for ever on somebody else's.
    assert.equal(await provedAt(house, token.reveal()), provedAtMs);
    assert.ok(actionsOf(house.events).includes('user.password'));
    house.clock.advance(30_000);
    await assert.rejects(house.signIn.withCode({ kind: 'totp', ticket, code: ada.code(), client: elsewhere }), {
      code: 'ticket_invalid',
    });
    await assert.rejects(ticketFor(house, 'Ada'), { code: 'credentials_wrong' });
    await ticketFor(house, 'Ada', local, otherPassword);
  });

  test(`${name}: factors are added, named and removed, never the last; new recovery codes end the old ones`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['guard']);
    const by = ada.begun.principal;
    const [first] = await house.ownFactors.list(by);
    assert.ok(first !== undefined);
    await assert.rejects(house.ownFactors.remove({ by, id: first.id }), { code: 'last_factor' });
    const { secret } = await house.ownFactors.beginTotp(by);
    await assert.rejects(house.ownFactors.confirmTotp({ by, code: '000000', label: 'Phone' }), refusedProof);
    assert.equal(actionsOf(house.events).at(-1), 'session.enrol:code_wrong');
    assert.equal((await house.ownFactors.list(by)).length, 1);
    house.clock.advance(1);
    await house.ownFactors.confirmTotp({ by, code: codeOf(secret, house.clock.nowMs()), label: 'Phone' });
    const second = (await house.ownFactors.list(by)).find(({ label }) => label === 'Phone');
    assert.ok(second !== undefined);
    // Either app signs in.
    await signInWithApp(house, ada);
    const ticket = await ticketFor(house, 'Ada');
    const code = codeOf(secret, house.clock.nowMs());
    await house.signIn.withCode({ kind: 'totp', ticket, code, client: elsewhere });
    const notFound = { code: 'factor_not_found' };
    await assert.rejects(house.ownFactors.remove({ by: guy.begun.principal, id: second.id }), notFound);
    await assert.rejects(house.ownFactors.rename({ by: guy.begun.principal, id: second.id, label: 'x' }), notFound);
    await house.ownFactors.rename({ by, id: first.id, label: 'Old phone' });
    await house.ownFactors.remove({ by, id: first.id });
    await assert.rejects(house.ownFactors.remove({ by, id: second.id }), { code: 'last_factor' });
    await assert.rejects(signInWithApp(house, ada), { code: 'code_wrong' });

    const [old = ''] = ada.recoveryCodes;
    const [renewed = ''] = await house.ownFactors.renewRecoveryCodes(by);
    assert.equal(await house.ownFactors.recoveryCodesLeft(by), 10);
    const recover = async (given: string): Promise<unknown> =>
      house.signIn.withCode({ kind: 'recovery', ticket: await ticketFor(house, 'Ada'), code: given, client: local });
    await assert.rejects(recover(old), { code: 'code_wrong' });
    await recover(renewed);
    assert.equal(await house.ownFactors.recoveryCodesLeft(by), 9);
  });

  test(`${name}: a reset takes everything away; nobody resets themselves or more than they are`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['guard']);
    const by = ada.begun.principal;
    await assert.rejects(house.people.reset({ id: ada.id, by }), { code: 'reset_self' });
    const clerk: Principal = { kind: 'key', id: 'k', name: 'clerk', scopes: ['users:manage'] };
    for (const id of [ada.id, guy.id])
      await assert.rejects(house.people.reset({ id, by: clerk }), { code: 'role_grant_widened' });
    const { token } = await house.people.reset({ id: guy.id, by });
    assert.equal(await whoIs(house, guy.begun.token.reveal()), 'session_unknown');
    await assert.rejects(ticketFor(house, 'Guy'), { code: 'credentials_wrong' });
    const person = (await house.people.list()).find(({ id }) => id === guy.id);
    assert.deepEqual([person?.state, person?.factors], ['invited', []]);
    assert.equal(actionsOf(house.events).at(-1)?.startsWith('session.sign-in'), true);
    assert.ok(actionsOf(house.events).includes('user.reset'));
    const { enrolment } = await house.people.accept({ token, password: otherPassword });
    await assert.rejects(house.people.accept({ token, password: otherPassword }), { code: 'link_invalid' });
    const { secret } = await house.enrolment.beginTotp({ enrolment });
    const code = codeOf(secret, house.clock.nowMs());
    const begun = begunOf((await house.enrolment.confirmTotp({ enrolment, code, client: local })).admitted);
    assert.equal(begun.principal.id, guy.id);
    await house.people.change({ id: guy.id, disabled: true, by });
    await assert.rejects(house.people.reset({ id: guy.id, by }), { code: 'user_disabled' });
  });

  test(`${name}: the operator recovers the only administrator, under a name of its own in the ledger`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const { token } = await house.people.reset({ id: ada.id, by: operator });
    assert.ok(actionsOf(house.events).includes('user.recover'));
    assert.equal(await whoIs(house, ada.begun.token.reveal()), 'session_unknown');
    const { enrolment } = await house.people.accept({ token, password: otherPassword });
    const { secret } = await house.enrolment.beginTotp({ enrolment });
    const code = codeOf(secret, house.clock.nowMs());
    const begun = begunOf((await house.enrolment.confirmTotp({ enrolment, code, client: local })).admitted);
    assert.deepEqual(begun.principal.roles, ['admin']);
    assert.equal(await house.setup.needed(), false);
  });

  test(`${name}: keys stop with their maker, also those a key made, and when the maker may do less`, async () => {
    const house = await openHouse(open);
    await moveInAdministrator(house);
    const bea = await moveIn(house, 'Bea', ['admin']);
    const by = bea.begun.principal;
    const scopes = ['keys:manage', 'events:read'];
    const parent = await house.apiKeys.createKey({ name: 'parent', scopes, by });
    const parentPrincipal = await house.apiKeys.authenticate(parent.token.reveal());
    assert.ok('kind' in parentPrincipal);
    const child = await house.apiKeys.createKey({ name: 'child', scopes: ['keys:manage'], by: parentPrincipal });
    const reader = await house.apiKeys.createKey({ name: 'reader', scopes: ['events:read'], by });
    const mine = await house.apiKeys.createKey({ name: 'mine', scopes, by: operator });
    const ends = async (): Promise<string[]> => {
      const answers = [];
      for (const { token } of [parent, child, reader, mine]) {
        const answer = await house.apiKeys.authenticate(token.reveal());
        answers.push('refused' in answer ? answer.refused : 'works');
      }
      return answers;
    };
    assert.deepEqual(await ends(), ['works', 'works', 'works', 'works']);
    await house.people.change({ id: bea.id, roles: ['viewer'], by: operator });
    assert.deepEqual(await ends(), ['key_suspended', 'key_suspended', 'works', 'works']);
    await house.people.change({ id: bea.id, disabled: true, by: operator });
    assert.deepEqual(await ends(), ['key_suspended', 'key_suspended', 'key_suspended', 'works']);
    await house.people.change({ id: bea.id, disabled: false, by: operator });
    assert.deepEqual(await ends(), ['key_suspended', 'key_suspended', 'key_suspended', 'works']);
    const clerk: Principal = { kind: 'key', id: mine.id, name: 'mine', scopes: ['keys:manage'] };
    await assert.rejects(house.apiKeys.resumeKey({ id: reader.id, by: clerk }), { code: 'key_grant_widened' });
    // Neither what may do less by its source or end, nor who was let in and has since lost the right.
    const all = ['keys:manage', 'events:read'];
    for (const narrow of [{ source: 'web' }, { expiresAtMs: house.clock.nowMs() + minuteMs }]) {
      const { token } = await house.apiKeys.createKey({ name: 'narrow', scopes: all, by: operator, ...narrow });
      const narrowed = await house.apiKeys.authenticate(token.reveal());
      assert.ok('kind' in narrowed);
      await assert.rejects(house.apiKeys.resumeKey({ id: reader.id, by: narrowed }), { code: 'key_grant_widened' });
    }
    await assert.rejects(house.apiKeys.resumeKey({ id: reader.id, by }), { code: 'key_grant_widened' });
    await house.apiKeys.resumeKey({ id: reader.id, by: operator });
    await assert.rejects(house.apiKeys.resumeKey({ id: reader.id, by: operator }), { code: 'key_not_suspended' });
    assert.deepEqual(await ends(), ['key_suspended', 'key_suspended', 'works', 'works']);
    assert.equal(actionsOf(house.events).filter((action) => action === 'key.suspend').length, 3);
  });

  test(`${name}: a right password that goes no further, and wrong codes while enrolling, are known to the ledger`, async () => {
    const house = await openHouse(open);
    await moveInAdministrator(house);
    await ticketFor(house, 'Ada');
    assert.equal(actionsOf(house.events).at(-1), 'session.password-accepted');
    const { token } = await house.people.invite({ name: 'Guy', roles: ['guard'], by: operator });
    const { enrolment } = await house.people.accept({ token, password: goodPassword });
    await house.enrolment.beginTotp({ enrolment });
    await assert.rejects(house.enrolment.confirmTotp({ enrolment, code: '000000', client: elsewhere }));
    assert.equal(actionsOf(house.events).at(-1), 'session.enrol:code_wrong');
  });
});
