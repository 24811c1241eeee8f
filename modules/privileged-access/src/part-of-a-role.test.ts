import assert from 'node:assert/strict';
import { test } from 'node:test';
import { siteActions } from '@sallyport/access-policy';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { office, openPrivilegeHouse, policy } from './privileges.fixture.ts';
import type { PrivilegeHouse } from './privileges.fixture.ts';

const coded = (code: string): { code: string } => ({ code });
type Wanted = { readonly role: string; readonly site?: string; readonly actions?: readonly string[] };

const askFor = ({ privileges }: PrivilegeHouse, by: Principal, wanted: Wanted): Promise<string> =>
  privileges.ask({ by, client: office, minutes: 60, reason: 'Change 4711', ...wanted });

async function grant(house: PrivilegeHouse, by: Principal, approver: Principal, wanted: Wanted): Promise<string> {
  const id = await askFor(house, by, wanted);
  await house.privileges.approve({ id, by: approver, client: office, note: '' });
  await house.privileges.takeUp({ id, by, client: office });
  return id;
}

/** As identity puts a session together with what it holds for now. */
function nowOf(house: PrivilegeHouse, by: Principal): Principal {
  const { id: userId, sessionId = '', browserKey } = by;
  const held = house.privileges.rolesOf({ userId, sessionId, ...(browserKey === undefined ? {} : { browserKey }) });
  return {
    ...by,
    grantedRoles: held.map(({ role, site, actions }) => ({ role, ...(site && { site }), ...(actions && { actions }) })),
  };
}

const at = (site: string) => ({ kind: 'camera', id: 'c', site }) as const;
function may(principal: Principal, action: string, site?: string): boolean {
  const resource = site === undefined ? undefined : at(site);
  return policy.decide({
    principal,
    action,
    resource,
    risk: { value: 0, isFresh: true },
    context: { channel: 'network' },
  }).allowed;
}

forEachDatabase((name, open) => {
  test(`a role for one site is shown, approved, held and reviewed as that, on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const [ada, vera] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Vera', ['viewer'], 'key-v')];
    const [whole, there] = [await house.privileges.options(vera), await house.privileges.options(vera, 'North gate')];
    const brings = (options: typeof whole): readonly string[] =>
      options.find(({ role }) => role === 'analyst')?.adds ?? [];
    assert.ok(brings(whole).includes('rules:write') && !brings(there).includes('rules:write'));
    assert.ok(brings(there).every((action) => siteActions.some((one) => one === action)));

    const id = await askFor(house, vera, { role: 'analyst', site: 'North gate ' });
    const seen = await house.privileges.get(id, ada);
    assert.deepEqual([seen.request.site, seen.request.actions], ['North gate', undefined]);
    assert.deepEqual(seen.request.said.adds, brings(there));
    await house.privileges.approve({ id, by: ada, client: office, note: '' });
    await house.privileges.takeUp({ id, by: vera, client: office });
    const now = nowOf(house, vera);
    assert.deepEqual(
      [may(now, 'cameras:export', 'North gate'), may(now, 'cameras:export', 'South'), may(now, 'cameras:export')],
      [true, false, false],
    );
    assert.deepEqual([may(now, 'rules:write'), may(now, 'events:read')], [false, true]);
    const held = [];
    for await (const one of house.privileges.holdings())
      if (one.grantId === id) held.push([one.role, one.site, one.through]);
    assert.deepEqual(held, [['analyst', 'North gate', 'grant']]);
    // After kill -9 it is the same part, and no more.
    const again = await house.restart();
    assert.deepEqual(nowOf(again, vera).grantedRoles, [{ role: 'analyst', site: 'North gate' }]);
    await again.privileges.end({ id, by: vera, note: '' });
    await again.privileges.review({ id, by: ada, client: office, verdict: 'proper', note: 'as asked' });
    const told = house.events.filter(({ event }) => JSON.stringify(event).includes(id));
    for (const { event } of told) assert.match(JSON.stringify(event), /"site":"North gate"/, String(event['message']));
  });

  test(`single actions are held alone, at a site or everywhere, on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const [ada, vera] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Vera', ['viewer'], 'key-v')];
    await grant(house, vera, ada, { role: 'analyst', actions: ['rules:read', 'rules:read'] });
    await grant(house, vera, ada, { role: 'guard', site: 'North', actions: ['cameras:read'] });
    const now = nowOf(house, vera);
    assert.deepEqual(
      policy.permissionsOf(now).filter((action) => !vera.scopes.includes(action)),
      ['rules:read'],
    );
    assert.deepEqual([may(now, 'cameras:read', 'North'), may(now, 'cameras:read', 'South')], [true, false]);
    assert.deepEqual([may(now, 'devices:command', 'North'), may(now, 'rules:write')], [false, false]);
    for (const actions of [[], ['users:manage'], ['no:such'], ['events:read'], ['cameras:read', 'keys:manage']])
      await assert.rejects(
        askFor(house, vera, { role: 'guard', actions }),
        coded('privilege_invalid'),
        String(actions),
      );
    // What is about no site cannot be held at one.
    const rules = { role: 'analyst', site: 'North', actions: ['rules:write'] };
    await assert.rejects(askFor(house, vera, rules), coded('privilege_invalid'));
    for (const site of ['', ' ', 'a\nb', 'x'.repeat(61)])
      await assert.rejects(askFor(house, vera, { role: 'guard', site }), coded('privilege_invalid'));
  });

  test(`an approval is for what was asked: rows changed by hand give nothing, on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const [ada, vera] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Vera', ['viewer'], 'key-v')];
    const [one, other] = [
      await askFor(house, vera, { role: 'guard', site: 'North' }),
      await askFor(house, vera, { role: 'analyst' }),
    ];
    for (const id of [one, other]) await house.privileges.approve({ id, by: ada, client: office, note: '' });
    // Another role, more time, or what was said of another request.
    await house.change(one, { role: 'analyst' });
    assert.equal((await house.privileges.get(one, ada)).state, 'withdrawn');
    await assert.rejects(house.privileges.takeUp({ id: one, by: vera, client: office }), coded('privilege_over'));
    await house.change(other, { minutes: 120 });
    await assert.rejects(house.privileges.takeUp({ id: other, by: vera, client: office }), coded('privilege_over'));
    await house.change(other, { minutes: 60, kind: 'break-glass' });
    assert.equal((await house.privileges.get(other, ada)).state, 'withdrawn');
    await house.change(other, { kind: 'request', requester: ada.id });
    assert.equal((await house.privileges.get(other, ada)).state, 'withdrawn');
    await house.change(other, { requester: vera.id });
    await house.change(one, { role: 'guard', sealedOf: other });
    await assert.rejects(house.privileges.takeUp({ id: one, by: vera, client: office }), coded('privilege_over'));
    assert.deepEqual(nowOf(house, vera).grantedRoles, []);
  });
});

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('a right at a site does not ask for another, approves nothing, and is no way to the whole role', async () => {
    const house = await openPrivilegeHouse(open);
    const [ada, ben] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Ben', ['admin'], 'key-b')];
    const [vera, olaf] = [house.moveIn('Vera', ['viewer'], 'key-v'), house.moveIn('Olaf', ['viewer'], 'key-o')];
    await grant(house, vera, ada, { role: 'analyst', site: 'North' });
    // An analyst may ask to be administrator: whoever is one for now, at a site, may not.
    await assert.rejects(askFor(house, vera, { role: 'admin' }), coded('privilege_not_requestable'));
    await assert.rejects(askFor(house, vera, { role: 'admin', site: 'North' }), coded('privilege_not_requestable'));
    const asked = await askFor(house, olaf, { role: 'guard', site: 'North' });
    await assert.rejects(
      house.privileges.approve({ id: asked, by: nowOf(house, vera), client: office, note: '' }),
      coded('privilege_not_found'),
    );
    // The same part again brings nothing; the whole role is another question, for other people to answer.
    await grant(house, olaf, ben, { role: 'analyst', site: 'North' });
    const whole = await askFor(house, olaf, { role: 'analyst' });
    await assert.rejects(house.privileges.takeUp({ id: whole, by: olaf, client: office }), coded('privilege_over'));
    assert.equal(may(nowOf(house, olaf), 'rules:write'), false);
  });

  test('whoever holds a role at a site asks for rights there, and nowhere else; only roles held everywhere approve', async () => {
    const house = await openPrivilegeHouse(open);
    house.moveIn('Ada', ['admin'], 'key-a');
    const gus = house.moveIn('Gus', [], 'key-g');
    const ann = house.moveIn('Ann', [], 'key-n');
    const [guard, admin] = [house.people.get('gus'), house.people.get('ann')];
    assert.ok(guard && admin);
    house.people.set('gus', { ...guard, siteRoles: [{ role: 'guard', site: 'North' }], rolesAnywhere: ['guard'] });
    house.people.set('ann', { ...admin, siteRoles: [{ role: 'admin', site: 'North' }], rolesAnywhere: ['admin'] });
    assert.deepEqual(await house.privileges.options(gus), []);
    assert.deepEqual(
      (await house.privileges.options(gus, 'North')).map(({ role }) => role),
      ['analyst'],
    );
    await assert.rejects(askFor(house, gus, { role: 'analyst' }), coded('privilege_not_requestable'));
    await assert.rejects(askFor(house, gus, { role: 'analyst', site: 'South' }), coded('privilege_not_requestable'));
    const id = await askFor(house, gus, { role: 'analyst', site: 'North' });
    await assert.rejects(
      house.privileges.approve({ id, by: ann, client: office, note: '' }),
      coded('privilege_not_found'),
    );
  });

  test('what is narrower than a grave role takes as many people as its rule says, and no fewer', async () => {
    const house = await openPrivilegeHouse(open);
    const nina = house.moveIn('Nina', ['analyst'], 'key-n');
    const needed = async (wanted: Wanted): Promise<number> =>
      (await house.privileges.get(await askFor(house, nina, wanted), nina)).request.needed;
    assert.equal(await needed({ role: 'admin', actions: ['keys:manage'] }), 2);
    assert.equal(await needed({ role: 'admin', actions: ['devices:manage'], site: 'North' }), 2);
    const { revision, settings } = await house.privileges.settings();
    const ada = house.moveIn('Ada', ['admin'], 'key-a');
    const roles = settings.roles.map((rule) => (rule.role === 'guard' ? { ...rule, approvals: 1 as const } : rule));
    await house.privileges.changeSettings({ revision, settings: { ...settings, roles }, by: ada });
    const vera = house.moveIn('Vera', ['viewer'], 'key-v');
    const id = await askFor(house, vera, { role: 'guard', actions: ['cameras:read'] });
    assert.equal((await house.privileges.get(id, vera)).request.needed, 1);
  });

  test('whoever loses the role they asked with loses the part they hold', async () => {
    const house = await openPrivilegeHouse(open);
    const [ada, vera] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Vera', ['viewer'], 'key-v')];
    const id = await grant(house, vera, ada, { role: 'analyst', site: 'North', actions: ['cameras:export'] });
    const person = house.people.get('vera');
    assert.ok(person);
    house.people.set('vera', { ...person, roles: [] });
    await house.privileges.sweep();
    assert.equal((await house.privileges.get(id, ada)).request.endedBecause, 'requester_changed');
    assert.deepEqual(nowOf(house, vera).grantedRoles, []);
  });
});

forEachDatabase((name, open) => {
  test(`withdrawn and approved, or ended, by two servers at the same moment: one of them wins, on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const other = await house.beside();
    const [ada, vera] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Vera', ['viewer'], 'key-v')];
    for (let round = 0; round < 12; round += 1) {
      const id = await askFor(house, vera, { role: 'analyst' });
      const [approved, withdrawn] = await Promise.allSettled(
        round % 2 === 0
          ? [
              house.privileges.approve({ id, by: ada, client: office, note: '' }),
              other.privileges.withdraw({ id, by: vera }),
            ]
          : [
              other.privileges.approve({ id, by: ada, client: office, note: '' }),
              house.privileges.withdraw({ id, by: vera }),
            ],
      );
      // An approved request can be withdrawn; a withdrawn one cannot be approved. Either way it is over, and said so once.
      assert.equal(withdrawn.status, 'fulfilled');
      assert.equal((await house.privileges.get(id, vera)).state, 'withdrawn');
      const told = house.events
        .filter(({ event }) => JSON.stringify(event).includes(id))
        .map(({ event }) => event['message']);
      const expected =
        approved.status === 'fulfilled' ? ['privilege.approve', 'privilege.withdraw'] : ['privilege.withdraw'];
      assert.deepEqual(told.slice(1), expected);
      await assert.rejects(house.privileges.takeUp({ id, by: vera, client: office }), coded('privilege_over'));
      house.clock.advance(2 * 3_600_000);
      other.clock.advance(2 * 3_600_000);
    }
    const id = await askFor(house, vera, { role: 'analyst' });
    await house.privileges.approve({ id, by: ada, client: office, note: '' });
    // Taken up here, withdrawn there: exactly one of them.
    const [taken, gone] = await Promise.allSettled([
      house.privileges.takeUp({ id, by: vera, client: office }),
      other.privileges.withdraw({ id, by: vera }),
    ]);
    assert.notEqual(taken.status, gone.status);
    const state = (await other.privileges.get(id, vera)).state;
    assert.equal(state, taken.status === 'fulfilled' ? 'active' : 'withdrawn');
  });

  test(`two people who approve at two servers at the same moment are two, and a grant ended at one ends at the other, on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const other = await house.beside();
    const [ada, ben] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Ben', ['admin'], 'key-b')];
    const nina = house.moveIn('Nina', ['analyst'], 'key-n');
    const id = await askFor(house, nina, { role: 'admin' });
    await Promise.all([
      house.privileges.approve({ id, by: ada, client: office, note: '' }),
      other.privileges.approve({ id, by: ben, client: office, note: '' }),
    ]);
    assert.equal((await house.privileges.get(id, nina)).state, 'approved');
    await house.privileges.takeUp({ id, by: nina, client: office });
    assert.deepEqual(house.rolesOf(nina), ['admin']);
    await other.privileges.end({ id, by: ada, note: 'enough' });
    await house.privileges.sweep();
    assert.deepEqual(house.rolesOf(nina), []);
    const ends = house.actions().filter((action) => action === 'privilege.end');
    assert.equal(ends.length, 1);
  });
});
