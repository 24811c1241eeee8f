import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Client } from '@sallyport/platform/http';
import { createSoftwareAuthenticator, type SoftwareAuthenticator } from '../factors/software-authenticator.fixture.ts';
import {
  actionsOf,
  begunOf,
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
import { defaultRequirement, type RoleRequirement } from './requirements.ts';

const site = { origin: local.origin, hostName: local.hostName };
const passkeysOnly: RoleRequirement = { ...defaultRequirement('admin'), leastAssurance: 3 };
const client: Client = { ...elsewhere, hostName: local.hostName, origin: local.origin };

async function addPasskey(house: House, { begun: { principal: by } }: Inhabitant): Promise<SoftwareAuthenticator> {
  const authenticator = createSoftwareAuthenticator();
  const response = authenticator.create(await house.ownFactors.passkeyOptions({ by, client: local }), site);
  await house.ownFactors.addPasskey({ by, client: local, response, label: 'Key' });
  return authenticator;
}

test('nothing but admission can begin a session', async () => {
  const root = join(import.meta.dirname, '../../../..');
  const users: string[] = [];
  for await (const file of glob(['modules/*/src/**/*.ts', 'apps/*/src/**/*.{ts,tsx}'], { cwd: root })) {
    const text = await readFile(join(root, file), 'utf8');
    if (!file.endsWith('.test.ts') && /\b(?:createB|B)eginSession\b/.test(text)) users.push(file);
  }
  assert.deepEqual(users.toSorted(), [
    'modules/identity/src/admission/admission.ts',
    'modules/identity/src/people/create-people.ts',
    'modules/identity/src/sessions/begin-session.ts',
  ]);
  // Its one maker hands it to admission and to nothing else.
  const made = await readFile(join(root, 'modules/identity/src/people/create-people.ts'), 'utf8');
  assert.match(made, /createAdmission\(\{\s[^}]*beginSession[^}]*\}\)/);
  assert.equal(made.match(/\bbeginSession\b/g)?.length, 2);
});

forEachDatabase((name, open) => {
  test(`${name}: an administrator who must have a passkey adds it at the next sign-in, and then no door is wider`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const bea = await moveIn(house, 'Bea', ['admin', 'guard']);
    const key = await addPasskey(house, ada);
    const by = ada.begun.principal;
    const preview = await house.signInRules.preview([passkeysOnly]);
    assert.deepEqual(
      [preview.unmet.map((one) => [one.name, one.has]), preview.weakerSessions, preview.isLockingOut],
      [[['Bea', ['totp']]], 2, false],
    );
    const { endedSessions } = await house.signInRules.change({ rules: [passkeysOnly], endSessions: true, by });
    assert.equal(endedSessions, 1);
    assert.equal(await whoIs(house, ada.begun.token.reveal()), 'Ada');
    assert.notEqual(await whoIs(house, bea.begun.token.reveal()), 'Bea');

    // Bea: what she has leads to adding what she lacks, and to nothing else.
    house.clock.advance(30_000);
    const ticket = await ticketFor(house, 'Bea', client);
    const step = await house.signIn.withCode({ kind: 'totp', ticket, code: bea.code(), client });
    assert.ok('enrolment' in step && step.reason === 'stronger-required');
    assert.equal(actionsOf(house.events).at(-1), 'session.more-required');
    await assert.rejects(house.enrolment.beginTotp({ enrolment: step.enrolment }), { code: 'factor_insufficient' });
    const hers = createSoftwareAuthenticator();
    const response = hers.create(await house.enrolment.passkeyOptions({ enrolment: step.enrolment, client }), site);
    const done = await house.enrolment.confirmPasskey({ enrolment: step.enrolment, response, client });
    assert.deepEqual(done.recoveryCodes, []);
    const begun = begunOf(done.admitted);
    assert.deepEqual([begun.session.assurance, begun.session.methods], [3, ['password', 'totp', 'passkey']]);

    // Ada has one: password and app get her no further, by no path.
    house.clock.advance(30_000);
    const second = await house.signIn.withPassword({ name: 'Ada', password: goodPassword, client });
    assert.ok('ticket' in second);
    assert.deepEqual(second.methods, ['passkey', 'recovery']);
    const more = await house.signIn.withCode({ kind: 'totp', ticket: second.ticket, code: ada.code(), client });
    assert.ok('ticket' in more && !('begun' in more));
    await assert.rejects(house.enrolment.beginTotp({ enrolment: more.ticket }), { code: 'ticket_invalid' });
    const options = await house.signIn.passkeyOptions({ ticket: more.ticket, client });
    const entered = await house.signIn.withPasskey({ ticket: more.ticket, response: key.use(options, site), client });
    assert.equal(begunOf(entered).session.assurance, 3);
    const [recovery = ''] = ada.recoveryCodes;
    const lost = await house.signIn.withCode({
      kind: 'recovery',
      ticket: await ticketFor(house, 'Ada', client),
      code: recovery,
      client,
    });
    assert.ok('enrolment' in lost && lost.reason === 'factor-lost');
  });

  test(`${name}: rules that no administrator meets are refused, but for the operator; nonsense is refused for all`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const by = ada.begun.principal;
    const change = (rule: RoleRequirement, who = by): Promise<unknown> =>
      house.signInRules.change({ rules: [rule], endSessions: false, by: who });
    await assert.rejects(change(passkeysOnly), { code: 'sign_in_rules_lock_out' });
    await assert.rejects(change({ ...defaultRequirement('admin'), factors: ['passkey', 'code'] }), {
      code: 'sign_in_rules_invalid',
    });
    await assert.rejects(change({ ...defaultRequirement('guard'), factors: ['totp'] }), {
      code: 'sign_in_rules_invalid',
    });
    await assert.rejects(change({ ...defaultRequirement('guard'), enforcedFromMs: 1 }), {
      code: 'sign_in_rules_invalid',
    });
    await assert.rejects(change(defaultRequirement('emperor')), { code: 'role_unknown' });
    await change(passkeysOnly, operator);
    house.clock.advance(30_000);
    const ticket = await ticketFor(house, 'Ada', client);
    const step = await house.signIn.withCode({ kind: 'totp', ticket, code: ada.code(), client });
    assert.ok('enrolment' in step);
    await change(defaultRequirement('admin'), operator);
    await signInWithApp(house, ada);
    const last = house.events.findLast(({ event }) => event['message'] === 'settings.change');
    assert.match(JSON.stringify(last), /sign-in-rules/);
  });

  test(`${name}: a factor that is to be required later is offered until then`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['guard']);
    const fromMs = house.clock.nowMs() + 86_400_000;
    const rule = { ...defaultRequirement('guard'), leastAssurance: 3, enforcedFromMs: fromMs } as const;
    await house.signInRules.change({ rules: [rule], endSessions: true, by: ada.begun.principal });
    assert.equal(await whoIs(house, guy.begun.token.reveal()), 'Guy');
    house.clock.advance(30_000);
    const ticket = await ticketFor(house, 'Guy', client);
    const admitted = await house.signIn.withCode({ kind: 'totp', ticket, code: guy.code(), client });
    assert.ok('begun' in admitted);
    assert.deepEqual(admitted.offer, { factor: 'passkey', fromMs });
    house.clock.advance(86_400_000);
    const later = await ticketFor(house, 'Guy', client);
    assert.ok('enrolment' in (await house.signIn.withCode({ kind: 'totp', ticket: later, code: guy.code(), client })));
  });

  test(`${name}: an administrator with a passkey proves with it; signing in with the app instead is no proof`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    await addPasskey(house, ada);
    const begun = await signInWithApp(house, ada, client);
    assert.equal(begun.principal.authenticatedAtMs, 0);
    house.clock.advance(30_000);
    const by = begun.principal;
    assert.deepEqual((await house.stepUp.options({ by, client })).methods, ['passkey']);
    const proof = { kind: 'password', password: goodPassword, code: ada.code() } as const;
    await assert.rejects(house.stepUp.prove({ by, client, proof }), { code: 'proof_refused' });
    assert.equal(actionsOf(house.events).at(-1), 'session.step-up:proof_not_accepted');
  });

  test(`${name}: of two who use a recovery code at once, one comes in`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const [code = ''] = ada.recoveryCodes;
    const others = [client, { ...client, address: '198.51.100.9' }];
    const tickets = await Promise.all(others.map((one) => ticketFor(house, 'Ada', one)));
    const raced = await Promise.allSettled(
      tickets.map((ticket, at) =>
        house.signIn.withCode({ kind: 'recovery', ticket, code, client: others[at] ?? client }),
      ),
    );
    assert.deepEqual(raced.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  });
});
