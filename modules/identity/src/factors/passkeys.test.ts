import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Client } from '@sallyport/platform/http';
import { sql } from 'kysely';
import {
  begunOf,
  actionsOf,
  goodPassword,
  local,
  moveInAdministrator,
  openHouse,
  operator,
  ticketFor,
  whoIs,
  type House,
} from '../people/people.fixture.ts';
import {
  certificateStatement,
  createSoftwareAuthenticator,
  type Ceremony,
  type SoftwareAuthenticator,
} from './software-authenticator.fixture.ts';

const site: Ceremony = { origin: local.origin, hostName: local.hostName };
const refusedPasskey = { code: 'passkey_refused' };
const ticketInvalid = { code: 'ticket_invalid' };

async function invited(house: House, name: string): Promise<string> {
  const { token } = await house.people.invite({ name, roles: ['guard'], by: operator });
  return (await house.people.accept({ token, password: goodPassword })).enrolment;
}

async function enrol(house: House, name: string): Promise<SoftwareAuthenticator> {
  const authenticator = createSoftwareAuthenticator();
  const enrolment = await invited(house, name);
  const options = await house.enrolment.passkeyOptions({ enrolment, client: local });
  const response = authenticator.create(options, site);
  await house.enrolment.confirmPasskey({ enrolment, response, label: 'Laptop', client: local });
  return authenticator;
}

forEachDatabase((name, open) => {
  test(`${name}: a passkey is made, then used after the password and instead of it`, async () => {
    const house = await openHouse(open);
    const authenticator = await enrol(house, 'Guy');
    const step = await house.signIn.withPassword({ name: 'Guy', password: goodPassword, client: local });
    assert.ok('ticket' in step);
    assert.deepEqual(step.methods, ['passkey', 'recovery']);
    const { ticket } = step;
    const options = await house.signIn.passkeyOptions({ ticket, client: local });
    assert.ok(JSON.stringify(options).includes(authenticator.credentialId));
    const response = authenticator.use(options, site);
    const after = begunOf(await house.signIn.withPasskey({ ticket, response, client: local }));
    assert.deepEqual([after.session.methods, after.session.assurance], [['password', 'passkey'], 3]);
    await assert.rejects(house.signIn.passkeyOptions({ ticket, client: local }), ticketInvalid);

    const alone = await house.signIn.passkeyOptions({ client: local });
    assert.ok(!JSON.stringify(alone).includes(authenticator.credentialId));
    const answer = authenticator.use(alone, site);
    const begun = begunOf(await house.signIn.withPasskey({ response: answer, client: local }));
    assert.equal(await whoIs(house, begun.token.reveal()), 'Guy');
  });

  test(`${name}: a passkey made at a wrong origin, host, challenge or without verification is not kept`, async () => {
    const house = await openHouse(open);
    const enrolment = await invited(house, 'Guy');
    const foreign = await invited(house, 'Eve');
    const authenticator = createSoftwareAuthenticator();
    const options = (of: string): Promise<object> => house.enrolment.passkeyOptions({ enrolment: of, client: local });
    for (const at of [
      { ...site, origin: 'https://evil.example' },
      { ...site, origin: 'http://localhost:8471' },
      { ...site, hostName: 'evil.example' },
      { ...site, userVerified: false },
      { ...site, challenge: 'x'.repeat(43) },
    ]) {
      const response = authenticator.create(await options(enrolment), at);
      await assert.rejects(house.enrolment.confirmPasskey({ enrolment, response, client: local }), refusedPasskey);
    }
    const stolen = authenticator.create(await options(foreign), site);
    await assert.rejects(
      house.enrolment.confirmPasskey({ enrolment, response: stolen, client: local }),
      refusedPasskey,
      'the challenge of somebody else',
    );
    const late = authenticator.create(await options(enrolment), site);
    house.clock.advance(5 * 60_000);
    await assert.rejects(house.enrolment.confirmPasskey({ enrolment, response: late, client: local }), refusedPasskey);
    const good = authenticator.create(await options(enrolment), site);
    await house.enrolment.confirmPasskey({ enrolment, response: good, client: local });
    await assert.rejects(house.enrolment.confirmPasskey({ enrolment, response: good, client: local }), ticketInvalid);
    const again = authenticator.create(await options(foreign), site);
    await assert.rejects(
      house.enrolment.confirmPasskey({ enrolment: foreign, response: again, client: local }),
      refusedPasskey,
      'a passkey that is somebody’s already',
    );
  });

  test(`${name}: an attestation with certificates is refused unread, and CBOR that never ends refuses itself`, async () => {
    const house = await openHouse(open);
    const enrolment = await invited(house, 'Guy');
    const authenticator = createSoftwareAuthenticator();
    for (const attestation of [
      ['android-key', certificateStatement()],
      ['packed', certificateStatement()],
      ['apple', Buffer.from([0xa0])],
    ] as const) {
      const options = await house.enrolment.passkeyOptions({ enrolment, client: local });
      const response = authenticator.create(options, { ...site, attestation });
      await assert.rejects(house.enrolment.confirmPasskey({ enrolment, response, client: local }), {
        ...refusedPasskey,
        message: 'Cannot accept the passkey: it comes with an attestation, which was not asked for',
      });
    }
    for (const bomb of [
      Buffer.alloc(49_000, 0x81),
      Buffer.from('9bffffffffffffffff00', 'hex'),
      Buffer.from('bf', 'hex'),
    ]) {
      const options = await house.enrolment.passkeyOptions({ enrolment, client: local });
      const { response, ...rest } = authenticator.create(options, site);
      const planted = { ...rest, response: { ...response, attestationObject: bomb.toString('base64url') } };
      await assert.rejects(
        house.enrolment.confirmPasskey({ enrolment, response: planted, client: local }),
        refusedPasskey,
      );
    }
  });

  test(`${name}: an answer is refused when origin, host, challenge, signature, counter or verification is wrong`, async () => {
    const house = await openHouse(open);
    const authenticator = await enrol(house, 'Guy');
    const answer = async (at: Ceremony): Promise<ReturnType<SoftwareAuthenticator['use']>> =>
      authenticator.use(await house.signIn.passkeyOptions({ client: local }), at);
    const fresh = (from: number): Client => ({ ...local, address: `127.0.0.${from}` });
    const good = await answer(site);
    await house.signIn.withPasskey({ response: good, client: local });
    const attempts = [
      good,
      await answer({ ...site, origin: 'https://evil.example' }),
      await answer({ ...site, hostName: 'evil.example' }),
      await answer({ ...site, userVerified: false }),
      await answer({ ...site, challenge: 'x'.repeat(43) }),
      await answer({ ...site, counter: 1 }),
      { ...(await answer({ ...site, counter: 9 })), id: createSoftwareAuthenticator().credentialId },
    ];
    const forged = await answer({ ...site, counter: 10 });
    attempts.push({ ...forged, response: { ...forged.response, signature: good.response.signature } });
    for (const [at, response] of attempts.entries())
      await assert.rejects(house.signIn.withPasskey({ response, client: fresh(at + 2) }), refusedPasskey, String(at));
    const failures = actionsOf(house.events).filter((action) => action === 'session.sign-in:passkey_refused');
    assert.equal(failures.length, attempts.length);
    await house.signIn.withPasskey({ response: await answer({ ...site, counter: 11 }), client: local });
  });

  test(`${name}: a passkey does not continue somebody else’s sign-in, and a ticket’s challenge is bound to it`, async () => {
    const house = await openHouse(open);
    await moveInAdministrator(house);
    const authenticator = await enrol(house, 'Guy');
    const ticket = await ticketFor(house, 'Ada');
    const options = await house.signIn.passkeyOptions({ ticket, client: local });
    const response = authenticator.use(options, site);
    await assert.rejects(house.signIn.withPasskey({ ticket, response, client: local }), refusedPasskey);
    await assert.rejects(house.signIn.withPasskey({ response, client: local }), refusedPasskey);
  });

  test(`${name}: nobody disabled signs in with a passkey`, async () => {
    const house = await openHouse(open);
    await moveInAdministrator(house);
    const authenticator = await enrol(house, 'Guy');
    const guy = (await house.people.list()).find((person) => person.name === 'Guy');
    const options = await house.signIn.passkeyOptions({ client: local });
    await house.people.change({ id: guy?.id ?? '', disabled: true, by: operator });
    const response = authenticator.use(options, site);
    await assert.rejects(house.signIn.withPasskey({ response, client: local }), refusedPasskey);
  });

  test(`${name}: under an address instead of a name passkeys are not offered, and asking for one says why`, async () => {
    const house = await openHouse(open);
    await enrol(house, 'Guy');
    for (const hostName of ['127.0.0.1', '[::1]']) {
      const client = { ...local, origin: `http://${hostName}:8470`, hostName };
      const needsName = { code: 'passkey_needs_name', hint: 'on this machine, open http://localhost:8470' };
      await assert.rejects(house.signIn.passkeyOptions({ client }), needsName);
      const step = await house.signIn.withPassword({ name: 'Guy', password: goodPassword, client });
      assert.ok('ticket' in step && !step.methods.includes('passkey'));
    }
  });

  test(`${name}: garbage in place of an answer is refused, never an error of ours`, async () => {
    const house = await openHouse(open);
    const authenticator = await enrol(house, 'Guy');
    const enrolment = await invited(house, 'Eve');
    const id = authenticator.credentialId;
    for (const [at, junk] of [
      '',
      '!',
      'AAAA',
      Buffer.from('null').toString('base64url'),
      Buffer.from('{}').toString('base64url'),
    ].entries()) {
      const client = { ...local, address: `127.0.1.${at}` };
      const used = { clientDataJSON: junk, authenticatorData: junk, signature: junk };
      await assert.rejects(
        house.signIn.withPasskey({ response: { id, rawId: id, response: used }, client }),
        refusedPasskey,
      );
      const made = { clientDataJSON: junk, attestationObject: junk };
      await assert.rejects(
        house.enrolment.confirmPasskey({ enrolment, response: { id, rawId: id, response: made }, client }),
        refusedPasskey,
      );
    }
  });

  test(`${name}: asking for challenges stores nothing, however often`, async () => {
    const house = await openHouse(open);
    await enrol(house, 'Guy');
    const { rows: before } = await sql`select * from identity_tickets`.execute(house.database);
    for (let count = 0; count < 50; count += 1) await house.signIn.passkeyOptions({ client: local });
    const { rows } = await sql`select * from identity_tickets`.execute(house.database);
    assert.equal(rows.length, before.length);
  });
});
