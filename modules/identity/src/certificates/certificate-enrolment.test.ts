import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Client } from '@sallyport/platform/http';
import { defaultRequirement } from '../admission/requirements.ts';
import { actionsOf, begunOf, goodPassword, moveIn, operator, type House } from '../people/people.fixture.ts';
import type { AuthoritySettings } from './authority.ts';
import { bind, client, codeOf, houseWithAuthority, signIn, through } from './certificate-house.fixture.ts';
import type { Party } from './certificates.fixture.ts';

async function invited(house: House, name: string, roles: readonly string[] = ['analyst']): Promise<string> {
  const { token } = await house.people.invite({ name, roles, by: operator });
  const { enrolment } = await house.people.accept({ token, password: goodPassword });
  return enrolment;
}
async function enrol(house: House, enrolment: string, card: Party | undefined, from: Client = client) {
  const departure = await house.certificateFlow.departToEnrol({ enrolment, label: 'Staff card', client: from });
  const ticket = through(house, departure, card).get('ticket') ?? '';
  return house.certificateFlow.enrol({ ticket, attempt: departure.attempt, client: from });
}

forEachDatabase((name, open) => {
  const withAuthority = (settings: Partial<AuthoritySettings> = {}) => houseWithAuthority(open, settings);

  test(`${name}: whoever was invited enrols with their card, is in, and comes in with it from then on`, async () => {
    const { house, card } = await withAuthority();
    const own = await card();
    const enrolment = await invited(house, 'Anna');
    const { recoveryCodes, admitted } = await enrol(house, enrolment, own);
    const { principal } = begunOf(admitted);
    assert.deepEqual([principal.name, principal.assurance], ['Anna', 3]);
    assert.ok(recoveryCodes.length > 0);
    assert.deepEqual(
      (await house.ownFactors.list(principal)).map(({ kind, label }) => [kind, label]),
      [['certificate', 'Staff card']],
    );
    assert.equal(begunOf((await signIn(house, own)).admitted).principal.id, principal.id);
    const actions = actionsOf(house.events);
    assert.equal(actions.filter((one) => one === 'user.factor').length, 2, 'the administrator’s app, and this once');
    // The step is over, for whoever kept it.
    assert.equal(await codeOf(enrol(house, enrolment, await card())), 'ticket_invalid');
  });

  test(`${name}: the step offers a card where roles count it, an authority lets people bind, and a browser could show one`, async () => {
    const { house, authority, card } = await withAuthority();
    const offered = async (from: Client = client): Promise<readonly string[]> => {
      const step = await house.signIn.withPassword({ name: 'Anna', password: goodPassword, client: from });
      assert.ok('step' in step && step.step === 'enrol');
      return step.methods;
    };
    const enrolment = await invited(house, 'Anna');
    assert.deepEqual(await offered(), ['passkey', 'certificate', 'totp']);
    const plain = { ...client, origin: 'http://console.example:8470' };
    assert.deepEqual(await offered(plain), ['passkey', 'totp']);
    assert.equal(await codeOf(enrol(house, enrolment, await card(), plain)), 'factor_insufficient');
    const change = (settings: Partial<AuthoritySettings>) =>
      house.certificateAuthorities.change({ id: authority.id, settings, by: operator });
    await change({ allowsBinding: false });
    assert.deepEqual(await offered(), ['passkey', 'totp']);
    await change({ allowsBinding: true });
    const rules = [{ ...defaultRequirement('analyst'), factors: ['passkey', 'totp'] as const }];
    await house.signInRules.change({ rules, endSessions: false, by: operator });
    assert.deepEqual(await offered(), ['passkey', 'totp']);
    assert.equal(await codeOf(enrol(house, enrolment, await card())), 'factor_insufficient');
  });

  test(`${name}: what is asked of a card is asked of one that enrols, and what it is not is somebody else's`, async () => {
    const { house, card, takeList } = await withAuthority();
    const root = await moveIn(house, 'root@corp.example', ['admin']);
    const taken = await card();
    await bind(house, taken, root.begun.principal);
    const revoked = await card();
    await takeList({ revoked: [revoked] });
    const enrolment = await invited(house, 'Anna');
    const nowMs = house.clock.nowMs();
    const cases: readonly (readonly [string, Party | undefined, string])[] = [
      ['bound to somebody', taken, 'certificate_taken'],
      ['naming somebody', await card({ upns: [root.name] }), 'certificate_taken'],
      ['revoked', revoked, 'certificate_refused revoked'],
      ['expired', await card({ toMs: nowMs - 1 }), 'certificate_refused expired'],
      ['none', undefined, 'certificate_attempt_invalid'],
    ];
    for (const [what, wrong, code] of cases) {
      house.clock.advance(60_000);
      assert.equal(await codeOf(enrol(house, enrolment, wrong)), code, what);
    }
    // A ticket is for what it was asked for: one for signing in or for another's step enrols nobody.
    const own = await card();
    const { certificateFlow: flow } = house;
    const toSignIn = await flow.departToSignIn({ ticket: undefined, returnPath: '/', client });
    const ticket = through(house, toSignIn, own).get('ticket') ?? '';
    assert.equal(
      await codeOf(flow.enrol({ ticket, attempt: toSignIn.attempt, client })),
      'certificate_attempt_invalid',
    );
    const others = await flow.departToEnrol({ enrolment: await invited(house, 'Bo'), label: 'x', client });
    const mine = await flow.departToEnrol({ enrolment, label: 'x', client });
    const shown = through(house, mine, own).get('ticket') ?? '';
    assert.equal(
      await codeOf(flow.enrol({ ticket: shown, attempt: others.attempt, client })),
      'certificate_attempt_invalid',
    );
    assert.equal(
      await codeOf(flow.enrol({ ticket: shown, attempt: undefined, client })),
      'certificate_attempt_invalid',
    );
    // Of all who hand it in at once, one.
    const all = await Promise.all(
      [1, 2, 3].map(() => codeOf(flow.enrol({ ticket: shown, attempt: mine.attempt, client }))),
    );
    assert.equal(all.filter((one) => one === 'none').length, 1, all.join(' '));
  });
});
