import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { actionsOf, begunOf, moveIn, operator, signInWithApp, ticketFor, whoIs } from '../people/people.fixture.ts';
import type { AuthoritySettings } from './authority.ts';
import { bind, client, codeOf, houseWithAuthority, signIn, through } from './certificate-house.fixture.ts';
import { issue, listOf, type Party, type Wanted } from './certificates.fixture.ts';

forEachDatabase((name, open) => {
  const withAuthority = (settings: Partial<AuthoritySettings> = {}) => houseWithAuthority(open, settings);

  test(`${name}: somebody binds their card, comes in with it alone, proves with it, and takes it away`, async () => {
    const { house, card } = await withAuthority();
    const anna = await moveIn(house, 'Anna', ['analyst']);
    const own = await card();
    await bind(house, own, anna.begun.principal);
    const factor = (await house.ownFactors.list(anna.begun.principal)).find(({ kind }) => kind === 'certificate');
    assert.deepEqual(
      [factor?.label, factor?.certificate?.subject, factor?.certificate?.authority, factor?.certificate?.isByName],
      ['Card', 'Anna', 'Staff', false],
    );
    const { admitted, returnPath } = await signIn(house, own);
    const { principal, token } = begunOf(admitted);
    assert.deepEqual(
      [principal.name, principal.assurance, principal.methods, returnPath],
      ['Anna', 3, ['certificate'], '/alerts'],
    );
    assert.equal(principal.authenticatedAtMs, house.clock.nowMs(), 'it is a fresh proof');

    house.clock.advance(20 * 60_000);
    await house.sessions.authenticate(token.reveal());
    const { methods } = await house.stepUp.options({ by: principal, client });
    assert.deepEqual(methods, ['certificate', 'totp']);
    const departure = await house.certificateFlow.departToProve({ by: principal, returnPath: '/people', client });
    const brought = { ticket: through(house, departure, own).get('ticket') ?? '', attempt: departure.attempt, client };
    const proved = await house.certificateFlow.prove({ ...brought, by: principal });
    assert.equal(proved.returnPath, '/people');
    const answer = await house.sessions.authenticate(proved.token.reveal());
    assert.ok('principal' in answer);
    assert.equal(answer.principal.authenticatedAtMs, house.clock.nowMs());
    // Once, and not for somebody else's session.
    assert.equal(
      await codeOf(house.certificateFlow.prove({ ...brought, by: principal })),
      'certificate_attempt_invalid',
    );

    await house.ownFactors.remove({ by: anna.begun.principal, id: factor?.id ?? '' });
    assert.equal(await whoIs(house, proved.token.reveal()), 'session_unknown');
    assert.equal(await codeOf(signIn(house, own)), 'certificate_refused nobody');
    const actions = actionsOf(house.events);
    for (const one of [
      'user.factor',
      'session.step-up',
      'user.factor-remove',
      'session.sign-in:certificate_refused',
      'session.end',
    ])
      assert.ok(actions.includes(one), one);
  });

  test(`${name}: after a password the card is the second factor, and only its owner's`, async () => {
    const { house, card } = await withAuthority();
    const anna = await moveIn(house, 'Anna', ['analyst']);
    const bo = await moveIn(house, 'Bo', ['analyst']);
    const [own, others] = [await card(), await card({ name: 'Bo' })];
    await bind(house, own, anna.begun.principal);
    await bind(house, others, bo.begun.principal);
    const ticket = await ticketFor(house, 'Anna');
    assert.equal(await codeOf(signIn(house, others, ticket)), 'certificate_refused nobody');
    const { principal } = begunOf((await signIn(house, own, ticket)).admitted);
    assert.deepEqual([principal.name, principal.methods], ['Anna', ['password', 'certificate']]);
    assert.equal(await codeOf(signIn(house, own, ticket)), 'ticket_invalid');
    // Bound once, it is nobody else's.
    assert.equal(await codeOf(bind(house, own, bo.begun.principal)), 'certificate_taken');
    assert.equal(await codeOf(bind(house, own, anna.begun.principal)), 'certificate_taken');
  });

  test(`${name}: a ticket counts once, for two minutes, in the browser that went to the door`, async () => {
    const { house, card } = await withAuthority();
    const anna = await moveIn(house, 'Anna', ['analyst']);
    const own = await card();
    await bind(house, own, anna.begun.principal);
    const { certificateFlow: flow } = house;
    const depart = () => flow.departToSignIn({ ticket: undefined, returnPath: '/', client });
    const [here, other] = [await depart(), await depart()];
    const ticket = through(house, here, own).get('ticket') ?? '';
    const refusalOf = (brought: { ticket?: string; attempt?: string | undefined }) =>
      codeOf(flow.signIn({ ticket, attempt: here.attempt, client, ...brought }));
    // The victim of a link sent by somebody else, and somebody who read the ticket over a shoulder.
    assert.equal(await refusalOf({ attempt: other.attempt }), 'certificate_attempt_invalid');
    assert.equal(await refusalOf({ attempt: undefined }), 'certificate_attempt_invalid');
    for (const wrong of [
      '',
      'A',
      here.attempt,
      new URL(here.url).searchParams.get('errand') ?? '',
      // Whatever its length is, one of these decodes to the very same bytes.
      ...['A', 'AA', 'AAA', '=', ' ', '.'].map((more) => `${ticket}${more}`),
      ticket.slice(0, -3),
    ])
      assert.equal(await refusalOf({ ticket: wrong }), 'certificate_attempt_invalid', wrong.slice(0, 8));
    assert.equal(await refusalOf({ attempt: ticket }), 'certificate_attempt_invalid');
    // Of all who try at once, one gets in.
    const all = await Promise.all([refusalOf({}), refusalOf({}), refusalOf({})]);
    assert.deepEqual(all.toSorted(), ['certificate_attempt_invalid', 'certificate_attempt_invalid', 'none']);

    const late = await depart();
    const lateTicket = through(house, late, own).get('ticket') ?? '';
    house.clock.advance(2 * 60_000 + 1);
    assert.equal(await refusalOf({ ticket: lateTicket, attempt: late.attempt }), 'certificate_attempt_invalid');
    // For what it was asked for, and nothing else.
    const binding = await flow.departToBind({ by: anna.begun.principal, label: 'x', client });
    const boundTicket = through(house, binding, own).get('ticket') ?? '';
    assert.equal(await refusalOf({ ticket: boundTicket, attempt: binding.attempt }), 'certificate_attempt_invalid');
  });

  test(`${name}: the door asks nobody who was sent there, and leads nowhere but back`, async () => {
    const { house, card } = await withAuthority();
    const own = await card();
    const [here, other] = [0, 1].map(() =>
      house.certificateFlow.departToSignIn({ ticket: undefined, returnPath: '//evil.example', client }),
    );
    const departure = await here;
    const elsewhereBegun = await other;
    assert.ok(departure !== undefined && elsewhereBegun !== undefined);
    assert.equal(new URL(departure.url).origin, 'https://console.example:8443');
    const mixed = { url: departure.url, attempt: elsewhereBegun.attempt };
    assert.equal(through(house, mixed, own).get('problem'), 'not-begun-here');
    assert.equal(through(house, { ...departure, attempt: '' }, own).get('problem'), 'not-begun-here');
    assert.equal(through(house, departure, undefined).get('problem'), 'none-shown');
    for (const errand of ['', 'https://evil.example', departure.attempt])
      assert.throws(
        () => house.certificateFlow.pass({ errand, attempt: departure.attempt, presented: { certificate: own.der } }),
        /not one that the sign-in page made/,
      );
    house.clock.advance(5 * 60_000 + 1);
    assert.equal(through(house, departure, own).get('problem'), 'not-begun-here');
    // Nobody is asked where there is no TLS, no authority, or none that is enabled.
    const plain = { ...client, origin: 'http://localhost:8470' };
    assert.equal(await house.certificateFlow.isOffered(plain), false);
    const asked = house.certificateFlow.departToSignIn({ ticket: undefined, returnPath: '/', client: plain });
    assert.equal(await codeOf(asked), 'certificate_unavailable');
    assert.equal(await house.certificateFlow.isOffered(client), true);
    const [authority] = await house.certificateAuthorities.list();
    await house.certificateAuthorities.change({
      id: authority?.id ?? '',
      settings: { isEnabled: false },
      by: operator,
    });
    assert.equal(await house.certificateFlow.isOffered(client), false);
  });

  test(`${name}: a return path that a browser could take for another site is the beginning`, async () => {
    const { house, card } = await withAuthority();
    const anna = await moveIn(house, 'Anna', ['analyst']);
    const own = await card();
    await bind(house, own, anna.begun.principal);
    for (const [path, expected] of [
      ['//evil.example', '/'],
      ['/\\evil.example', '/'],
      ['/..//evil.example', '/'],
      ['https://evil.example', '/'],
      ['/alerts?state=new#x', '/alerts?state=new#x'],
    ])
      assert.equal((await signIn(house, own, undefined, path)).returnPath, expected, path);
  });

  test(`${name}: whose sign-in is refused, and why, stands in the ledger; the one who holds the card is told what is theirs to know`, async () => {
    const { house, admin, card, takeList } = await withAuthority();
    const nowMs = house.clock.nowMs();
    const anna = await moveIn(house, 'Anna', ['analyst']);
    const [own, short] = [await card(), await card({ toMs: nowMs + 3_600_000 })];
    await bind(house, own, anna.begun.principal);
    await bind(house, short, anna.begun.principal, 'Short');
    const stranger = await issue(nowMs, { name: 'Root', isAuthority: true });
    const cases: readonly [Party, string][] = [
      [await issue(nowMs, { name: 'Anna' }), 'authority-unknown'],
      [await issue(nowMs, { name: 'Anna', issuer: stranger }), 'authority-unknown'],
      [await card({ fromMs: nowMs + 60_000 }), 'not-yet-valid'],
      [await card({ purposes: ['1.3.6.1.5.5.7.3.1'] }), 'wrong-purpose'],
      [await card({ isAuthority: true }), 'is-an-authority'],
      [await card(), 'nobody'],
    ];
    for (const [bad, reason] of cases) {
      house.clock.advance(60_000);
      assert.equal(
        await codeOf(signIn(house, bad)),
        reason === 'not-yet-valid' ? 'certificate_refused nobody' : `certificate_refused ${reason}`,
      );
    }
    house.clock.advance(3_600_000);
    assert.equal(await codeOf(signIn(house, short)), 'certificate_refused expired');
    await house.people.change({ id: anna.id, disabled: true, by: admin.begun.principal });
    assert.equal(await codeOf(signIn(house, own)), 'certificate_refused nobody');
    const last = house.events.at(-1)?.event;
    assert.equal(last?.['status_detail'], 'certificate_refused');
    assert.match(JSON.stringify(last), /may-not-sign-in/);
    await house.people.change({ id: anna.id, disabled: false, by: admin.begun.principal });
    assert.equal(begunOf((await signIn(house, own)).admitted).principal.name, 'Anna');
    await takeList({ revoked: [own] });
    assert.equal(await codeOf(signIn(house, own)), 'certificate_refused revoked');
  });

  test(`${name}: what an authority revoked is out at once, and an old list brings nobody back`, async () => {
    const { house, authority, card, takeList } = await withAuthority();
    const anna = await moveIn(house, 'Anna', ['analyst']);
    const bo = await moveIn(house, 'Bo', ['analyst']);
    const [own, others] = [await card(), await card({ name: 'Bo' })];
    await bind(house, own, anna.begun.principal);
    await bind(house, others, bo.begun.principal);
    const byCard = begunOf((await signIn(house, own)).admitted);
    const byApp = await signInWithApp(house, anna);
    const stays = begunOf((await signIn(house, others)).admitted);
    const taken = await takeList({ revoked: [own], number: 5 });
    assert.deepEqual(taken, { issuer: 'Root', entries: 1, revokedHere: 1, endedSessions: 1 });
    assert.equal(await whoIs(house, byCard.token.reveal()), 'session_unknown');
    assert.equal(await whoIs(house, byApp.token.reveal()), 'Anna');
    assert.equal(await whoIs(house, stays.token.reveal()), 'Bo');
    assert.equal(await codeOf(takeList({ number: 4 })), 'revocations_old');
    assert.equal(await codeOf(takeList({ fromMs: house.clock.nowMs() - 7_200_000 })), 'revocations_old');
    assert.equal(await codeOf(signIn(house, own)), 'certificate_refused revoked');

    // Stale: nobody comes in, unless that is meant.
    house.clock.advance(8 * 86_400_000);
    assert.equal(await codeOf(signIn(house, others)), 'certificate_refused revocations-stale');
    const change = (settings: Partial<AuthoritySettings>) =>
      house.certificateAuthorities.change({ id: authority.id, settings, by: operator });
    await change({ whenStale: 'accept' });
    begunOf((await signIn(house, others)).admitted);
    assert.equal(await codeOf(signIn(house, own)), 'certificate_refused revoked');
    await change({ revocation: 'none' });
    begunOf((await signIn(house, own)).admitted);
  });

  test(`${name}: without any list nobody comes in, and what is no list is refused`, async () => {
    const { house, authority, card, root } = await withAuthority({ revocation: 'none' });
    const anna = await moveIn(house, 'Anna', ['analyst']);
    const own = await card();
    await bind(house, own, anna.begun.principal);
    await house.certificateAuthorities.change({ id: authority.id, settings: { revocation: 'list' }, by: operator });
    assert.equal(await codeOf(signIn(house, own)), 'certificate_refused revocations-missing');
    const other = await issue(house.clock.nowMs(), { name: 'Other', isAuthority: true });
    for (const list of ['', 'hello!', 'aGVsbG8=', root.pem, await listOf(other, house.clock.nowMs())])
      assert.equal(
        await codeOf(house.certificateAuthorities.takeList({ id: authority.id, list, by: operator })),
        'revocations_invalid',
      );
  });

  test(`${name}: a name in a certificate finds exactly that account, of an authority that is trusted to name`, async () => {
    const named = await withAuthority({ finds: 'upn', domains: ['corp.example'], allowsBinding: false });
    const { house, authority, card } = named;
    const anna = await moveIn(house, 'anna@corp.example', ['analyst']);
    const upn = 'anna@corp.example';
    const { principal } = begunOf((await signIn(house, await card({ upns: [upn] }))).admitted);
    assert.deepEqual([principal.name, principal.assurance], [upn, 3]);
    assert.ok((await house.ownFactors.list(principal)).some(({ certificate }) => certificate?.isByName === true));
    await moveIn(house, 'eve@evil.example', ['analyst']);
    await moveIn(house, 'root@corp.example', ['admin']);
    const refused: readonly (readonly [string, Partial<Wanted>])[] = [
      ['a NUL', { upns: ['anna@corp.example\u0000.evil.example'] }],
      ['a NUL before', { upns: ['\u0000anna@corp.example'] }],
      ['Cyrillic a', { upns: ['\u0430nna@corp.example'] }],
      ['full width', { upns: ['\uff41nna@corp.example'] }],
      ['capitals', { upns: ['ANNA@corp.example'] }],
      ['a space', { upns: ['anna@corp.example '] }],
      ['an invisible letter', { upns: ['anna\u200d@corp.example'] }],
      ['two names', { upns: [upn, 'bo@corp.example'] }],
      ['another form', { emails: [upn] }],
      ['only the subject', { name: upn }],
      ['another domain', { upns: ['eve@evil.example'] }],
      ['nobody', { upns: ['nobody@corp.example'] }],
      ['an administrator', { upns: ['root@corp.example'] }],
    ];
    for (const [what, wanted] of refused) {
      house.clock.advance(60_000);
      assert.equal(await codeOf(signIn(house, await card(wanted))), 'certificate_refused nobody', what);
    }
    // Its people bind nothing; nobody binds what names somebody else.
    const bo = await moveIn(house, 'bo@corp.example', ['analyst']);
    assert.equal(await codeOf(bind(house, await card(), bo.begun.principal)), 'certificate_refused nobody');
    const change = (settings: Partial<AuthoritySettings>) =>
      house.certificateAuthorities.change({ id: authority.id, settings, by: operator });
    await change({ allowsBinding: true });
    assert.equal(await codeOf(bind(house, await card({ upns: [upn] }), bo.begun.principal)), 'certificate_taken');
    const own = await card();
    await bind(house, own, bo.begun.principal);
    assert.equal(begunOf((await signIn(house, own)).admitted).principal.id, bo.id);
    await change({ namesAdministrators: true });
    begunOf((await signIn(house, await card({ upns: ['root@corp.example'] }))).admitted);

    // An authority that is trusted for cards alone names nobody, whatever its certificates say.
    const plain = await issue(house.clock.nowMs(), { name: 'Plain', isAuthority: true });
    const settings = { name: 'Plain', isEnabled: true, revocation: 'none' } as const;
    await house.certificateAuthorities.create({ settings, pem: plain.pem, by: operator });
    const says = await issue(house.clock.nowMs(), { name: 'Eve', issuer: plain, upns: [upn] });
    assert.equal(await codeOf(signIn(house, says)), 'certificate_refused nobody');
    // No name counts any more: whoever came by one is out.
    const again = begunOf((await signIn(house, await card({ upns: [upn] }))).admitted);
    await change({ finds: 'binding' });
    assert.equal(await whoIs(house, again.token.reveal()), 'session_unknown');
    assert.equal(anna.name, upn);
  });

  test(`${name}: switching an authority off or removing it ends what it let in, and never locks the last administrator out`, async () => {
    const { house, admin, authority, card } = await withAuthority();
    const own = await card({ name: 'Ada' });
    await bind(house, own, admin.begun.principal);
    const { begun } = admin;
    const app = (await house.ownFactors.list(begun.principal)).find(({ kind }) => kind === 'totp');
    await house.ownFactors.remove({ by: begun.principal, id: app?.id ?? '' });
    const byCard = begunOf((await signIn(house, own)).admitted);
    const by = byCard.principal;
    const change = { id: authority.id, settings: { isEnabled: false } };
    assert.equal(
      await codeOf(house.certificateAuthorities.change({ ...change, by })),
      'certificate_authority_lock_out',
    );
    assert.equal(
      await codeOf(house.certificateAuthorities.remove({ id: authority.id, by })),
      'certificate_authority_lock_out',
    );
    const mine = (await house.ownFactors.list(by)).find(({ kind }) => kind === 'certificate');
    assert.equal(await codeOf(house.ownFactors.remove({ by, id: mine?.id ?? '' })), 'last_factor');
    await house.certificateAuthorities.change({ ...change, by: operator });
    assert.equal(await whoIs(house, byCard.token.reveal()), 'session_unknown');
    assert.equal(await codeOf(signIn(house, own)), 'certificate_unavailable');
    await house.certificateAuthorities.remove({ id: authority.id, by: operator });
    assert.deepEqual(await house.certificateAuthorities.list(), []);
    assert.deepEqual(await house.personCertificates.listOf(admin.id), []);
  });

  test(`${name}: whoever hands out cards binds for others what they may do themselves, and a reset takes it`, async () => {
    const { house, admin, card } = await withAuthority();
    const anna = await moveIn(house, 'Anna', ['analyst']);
    const own = await card();
    const { personCertificates } = house;
    const bindFor = (by: Principal, pem = own.pem, userId = anna.id) =>
      codeOf(personCertificates.bindFor({ userId, pem, label: 'From the desk', by }));
    const bo = await moveIn(house, 'Bo', ['viewer']);
    assert.equal(await bindFor(bo.begun.principal), 'role_grant_widened');
    assert.equal(await bindFor(admin.begun.principal, 'no certificate'), 'certificate_refused');
    const expired = await card({ toMs: house.clock.nowMs() - 1 });
    assert.equal(await bindFor(admin.begun.principal, expired.pem), 'certificate_refused expired');
    assert.equal(await bindFor(admin.begun.principal), 'none');
    assert.equal(await bindFor(admin.begun.principal, own.pem, bo.id), 'certificate_taken');
    begunOf((await signIn(house, own)).admitted);
    const people = await house.people.list();
    assert.deepEqual(people.find(({ id }) => id === anna.id)?.factors, ['certificate', 'totp']);
    const foreseen = await house.certificateAuthorities.foresee(own.pem);
    assert.deepEqual([foreseen.authorities, foreseen.person?.name], [['Staff'], 'Anna']);
    await house.people.reset({ id: anna.id, by: admin.begun.principal });
    assert.equal(await codeOf(signIn(house, own)), 'certificate_refused nobody');
    assert.deepEqual(await personCertificates.listOf(anna.id), []);
  });

  test(`${name}: an authority that cannot be one is not taken`, async () => {
    const { house, root, card } = await withAuthority();
    const { certificateAuthorities: all } = house;
    const create = (pem: string, settings: Partial<AuthoritySettings> = { name: 'Another' }) =>
      codeOf(all.create({ settings, pem, by: operator }));
    assert.equal(await create((await card()).pem), 'certificate_authority_invalid');
    assert.equal(await create(root.pem + root.pem), 'certificate_authority_invalid');
    assert.equal(await create(root.pem + root.keyPem), 'certificate_authority_invalid');
    assert.equal(await create('hello'), 'certificate_authority_invalid');
    assert.equal(await create(root.pem, { name: 'Staff' }), 'certificate_authority_invalid');
    for (const wrong of [
      { purposes: [] },
      { purposes: ['2.5.29.37.0'] },
      { policies: ['1.x'] },
      { domains: ['Corp.example'] },
    ])
      assert.equal(await create(root.pem, { name: 'Another', ...wrong }), 'certificate_authority_invalid');
    assert.equal(await create(root.pem), 'none');
  });

  test(`${name}: the database read alone names nobody's card, and adds no authority when it is written`, async () => {
    const { house, card } = await withAuthority();
    const anna = await moveIn(house, 'Anna', ['analyst']);
    await bind(house, await card(), anna.begun.principal);
    const tables = house.database.withTables<{
      identity_certificates: { id: string; content: string };
      identity_certificate_authorities: { id: string; created_at_ms: number; content: string };
    }>();
    const rows = await tables.selectFrom('identity_certificates').selectAll().execute();
    assert.ok(rows.length === 1 && !/Anna|Card/.test(JSON.stringify(rows)), JSON.stringify(rows));
    const [authority] = await tables.selectFrom('identity_certificate_authorities').selectAll().execute();
    assert.ok(authority !== undefined);
    await tables
      .insertInto('identity_certificate_authorities')
      .values({ ...authority, id: 'mine' })
      .execute();
    await assert.rejects(house.certificateAuthorities.list());
  });
});
