import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { abroad, office, openPrivilegeHouse } from './privileges.fixture.ts';
import type { PrivilegeHouse } from './privileges.fixture.ts';

const hour = 3_600_000;
const reason = 'Change 4711: replace the certificate';

async function askFor(house: PrivilegeHouse, by: Principal, role: string, minutes = 60): Promise<string> {
  return house.privileges.ask({ by, client: office, role, minutes, reason });
}
async function grant(house: PrivilegeHouse, by: Principal, approver: Principal, role = 'analyst'): Promise<string> {
  const id = await askFor(house, by, role);
  await house.privileges.approve({ id, by: approver, client: office, note: '' });
  await house.privileges.takeUp({ id, by, client: office });
  return id;
}
const stateOf = async ({ privileges }: PrivilegeHouse, id: string, by: Principal): Promise<string> =>
  (await privileges.get(id, by)).state;
const coded = (code: string): { code: string } => ({ code });

forEachDatabase((name, open) => {
  test(`a role is asked for, approved, held for its time in its session, and gone after it on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const [ada, vera] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Vera', ['viewer'], 'key-v')];
    const id = await askFor(house, vera, 'analyst');
    assert.deepEqual(house.rolesOf(vera), []);
    const shown = await house.privileges.get(id, ada);
    const context = await house.privileges.context(shown);
    assert.deepEqual(
      [
        shown.request.said.address,
        shown.request.device,
        shown.request.said.isNewDevice,
        shown.mayDecide,
        shown.request.needed,
      ],
      ['192.0.2.7', 'key-v', true, true, 1],
    );
    assert.ok(shown.request.said.adds.includes('rules:manage') && !shown.request.said.adds.includes('events:read'));
    assert.deepEqual([context.approvers, context.risk?.value], [['Ada'], 3]);
    await assert.rejects(house.privileges.takeUp({ id, by: vera, client: office }), coded('privilege_over'));
    await house.privileges.approve({ id, by: ada, client: office, note: 'fine' });
    assert.deepEqual(house.rolesOf(vera), [], 'it begins when it is taken up');
    await house.privileges.takeUp({ id, by: vera, client: office });
    assert.deepEqual(house.rolesOf(vera), ['analyst']);
    assert.deepEqual(
      house.privileges.rolesOf({ userId: 'vera', sessionId: vera.sessionId ?? '', browserKey: 'key-v' }),
      [{ role: 'analyst', grantId: id }],
    );
    house.clock.advance(hour - 1);
    assert.deepEqual(house.rolesOf(vera), ['analyst']);
    house.clock.advance(1);
    assert.deepEqual(house.rolesOf(vera), [], 'without anybody having swept');
    await house.privileges.sweep();
    const ended = await house.privileges.get(id, vera);
    assert.deepEqual([ended.state, ended.request.endedBecause, ended.needsReview], ['ended', 'time', true]);
    assert.deepEqual(house.actions(), ['privilege.request', 'privilege.approve', 'privilege.take-up', 'privilege.end']);
    const [keys] = house.suspended;
    assert.ok(
      keys?.makerId === 'vera' && !keys.allowed.includes('rules:manage') && keys.allowed.includes('events:read'),
    );
    await assert.rejects(house.privileges.takeUp({ id, by: vera, client: office }), coded('privilege_over'), 'once');
  });

  test(`two approvals, an approval and a withdrawal, and two takings up that race happen once on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const admins = ['Ada', 'Ben', 'Cleo'].map((admin) => house.moveIn(admin, ['admin'], `key-${admin}`));
    const nina = house.moveIn('Nina', ['analyst'], 'key-n');
    const id = await askFor(house, nina, 'admin');
    const twice = await Promise.allSettled(
      [...admins, ...admins].map((by) => house.privileges.approve({ id, by, client: office, note: '' })),
    );
    assert.equal(twice.filter(({ status }) => status === 'fulfilled').length, 2, 'two people, each once');
    const begun = await Promise.allSettled(
      [1, 2, 3].map(() => house.privileges.takeUp({ id, by: nina, client: office })),
    );
    assert.equal(begun.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.deepEqual(house.rolesOf(nina), ['admin']);
    assert.equal(house.actions().filter((action) => action === 'privilege.take-up').length, 1);

    const vera = house.moveIn('Vera', ['viewer'], 'key-v');
    const other = await askFor(house, vera, 'analyst');
    const [ada = vera] = admins;
    const race = await Promise.allSettled([
      house.privileges.withdraw({ id: other, by: vera }),
      house.privileges.approve({ id: other, by: ada, client: office, note: '' }),
    ]);
    assert.equal(race[0].status, 'fulfilled');
    assert.equal(await stateOf(house, other, vera), 'withdrawn');
    await assert.rejects(house.privileges.takeUp({ id: other, by: vera, client: office }), coded('privilege_over'));
    await assert.rejects(
      house.privileges.approve({ id: other, by: ada, client: office, note: '' }),
      (error: { code?: string }) => ['privilege_over', 'privilege_decided'].includes(error.code ?? ''),
    );
  });

  test(`a restart in the middle takes nothing away and gives nothing back, whatever the clock says on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const [ada, vera] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Vera', ['viewer'], 'key-v')];
    const id = await grant(house, vera, ada);
    house.clock.advance(40 * 60_000);
    await house.privileges.sweep();
    const again = await house.restart(house.clock.nowMs() - 39 * 60_000);
    assert.deepEqual(again.rolesOf(vera), ['analyst']);
    assert.equal(again.privileges.leftSeconds(id), 20 * 60);
    again.clock.advance(20 * 60_000);
    assert.deepEqual(again.rolesOf(vera), []);
    await again.privileges.sweep();
    assert.equal(await stateOf(again, id, vera), 'ended');
    const third = await again.restart(again.clock.nowMs() - 10 * hour);
    assert.deepEqual(third.rolesOf(vera), [], 'what ended stays ended');
  });
});

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;
  const story = (title: string, run: (house: PrivilegeHouse) => Promise<void>): void => {
    test(title, async () => run(await openPrivilegeHouse(open)));
  };

  story(
    'nobody approves their own request, not as a second account in the same browser, not with a key, and it is told',
    async (house) => {
      const cleo = house.moveIn('Cleo', ['analyst', 'admin'], 'key-c');
      const nina = house.moveIn('Nina', ['analyst'], 'key-n');
      const second = { ...house.moveIn('Nina2', ['admin'], 'key-n') };
      house.people.set('nina', { id: 'nina', name: 'Nina', roles: ['analyst', 'admin'], isActive: true });
      const id = await askFor(house, house.moveIn('Vera', ['viewer'], 'key-v'), 'analyst');
      const own = await askFor(house, nina, 'guard').catch(() => undefined);
      assert.equal(own, undefined, 'it would bring an administrator nothing');
      house.people.set('nina', { id: 'nina', name: 'Nina', roles: ['analyst'], isActive: true });
      const ninas = await askFor(house, nina, 'admin');
      await assert.rejects(
        house.privileges.approve({ id: ninas, by: nina, client: office, note: '' }),
        coded('privilege_own'),
      );
      await assert.rejects(
        house.privileges.approve({ id: ninas, by: second, client: office, note: '' }),
        coded('privilege_own'),
      );
      assert.equal(house.actions().filter((action) => action === 'privilege.own-decision').length, 2);
      const { sessionId: _none, ...keyLike } = cleo;
      for (const by of [
        { ...keyLike, kind: 'key' },
        { ...keyLike, kind: 'operator' },
        keyLike,
        { ...cleo, tokenId: 't' },
      ] as const)
        await assert.rejects(
          house.privileges.approve({ id, by, client: office, note: '' }),
          coded('privilege_person_only'),
        );
      assert.equal(await stateOf(house, ninas, nina), 'pending');
    },
  );

  story('whose own right is borrowed approves nothing, and neither does somebody at risk or gone', async (house) => {
    const [ada, ben] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Ben', ['admin'], 'key-b')];
    const nina = house.moveIn('Nina', ['analyst'], 'key-n');
    const raised = await askFor(house, nina, 'admin');
    for (const by of [ada, ben]) await house.privileges.approve({ id: raised, by, client: office, note: '' });
    await house.privileges.takeUp({ id: raised, by: nina, client: office });
    const vera = house.moveIn('Vera', ['viewer'], 'key-v');
    const id = await askFor(house, vera, 'analyst');
    // As the edge makes her now: her own role, and the one she has for an hour.
    const acting = { ...nina, roles: ['analyst', 'admin'], grantIds: [raised], scopes: ada.scopes };
    await assert.rejects(
      house.privileges.approve({ id, by: acting, client: office, note: '' }),
      coded('privilege_approver_only'),
    );
    house.risks.set('ada', { value: 95, isFresh: true, reasons: ['a new country'] });
    await assert.rejects(
      house.privileges.approve({ id, by: ada, client: office, note: '' }),
      coded('privilege_at_risk'),
    );
    house.risks.set('ada', { value: 0, isFresh: false, reasons: [] });
    await assert.rejects(
      house.privileges.approve({ id, by: ada, client: office, note: '' }),
      coded('privilege_at_risk'),
      'stale',
    );
    await house.privileges.deny({ id, by: ada, client: office, note: 'not now' });
    assert.equal(await stateOf(house, id, vera), 'denied');
    house.people.set('ben', { id: 'ben', name: 'Ben', roles: ['admin'], isActive: false });
    const later = await askFor(house, vera, 'analyst');
    await assert.rejects(
      house.privileges.approve({ id: later, by: ben, client: office, note: '' }),
      coded('privilege_approver_only'),
    );
  });

  story('a grant is good in its own session and browser alone', async (house) => {
    const [ada, vera] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Vera', ['viewer'], 'key-v')];
    const id = await askFor(house, vera, 'analyst');
    await house.privileges.approve({ id, by: ada, client: office, note: '' });
    const elsewhere = { ...vera, sessionId: 'another', browserKey: 'key-x' };
    await assert.rejects(house.privileges.takeUp({ id, by: elsewhere, client: abroad }), coded('privilege_elsewhere'));
    const { browserKey: _none, ...keyless } = vera;
    await assert.rejects(house.privileges.takeUp({ id, by: keyless, client: office }), coded('privilege_elsewhere'));
    await assert.rejects(house.privileges.takeUp({ id, by: ada, client: office }), coded('privilege_not_found'));
    await house.privileges.takeUp({ id, by: vera, client: office });
    assert.deepEqual(house.rolesOf(vera), ['analyst']);
    // A copied cookie without the browser's key, another session of hers, and somebody else in hers.
    assert.deepEqual(house.rolesOf(keyless), []);
    assert.deepEqual(house.rolesOf(elsewhere), []);
    assert.deepEqual(house.rolesOf({ ...ada, sessionId: vera.sessionId ?? '' }), []);

    const plain = house.moveIn('Paul', ['viewer']);
    const his = await askFor(house, plain, 'analyst');
    await house.privileges.approve({ id: his, by: ada, client: office, note: '' });
    await assert.rejects(
      house.privileges.takeUp({ id: his, by: { ...plain, sessionId: 'another' }, client: office }),
      coded('privilege_elsewhere'),
      'without a key it is for the session',
    );
  });

  story(
    'a grant ends with its session, its holder, their role, a risk that jumps, and whoever approved it',
    async (house) => {
      const ada = house.moveIn('Ada', ['admin'], 'key-a');
      const ends: [string, (holder: Principal) => void][] = [
        ['session_ended', ({ sessionId = '' }) => void house.sessions.delete(sessionId)],
        [
          'session_ended',
          ({ sessionId = '' }) =>
            house.sessions.set(sessionId, { ...(house.sessions.get(sessionId) ?? fail()), userId: 'x' }),
        ],
        [
          'device_changed',
          ({ sessionId = '' }) =>
            house.sessions.set(sessionId, { ...(house.sessions.get(sessionId) ?? fail()), browserKey: 'new' }),
        ],
        [
          'requester_changed',
          ({ id, name }) => void house.people.set(id, { id, name, roles: ['viewer'], isActive: false }),
        ],
        ['requester_changed', ({ id, name }) => void house.people.set(id, { id, name, roles: [], isActive: true })],
        ['risk', ({ id }) => void house.risks.set(id, { value: 90, isFresh: true, reasons: [] })],
        [
          'approver_changed',
          () => void house.people.set('ada', { id: 'ada', name: 'Ada', roles: ['admin'], isActive: false }),
        ],
      ];
      for (const [index, [because, happen]] of ends.entries()) {
        house.moveIn('Ada', ['admin'], 'key-a');
        const holder = house.moveIn(`Vera${index}`, ['viewer'], `key-${index}`);
        const id = await grant(house, holder, ada);
        await house.privileges.sweep();
        assert.deepEqual(house.rolesOf(holder), ['analyst'], because);
        happen(holder);
        await house.privileges.sweep();
        assert.deepEqual(house.rolesOf(holder), [], because);
        const shown = await house.privileges.get(id, { ...ada, scopes: ['users:read'] });
        assert.equal(shown.request.endedBecause, because);
      }
    },
  );

  story('an approver who is gone before it is taken up counts for nothing', async (house) => {
    const [ada, vera] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Vera', ['viewer'], 'key-v')];
    const id = await askFor(house, vera, 'analyst');
    await house.privileges.approve({ id, by: ada, client: office, note: '' });
    house.people.set('ada', { id: 'ada', name: 'Ada', roles: ['viewer'], isActive: true });
    await assert.rejects(house.privileges.takeUp({ id, by: vera, client: office }), coded('privilege_over'));
    assert.equal(await stateOf(house, id, vera), 'pending');
    assert.deepEqual(house.rolesOf(vera), []);
    const ben = house.moveIn('Ben', ['admin'], 'key-b');
    await house.privileges.approve({ id, by: ben, client: office, note: '' });
    await house.privileges.takeUp({ id, by: vera, client: office });
    assert.deepEqual(house.rolesOf(vera), ['analyst']);
  });

  story('it is given back, revoked by an approver or whoever manages people, and by nobody else', async (house) => {
    const [ada, vera, paul] = [
      house.moveIn('Ada', ['admin'], 'key-a'),
      house.moveIn('Vera', ['viewer'], 'key-v'),
      house.moveIn('Paul', ['viewer'], 'key-p'),
    ];
    const first = await grant(house, vera, ada);
    await assert.rejects(house.privileges.end({ id: first, by: paul, note: '' }), coded('privilege_not_found'));
    await house.privileges.end({ id: first, by: vera, note: 'done' });
    assert.deepEqual(house.rolesOf(vera), []);
    await assert.rejects(house.privileges.end({ id: first, by: ada, note: '' }), coded('privilege_over'));
    const second = await grant(house, vera, ada);
    await house.privileges.end({ id: second, by: { ...ada, kind: 'operator', scopes: ['users:manage'] }, note: '' });
    assert.equal((await house.privileges.get(second, vera)).request.endedBecause, 'revoked');
  });

  story('a request is over after a day, also during an approval, and so many can be open', async (house) => {
    const [ada, vera] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Vera', ['viewer'], 'key-v')];
    const id = await askFor(house, vera, 'analyst');
    house.clock.advance(24 * hour);
    await assert.rejects(house.privileges.approve({ id, by: ada, client: office, note: '' }), coded('privilege_over'));
    assert.equal(await stateOf(house, id, vera), 'expired');
    const late = await askFor(house, vera, 'analyst');
    await house.privileges.approve({ id: late, by: ada, client: office, note: '' });
    house.clock.advance(24 * hour);
    await assert.rejects(house.privileges.takeUp({ id: late, by: vera, client: office }), coded('privilege_over'));
    for (let open = 0; open < 5; open += 1) await askFor(house, vera, 'analyst');
    await assert.rejects(askFor(house, vera, 'analyst'), coded('privileges_exhausted'));
    const flood = await Promise.allSettled(
      Array.from({ length: 20 }, () => askFor(house, house.moveIn('Paul', ['viewer']), 'guard')),
    );
    assert.equal(flood.filter(({ status }) => status === 'fulfilled').length, 5);
    for (let rounds = 0; rounds < 4; rounds += 1) {
      for (const { request } of await house.privileges.list({ view: 'mine', by: vera }))
        if (request.state === 'pending') await house.privileges.withdraw({ id: request.id, by: vera });
      for (let open = 0; open < 5; open += 1) await askFor(house, vera, 'analyst').catch(() => undefined);
    }
    await assert.rejects(askFor(house, vera, 'analyst'), coded('privileges_exhausted'));
    const mine = await house.privileges.list({ view: 'mine', by: vera });
    assert.equal(mine.filter(({ request }) => house.clock.nowMs() - request.createdAtMs < 24 * hour).length, 20);
  });

  story('others’ requests are not there for those who have no business with them', async (house) => {
    const [ada, vera, paul] = [
      house.moveIn('Ada', ['admin'], 'key-a'),
      house.moveIn('Vera', ['viewer'], 'key-v'),
      house.moveIn('Paul', ['guard'], 'key-p'),
    ];
    const id = await askFor(house, vera, 'analyst');
    for (const work of [
      () => house.privileges.get(id, paul),
      () => house.privileges.approve({ id, by: paul, client: office, note: '' }),
      () => house.privileges.deny({ id, by: paul, client: office, note: '' }),
      () => house.privileges.withdraw({ id, by: paul }),
      () => house.privileges.withdraw({ id, by: ada }),
      () => house.privileges.takeUp({ id, by: ada, client: office }),
      () => house.privileges.end({ id, by: paul, note: '' }),
      () => house.privileges.review({ id, by: paul, client: office, verdict: 'proper', note: 'fine' }),
    ])
      await assert.rejects(work(), coded('privilege_not_found'));
    assert.deepEqual(await house.privileges.list({ view: 'all', by: paul }), []);
    assert.deepEqual(await house.privileges.list({ view: 'inbox', by: paul }), []);
    assert.equal((await house.privileges.list({ view: 'inbox', by: ada })).length, 1);
    assert.equal((await house.privileges.list({ view: 'mine', by: { ...paul, id: 'vera', kind: 'key' } })).length, 0);
  });

  story('a reason is words: not empty, not longer than it may be read, nothing that misleads', async (house) => {
    const vera = house.moveIn('Vera', ['viewer'], 'key-v');
    const askWith = (text: string): Promise<string> =>
      house.privileges.ask({ by: vera, client: office, role: 'analyst', minutes: 15, reason: text });
    for (const text of ['  ', '\u202Eesrever ni', 'a\u0000b', 'ends\u2066here', 'line\u2028break', '\u001B[2Jgone'])
      await assert.rejects(askWith(text), coded('privilege_invalid'), JSON.stringify(text));
    const hostile = '<img src=x onerror=alert(1)> "; drop table privilege_requests; -- 🏰\nnext line';
    const id = await askWith(hostile);
    assert.equal(
      (await house.privileges.get(id, vera)).request.said.reason,
      hostile,
      'kept as it is, for whoever shows it',
    );
    await assert.rejects(
      house.privileges.ask({ by: vera, client: office, role: 'analyst', minutes: 241, reason }),
      coded('privilege_invalid'),
    );
    await assert.rejects(
      house.privileges.ask({ by: vera, client: office, role: 'admin', minutes: 15, reason }),
      coded('privilege_not_requestable'),
    );
    await assert.rejects(
      house.privileges.ask({ by: vera, client: office, role: 'nobody', minutes: 15, reason }),
      coded('privilege_not_requestable'),
    );
  });

  story(
    'what nobody may hold together is neither asked for nor given, and what is held so is listed',
    async (house) => {
      const ada = house.moveIn('Ada', ['admin'], 'key-a');
      const { revision, settings } = await house.privileges.settings();
      const roles = settings.roles.map((rule) =>
        rule.role === 'analyst' ? { ...rule, requestableBy: ['auditor', 'viewer'] } : rule,
      );
      await house.privileges.changeSettings({ revision, settings: { ...settings, roles }, by: ada });
      const olga = house.moveIn('Olga', ['auditor'], 'key-o');
      await assert.rejects(askFor(house, olga, 'analyst'), coded('privilege_separated'));
      const vera = house.moveIn('Vera', ['viewer'], 'key-v');
      const id = await askFor(house, vera, 'analyst');
      await house.privileges.approve({ id, by: ada, client: office, note: '' });
      house.people.set('vera', { id: 'vera', name: 'Vera', roles: ['viewer', 'auditor'], isActive: true });
      await assert.rejects(house.privileges.takeUp({ id, by: vera, client: office }), coded('privilege_separated'));
      await assert.rejects(
        house.privileges.refuseTogether({ id: 'p', name: 'Paul' }, ['auditor', 'admin']),
        coded('privilege_separated'),
      );
      await house.privileges.refuseTogether({ id: 'p', name: 'Paul' }, ['admin']);
      house.moveIn('Both', ['auditor', 'analyst'], 'key-x');
      const broken = (await house.privileges.violations()).map(
        ({ person, violation }) => `${person.name}: ${violation.rule.id}`,
      );
      assert.deepEqual(broken, ['Both: audit-and-investigation', 'Both: audit-and-response']);
    },
  );

  story('rules that let too few decide are refused', async (house) => {
    const ada = house.moveIn('Ada', ['admin'], 'key-a');
    const { revision, settings } = await house.privileges.settings();
    const change = (roles: Partial<(typeof settings.roles)[number]>, at = revision) =>
      house.privileges.changeSettings({
        revision: at,
        settings: {
          ...settings,
          roles: settings.roles.map((rule) => (rule.role === 'admin' ? { ...rule, ...roles } : rule)),
        },
        by: ada,
      });
    for (const wrong of [
      { approvals: 1 },
      { approvers: [] },
      { maxMinutes: 721 },
      { requestableBy: ['nobody'] },
      { role: 'guard' },
    ] as const)
      await assert.rejects(change(wrong), coded('privilege_rules_invalid'), JSON.stringify(wrong));
    await change({ maxMinutes: 30 });
    await assert.rejects(change({ maxMinutes: 45 }), coded('privilege_rules_changed_meanwhile'));
    assert.deepEqual(house.actions(), ['privilege.rules']);
  });

  story('what was done with a grant is reviewed by somebody else, once, and missed when it is not', async (house) => {
    const [ada, vera] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Vera', ['viewer'], 'key-v')];
    const id = await grant(house, vera, ada);
    await house.privileges.end({ id, by: vera, note: '' });
    const review = (by: Principal): Promise<void> =>
      house.privileges.review({ id, by, client: office, verdict: 'proper', note: 'as asked for' });
    await assert.rejects(review(vera), coded('privilege_own'));
    house.clock.advance(73 * hour);
    await house.privileges.remind();
    await house.privileges.remind();
    assert.equal(house.actions().filter((action) => action === 'privilege.review-overdue').length, 1, 'once a day');
    house.clock.advance(24 * hour);
    await house.privileges.remind();
    assert.equal(house.actions().filter((action) => action === 'privilege.review-overdue').length, 2);
    assert.equal((await house.privileges.overdue()).length, 1);
    await review(ada);
    await assert.rejects(review(house.moveIn('Ben', ['admin'], 'key-b')), coded('privilege_decided'));
    assert.deepEqual(await house.privileges.overdue(), []);
    const shown = await house.privileges.get(id, vera);
    assert.ok((shown.request.decisions.at(-1)?.looked?.entries ?? 0) >= 4);
  });
});

function fail(): never {
  throw new Error('Cannot find the session');
}
