import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { deriveKey } from '../factors/sealing.ts';
import {
  actionsOf,
  begunOf,
  goodPassword,
  moveIn,
  operator,
  type House,
  type Inhabitant,
} from '../people/people.fixture.ts';
import type { AuthoritySettings } from './authority.ts';
import { bind, client, codeOf, houseWithAuthority, signIn } from './certificate-house.fixture.ts';
import { createCodeStore } from '../codes/code-store.ts';
import { defaultPolicy } from '../factors/passkey-policy.ts';
import { createSoftwareAuthenticator } from '../factors/software-authenticator.fixture.ts';
import { createCertificateStore } from './certificate-store.ts';
import { issue, listOf, type Party, type Wanted } from './certificates.fixture.ts';

forEachDatabase((name, open) => {
  const withAuthority = (settings: Partial<AuthoritySettings> = {}) => houseWithAuthority(open, settings);

  /** Another authority, with its list. */
  async function another(house: House, title: string, settings: Partial<AuthoritySettings> = {}) {
    const root = await issue(house.clock.nowMs(), { name: title, isAuthority: true });
    const given = { name: title, isEnabled: true, ...settings };
    const { id } = await house.certificateAuthorities.create({ settings: given, pem: root.pem, by: operator });
    const list = await listOf(root, house.clock.nowMs());
    await house.certificateAuthorities.takeList({ id, list, by: operator });
    const card = (wanted: Partial<Wanted> = {}): Promise<Party> =>
      issue(house.clock.nowMs(), { name: 'Ada', issuer: root, ...wanted });
    return { id, root, card };
  }
  /** From now on they have cards alone, and come in with this one. */
  async function onlyWith(house: House, person: Inhabitant, cards: readonly Party[]): Promise<Principal> {
    for (const card of cards) await bind(house, card, person.begun.principal, card.name);
    const { principal } = person.begun;
    const app = (await house.ownFactors.list(principal)).find(({ kind }) => kind === 'totp');
    await house.ownFactors.remove({ by: principal, id: app?.id ?? '' });
    const [first] = cards;
    assert.ok(first !== undefined);
    return begunOf((await signIn(house, first)).admitted).principal;
  }

  test(`${name}: of two authorities switched off at once one stays, when together they let the last administrator in`, async () => {
    const { house, admin, authority, card } = await withAuthority();
    const other = await another(house, 'Other');
    const by = await onlyWith(house, admin, [await card({ name: 'Ada' }), await other.card()]);
    const off = (id: string) => codeOf(house.certificateAuthorities.change({ id, settings: { isEnabled: false }, by }));
    const remove = (id: string) => codeOf(house.certificateAuthorities.remove({ id, by }));
    const answers = await Promise.all([off(authority.id), off(other.id), remove(authority.id), remove(other.id)]);
    const all = await house.certificateAuthorities.list();
    assert.equal(all.filter(({ settings }) => settings.isEnabled).length, 1, answers.join(' '));
    assert.ok(answers.includes('certificate_authority_lock_out'));
    assert.ok(answers.includes('none'));
  });

  test(`${name}: a card that would not open the door now is no way in that counts`, async () => {
    const { house, admin, authority, card, takeList } = await withAuthority();
    const other = await another(house, 'Other');
    const [own, spare] = [await card({ name: 'Ada' }), await other.card()];
    const by = await onlyWith(house, admin, [own, spare]);
    const change = (id: string, settings: Partial<AuthoritySettings>, who: Principal = by) =>
      codeOf(house.certificateAuthorities.change({ id, settings, by: who }));
    const lockOut = 'certificate_authority_lock_out';

    // The list of the other is out of date: its card is none, though the authority is enabled and the card is in force.
    house.clock.advance(8 * 86_400_000);
    await takeList();
    assert.equal(await codeOf(signIn(house, spare)), 'certificate_refused revocations-stale');
    assert.equal(await change(authority.id, { isEnabled: false }), lockOut);
    assert.equal(await codeOf(house.certificateAuthorities.remove({ id: authority.id, by })), lockOut);
    // Nor is one that what is asked of certificates shuts out: purposes, policies, another root.
    assert.equal(await change(authority.id, { purposes: ['1.3.6.1.4.1.311.20.2.2'] }), lockOut);
    assert.equal(await change(authority.id, { policies: ['1.2.3.4'] }), lockOut);
    const stranger = await issue(house.clock.nowMs(), { name: 'Stranger', isAuthority: true });
    const swapped = { id: authority.id, settings: {}, pem: stranger.pem, by };
    assert.equal(await codeOf(house.certificateAuthorities.change(swapped)), lockOut);
    // What takes nothing from them is let, and so is the other, which opens nothing anyway.
    assert.equal(await change(authority.id, { name: 'Staff cards', allowsBinding: false }), 'none');
    assert.equal(await change(other.id, { isEnabled: false }), 'none');

    // Taking the last card away at the desk is as good as switching its authority off.
    const mine = (await house.personCertificates.listOf(admin.id)).find(({ trouble }) => trouble === undefined);
    assert.equal(mine?.serial, own.serial);
    const desk = { userId: admin.id, id: mine?.id ?? '', by };
    assert.equal(await codeOf(house.personCertificates.removeFor(desk)), lockOut);

    // When nobody could come in, whoever is still in may mend it.
    house.clock.advance(8 * 86_400_000);
    assert.equal(await change(authority.id, { whenStale: 'accept' }), 'none');
    begunOf((await signIn(house, own)).admitted);
    assert.equal(await change(authority.id, { whenStale: 'refuse' }), lockOut);
    assert.equal(await change(authority.id, { whenStale: 'refuse' }, operator), 'none');
  });

  test(`${name}: an administrator whose card opens nothing is not the other who must remain`, async () => {
    const { house, admin, authority, card } = await withAuthority();
    const bo = await moveIn(house, 'Bo', ['admin']);
    const by = await onlyWith(house, bo, [await card({ name: 'Bo' })]);
    const settings = { isEnabled: false };
    await house.certificateAuthorities.change({ id: authority.id, settings, by: operator });
    const { id } = admin;
    assert.equal(await codeOf(house.people.change({ id, disabled: true, by })), 'last_administrator');
    assert.equal(await codeOf(house.people.change({ id, roles: ['viewer'], by })), 'last_administrator');
    assert.equal(await codeOf(house.people.reset({ id, by })), 'last_administrator');
    // Bo himself may go: he could not come back.
    await house.people.change({ id: bo.id, disabled: true, by: admin.begun.principal });
  });

  test(`${name}: an administrator by a provider's word stays too, where the others have nothing that is accepted`, async () => {
    const { house, admin, authority, card } = await withAuthority();
    const { id } = await moveIn(house, 'Pia', ['viewer']);
    const said = { userId: id, source: 'provider/p', by: operator };
    const say = (roles: readonly string[]) =>
      house.database.transaction().execute((transaction) => house.provided.setRoles(transaction, { ...said, roles }));
    await say(['admin']);
    const by = await onlyWith(house, admin, [await card({ name: 'Ada' })]);
    await house.certificateAuthorities.change({ id: authority.id, settings: { isEnabled: false }, by: operator });
    for (const who of [by, operator])
      assert.equal(await codeOf(house.people.change({ id, disabled: true, by: who })), 'last_administrator');
    assert.equal(await codeOf(house.people.reset({ id, by })), 'last_administrator');
    // What leaves them administrator takes nothing.
    assert.equal(await codeOf(house.people.change({ id, roles: ['viewer', 'analyst'], by })), 'none');
    await house.certificateAuthorities.change({ id: authority.id, settings: { isEnabled: true }, by: operator });
    assert.equal(await codeOf(house.people.change({ id, disabled: true, by })), 'none');
  });

  test(`${name}: where administrators have cards alone, which passkeys others use is theirs to say`, async () => {
    const { house, admin, card } = await withAuthority();
    const by = await onlyWith(house, admin, [await card({ name: 'Ada' })]);
    const policy = { ...defaultPolicy, hardwareBoundRoles: ['guard'] };
    assert.deepEqual(await house.passkeyRules.preview(policy), {
      passkeys: 0,
      refused: [],
      withoutFactor: [],
      isLockingOut: false,
    });
    assert.equal(await codeOf(house.passkeyRules.change({ policy, by })), 'none');
  });

  test(`${name}: what somebody is told of their card is what signing in with it finds`, async () => {
    const { house, admin, authority, card, takeList } = await withAuthority({ finds: 'upn' });
    const anna = await moveIn(house, 'anna@corp.example', ['analyst']);
    const own = await card({ upns: [anna.name], toMs: house.clock.nowMs() + 20 * 86_400_000 });
    begunOf((await signIn(house, own)).admitted);
    const change = (settings: Partial<AuthoritySettings>) =>
      house.certificateAuthorities.change({ id: authority.id, settings, by: operator });
    const agree = async (trouble: string | undefined, reason: string): Promise<void> => {
      house.clock.advance(60_000);
      const [one] = await house.personCertificates.listOf(anna.id);
      assert.equal(one?.trouble, trouble);
      assert.equal(await codeOf(signIn(house, own)), reason);
    };
    const [one] = await house.personCertificates.listOf(anna.id);
    assert.deepEqual([one?.trouble, one?.endsSoon, one?.isByName], [undefined, true, true]);
    await agree(undefined, 'none');
    await change({ domains: ['other.example'] });
    await agree('domain-not-trusted', 'certificate_refused nobody');
    await change({ domains: [], finds: 'email' });
    await agree('unknown', 'certificate_refused nobody');
    await change({ finds: 'upn', purposes: ['1.3.6.1.4.1.311.20.2.2'] });
    await agree('wrong-purpose', 'certificate_refused wrong-purpose');
    await change({ purposes: ['1.3.6.1.5.5.7.3.2'] });
    await house.people.change({ id: anna.id, roles: ['admin'], by: admin.begun.principal });
    await agree('administrator-not-named', 'certificate_refused nobody');
    await house.people.change({ id: anna.id, roles: ['analyst'], by: admin.begun.principal });
    await house.people.change({ id: anna.id, disabled: true, by: admin.begun.principal });
    await agree('may-not-sign-in', 'certificate_refused nobody');
    await house.people.change({ id: anna.id, disabled: false, by: admin.begun.principal });
    await change({ isEnabled: false });
    await agree('switched-off', 'certificate_unavailable');
    await change({ isEnabled: true });
    house.clock.advance(8 * 86_400_000);
    await agree('revocations-stale', 'certificate_refused revocations-stale');
    await takeList({ revoked: [own] });
    await agree('revoked', 'certificate_refused revoked');
    house.clock.advance(15 * 86_400_000);
    await agree('expired', 'certificate_refused expired');
  });

  test(`${name}: a card that a version before kept in part is offered, and is not taken as if it opened nothing`, async () => {
    const { house, admin, authority, card } = await withAuthority();
    const own = await card({ name: 'Ada' });
    const by = await onlyWith(house, admin, [own]);
    const key = deriveKey(house.key, 'certificate');
    const store = createCertificateStore({ columnKeys: house.columnKeys, random: randomBytes, key });
    await house.database.transaction().execute(async (transaction) => {
      const [row] = await store.listOf(transaction, admin.id);
      assert.ok(row?.der !== undefined);
      const { der: _whole, ...earlier } = row;
      await store.remove(transaction, admin.id, row.id);
      await store.insert(transaction, earlier);
    });
    const [shown] = await house.personCertificates.listOf(admin.id);
    assert.equal(shown?.trouble, 'not-kept-whole');
    const admitted = await house.signIn.withPassword({ name: 'Ada', password: goodPassword, client });
    assert.ok('step' in admitted && admitted.step === 'second-factor');
    assert.ok(admitted.methods.includes('certificate'));
    const off = { id: authority.id, settings: { isEnabled: false }, by };
    assert.equal(await codeOf(house.certificateAuthorities.change(off)), 'certificate_authority_lock_out');
    assert.equal(await codeOf(house.certificateAuthorities.remove(off)), 'certificate_authority_lock_out');
    const desk = { userId: admin.id, id: shown.id, by };
    assert.equal(await codeOf(house.personCertificates.removeFor(desk)), 'certificate_authority_lock_out');
    // Nor goes it next to a passkey that is refused.
    const authenticator = createSoftwareAuthenticator();
    const options = await house.ownFactors.passkeyOptions({ by, client });
    const at = { origin: client.origin, hostName: client.hostName, aaguid: '1'.repeat(32) };
    const response = authenticator.create(options, at);
    await house.ownFactors.addPasskey({ by, client, response, label: 'Key' });
    const policy = { ...defaultPolicy, denied: ['11111111-1111-1111-1111-111111111111'] };
    assert.equal(await codeOf(house.passkeyRules.change({ policy, by })), 'none');
    assert.equal(await codeOf(house.ownFactors.remove({ by, id: shown.id })), 'last_factor');
    begunOf((await signIn(house, own)).admitted);
    assert.equal(await codeOf(house.certificateAuthorities.change(off)), 'certificate_authority_lock_out');
  });

  test(`${name}: nobody binds a card that names somebody else, however little its name is believed`, async () => {
    const { house, admin, authority, card } = await withAuthority({ finds: 'upn' });
    const root = await moveIn(house, 'root@corp.example', ['admin']);
    const gone = await moveIn(house, 'gone@corp.example', ['analyst']);
    await house.people.change({ id: gone.id, disabled: true, by: admin.begun.principal });
    const bo = await moveIn(house, 'bo@corp.example', ['analyst']);
    const change = (settings: Partial<AuthoritySettings>) =>
      house.certificateAuthorities.change({ id: authority.id, settings, by: operator });
    const cases: readonly (readonly [string, Partial<Wanted>])[] = [
      ['an administrator, whom it may not name', { upns: [root.name] }],
      ['somebody disabled', { upns: [gone.name] }],
      ['two people', { upns: [bo.name, root.name] }],
      ['a name that looks like another', { upns: ['ROOT@corp.example'] }],
      ['a name in full width', { upns: ['\uff52oot@corp.example'] }],
      ['an administrator, in another form', { upns: [bo.name], emails: [root.name] }],
    ];
    for (const finds of ['upn', 'binding'] as const) {
      await change({ finds });
      for (const [what, wanted] of cases) {
        house.clock.advance(3_600_000);
        const theirs = await card(wanted);
        assert.equal(await codeOf(bind(house, theirs, bo.begun.principal)), 'certificate_taken', `${finds}: ${what}`);
        // By the form its authority is trusted for, the last one is his.
        const isHis = finds === 'upn' && wanted.emails !== undefined;
        assert.equal(await codeOf(signIn(house, theirs)), isHis ? 'none' : 'certificate_refused nobody', what);
      }
    }
    await change({ finds: 'upn' });
    house.clock.advance(60_000);
    const hidden = await card({ upns: ['\u0000root@corp.example'] });
    assert.equal(await codeOf(bind(house, hidden, bo.begun.principal)), 'certificate_taken', 'a name nobody can read');
    // Whom it names may: an administrator binds what may not name them.
    house.clock.advance(60_000);
    const own = await card({ upns: [root.name] });
    await bind(house, own, root.begun.principal);
    assert.equal(begunOf((await signIn(house, own)).admitted).principal.id, root.id);
    // The desk knows whose a card is, unless its authority's word counts for more; for oneself nobody is the desk.
    const handedOut = await card({ upns: [gone.name] });
    const desk = (userId: string, by: Principal) =>
      codeOf(house.personCertificates.bindFor({ userId, pem: handedOut.pem, label: 'Desk', by }));
    assert.equal(await desk(bo.id, admin.begun.principal), 'certificate_taken');
    await change({ finds: 'binding' });
    assert.equal(await desk(admin.id, admin.begun.principal), 'certificate_taken');
    assert.equal(await desk(bo.id, admin.begun.principal), 'none');
  });

  test(`${name}: nobody binds a card with an address that somebody else has their codes sent to`, async () => {
    const { house, card } = await withAuthority();
    const [anna, bo, eve] = [
      await moveIn(house, 'anna', ['analyst']),
      await moveIn(house, 'bo@corp.example', ['analyst']),
      await moveIn(house, 'eve', ['viewer']),
    ];
    const store = createCodeStore({ columnKeys: house.columnKeys, random: randomBytes });
    let count = 0;
    const write = ({ id: userId }: Inhabitant, address: string, isVerified: boolean) =>
      house.database.transaction().execute(async (transaction) => {
        const id = `a${(count += 1)}`;
        await store.insertAddress(transaction, { id, userId, kind: 'email', address, isVerified, createdAtMs: 1 });
        if (isVerified) await store.verifyAddress(transaction, id);
      });
    await write(anna, 'anna@corp.example', true);
    await write(anna, 'new@corp.example', false);
    const bound = async (who: Inhabitant, wanted: Partial<Wanted>) => {
      house.clock.advance(60_000);
      return codeOf(bind(house, await card(wanted), who.begun.principal));
    };
    for (const address of ['anna@corp.example', 'ANNA@corp.example', 'new@corp.example']) {
      assert.equal(await bound(eve, { emails: [address] }), 'certificate_taken', address);
      assert.equal(await bound(eve, { upns: [address] }), 'certificate_taken', address);
    }
    assert.equal(await bound(eve, { emails: ['elsewhere@corp.example'] }), 'none');
    // Who merely writes an address down keeps nobody from their own card.
    await write(eve, 'anna@corp.example', false);
    await write(eve, 'bo@corp.example', false);
    assert.equal(await bound(anna, { emails: ['anna@corp.example'] }), 'none');
    assert.equal(await bound(bo, { emails: ['bo@corp.example'] }), 'none');
  });

  test(`${name}: only a person who may manage people, settings and keys, and for good, has certificates name people`, async () => {
    const { house, admin, authority } = await withAuthority();
    const { principal } = admin.begun;
    const root = await issue(house.clock.nowMs(), { name: 'Names', isAuthority: true });
    const create = (by: Principal, title = 'Names') =>
      codeOf(house.certificateAuthorities.create({ settings: { name: title, finds: 'upn' }, pem: root.pem, by }));
    const change = (by: Principal, settings: Partial<AuthoritySettings>) =>
      codeOf(house.certificateAuthorities.change({ id: authority.id, settings, by }));
    const weak: readonly (readonly [string, Principal])[] = [
      ['settings alone', { ...principal, scopes: ['settings:manage', 'settings:read'] }],
      ['without keys', { ...principal, scopes: principal.scopes.filter((scope) => scope !== 'keys:manage') }],
      ['without people', { ...principal, scopes: principal.scopes.filter((scope) => scope !== 'users:manage') }],
      ['a role for an hour', { ...principal, grantIds: ['g1'] }],
      ['a key', { ...principal, kind: 'key' }],
      ['a service', { ...principal, kind: 'service' }],
    ];
    for (const [what, by] of weak) {
      assert.equal(await create(by), 'role_grant_widened', what);
      assert.equal(await change(by, { finds: 'email' }), 'role_grant_widened', what);
    }
    assert.equal(await change(principal, { finds: 'upn' }), 'none');
    // Nor does anybody weaker widen whom it names.
    for (const [what, by] of weak) {
      assert.equal(await change(by, { namesAdministrators: true }), 'role_grant_widened', what);
      assert.equal(await change(by, { domains: [] }), 'role_grant_widened', what);
      assert.equal(await change(by, { finds: 'binding' }), 'none', what);
      assert.equal(await change(operator, { finds: 'upn' }), 'none');
    }
    assert.equal(await create(principal), 'none');
    assert.equal(await create(operator, 'Names too'), 'none');
    assert.ok(actionsOf(house.events).includes('certificate-authority.create'));
  });
});
