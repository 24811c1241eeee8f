import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { office, openPrivilegeHouse } from './privileges.fixture.ts';
import type { PrivilegeHouse } from './privileges.fixture.ts';

const reason = 'Change 4711';
const coded = (code: string): { code: string } => ({ code });
const dayMs = 86_400_000;

async function askFor({ privileges }: PrivilegeHouse, by: Principal, role: string, minutes = 60): Promise<string> {
  return privileges.ask({ by, client: office, role, minutes, reason });
}
async function grant(house: PrivilegeHouse, by: Principal, approver: Principal, role = 'analyst'): Promise<string> {
  const id = await askFor(house, by, role);
  await house.privileges.approve({ id, by: approver, client: office, note: '' });
  await house.privileges.takeUp({ id, by, client: office });
  return id;
}

/** The ledger answers when it is told to. */
function slow(house: PrivilegeHouse): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  const usual = house.ledger.flushed;
  house.ledger.flushed = () => promise;
  return () => {
    house.ledger.flushed = usual;
    resolve();
  };
}

forEachDatabase((name, open) => {
  test(`what is ended while the ledger is slow to tell that it began is not held on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const [ada, vera] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Vera', ['viewer'], 'key-v')];
    const id = await askFor(house, vera, 'analyst');
    await house.privileges.approve({ id, by: ada, client: office, note: '' });
    const answer = slow(house);
    const taking = house.privileges.takeUp({ id, by: vera, client: office });
    const refused = assert.rejects(taking, coded('privilege_over'));
    while ((await house.privileges.get(id, ada)).state !== 'active') assert.deepEqual(house.rolesOf(vera), []);
    const ending = house.privileges.end({ id, by: ada, note: 'not now' });
    while ((await house.privileges.get(id, ada)).state !== 'ended') assert.deepEqual(house.rolesOf(vera), []);
    answer();
    await Promise.all([refused, ending]);
    assert.deepEqual(house.rolesOf(vera), []);
    assert.ok(house.suspended.at(-1)?.allowed.includes('events:read'), 'keys that her own role allows go on');
  });

  test(`a flood of requests makes nothing forgotten that wants a review on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const ada = house.moveIn('Ada', ['admin'], 'key-a');
    const vera = house.moveIn('Vera', ['viewer'], 'key-v');
    const id = await grant(house, vera, ada);
    await house.privileges.end({ id, by: vera, note: '' });
    await house.forget(0);
    assert.equal((await house.privileges.get(id, ada)).needsReview, true);
    const inbox = await house.privileges.list({ view: 'inbox', by: ada });
    assert.deepEqual(
      inbox.map(({ request }) => request.id),
      [id],
    );
    house.clock.advance(4 * dayMs);
    assert.equal((await house.privileges.overdue()).length, 1);
    await house.privileges.review({ id, by: ada, client: office, verdict: 'proper', note: 'as asked' });
    assert.equal((await house.privileges.overdue()).length, 0);
    assert.deepEqual(await house.privileges.list({ view: 'inbox', by: ada }), []);
    await house.forget(0);
    await assert.rejects(house.privileges.get(id, ada), coded('privilege_not_found'));
  });
});

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('a role that takes more approvals by now, or is for a shorter time, is not taken up and does not go on', async () => {
    const house = await openPrivilegeHouse(open);
    const [ada, ben] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Ben', ['admin'], 'key-b')];
    const [vera, olaf] = [house.moveIn('Vera', ['viewer'], 'key-v'), house.moveIn('Olaf', ['viewer'], 'key-o')];
    const held = await grant(house, vera, ada);
    const approved = await askFor(house, olaf, 'analyst');
    await house.privileges.approve({ id: approved, by: ada, client: office, note: '' });
    const change = async (rule: { approvals?: 1 | 2; maxMinutes?: number }): Promise<void> => {
      const { revision, settings } = await house.privileges.settings();
      const roles = settings.roles.map((one) => (one.role === 'analyst' ? { ...one, ...rule } : one));
      await house.privileges.changeSettings({ revision, settings: { ...settings, roles }, by: ada });
    };
    await change({ approvals: 2 });
    await assert.rejects(house.privileges.takeUp({ id: approved, by: olaf, client: office }), coded('privilege_over'));
    const waiting = await house.privileges.get(approved, ada);
    assert.deepEqual([waiting.state, waiting.request.needed], ['pending', 2]);
    await house.privileges.sweep();
    assert.equal((await house.privileges.get(held, ada)).request.endedBecause, 'rules_changed');
    await house.privileges.approve({ id: approved, by: ben, client: office, note: '' });
    await change({ maxMinutes: 30 });
    await assert.rejects(
      house.privileges.takeUp({ id: approved, by: olaf, client: office }),
      coded('privilege_not_requestable'),
    );
    await change({ maxMinutes: 60 });
    await house.privileges.takeUp({ id: approved, by: olaf, client: office });
    await change({ maxMinutes: 15 });
    house.clock.advance(15 * 60_000);
    await house.privileges.sweep();
    assert.deepEqual(house.rolesOf(olaf), []);
  });

  test('a grant that cannot be looked at keeps no other from ending', async () => {
    const house = await openPrivilegeHouse(open);
    const ada = house.moveIn('Ada', ['admin'], 'key-a');
    const [vera, olaf] = [house.moveIn('Vera', ['viewer'], 'key-v'), house.moveIn('Olaf', ['viewer'], 'key-o')];
    await grant(house, vera, ada);
    const other = await grant(house, olaf, ada);
    house.sessions.delete(olaf.sessionId ?? '');
    house.risks.set('vera', undefined);
    const broken: Map<string, unknown> = house.risks;
    broken.set('vera', {
      get isFresh(): boolean {
        throw new Error('the store of risks is damaged');
      },
    });
    await assert.rejects(house.privileges.sweep(), /Cannot end grants/);
    assert.equal((await house.privileges.get(other, ada)).state, 'ended');
  });

  test('words that mislead are refused, and taken out where nobody may be kept out', async () => {
    const house = await openPrivilegeHouse(open);
    const [ada, vera] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Vera', ['viewer'], 'key-v')];
    const { breakGlass } = house.privileges;
    const id = await askFor(house, vera, 'analyst');
    for (const sign of ['\u202E', '\u200B', '\u0007', '\u2066', '\u{E0041}', '\u00AD']) {
      const note = `fi${sign}ne`;
      const invalid = coded('privilege_invalid');
      await assert.rejects(house.privileges.approve({ id, by: ada, client: office, note }), invalid);
      await assert.rejects(house.privileges.end({ id, by: ada, note }), invalid);
      await assert.rejects(
        house.privileges.ask({ by: vera, client: office, role: 'guard', minutes: 15, reason: note }),
        invalid,
      );
      await assert.rejects(breakGlass.prepare({ label: note, by: ada }), invalid);
    }
    await assert.rejects(breakGlass.prepare({ label: '  ', by: ada }), coded('privilege_invalid'));
    const { codes } = await breakGlass.prepare({ label: 'safe', by: ada });
    await breakGlass.open({ ...codes, person: 'Gr\u202Eace', reason: 'No\u200B provider', client: office });
    const event = house.events.find(({ event: one }) => one['message'] === 'break-glass.open');
    assert.match(JSON.stringify(event), /"person":"Grace","reason":"No provider"/);
  });

  test('who opened an account does not review it in the same browser, and sealed codes are not made with borrowed rights', async () => {
    const house = await openPrivilegeHouse(open);
    const [ada, ben] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Ben', ['admin'], 'key-b')];
    const { breakGlass } = house.privileges;
    const { id: account, codes } = await breakGlass.prepare({ label: 'safe', by: ada });
    const borrowed = { ...ada, grantIds: ['a grant'] };
    for (const made of [
      () => breakGlass.prepare({ label: 'another', by: borrowed }),
      () => breakGlass.seal({ id: account, by: borrowed }),
      () => breakGlass.drill({ id: account, by: borrowed, client: office, ...codes }),
    ])
      await assert.rejects(made(), coded('break_glass_borrowed'));
    const { grantId: id } = await breakGlass.open({
      ...codes,
      person: 'Ada',
      reason: 'No provider',
      client: { ...office, keyProof: 'key-a' },
    });
    await house.privileges.end({ id, by: ben, note: '' });
    const review = { id, client: office, verdict: 'proper', note: 'fine' } as const;
    await assert.rejects(house.privileges.review({ ...review, by: ada }), coded('privilege_own'));
    await house.privileges.review({ ...review, by: ben });
  });

  test('right codes of a disabled account open nothing, say nothing and are told of', async () => {
    const house = await openPrivilegeHouse(open);
    const ada = house.moveIn('Ada', ['admin'], 'key-a');
    const { breakGlass } = house.privileges;
    const { id, codes } = await breakGlass.prepare({ label: 'safe', by: ada });
    const userId = (await breakGlass.list())[0]?.userId ?? '';
    const person = house.people.get(userId);
    assert.ok(person);
    house.people.set(userId, { ...person, isActive: false });
    const said = { person: 'Grace', reason: 'No provider', client: office };
    await assert.rejects(breakGlass.open({ ...codes, ...said }), coded('break_glass_refused'));
    const told = JSON.stringify(house.events.at(-1));
    assert.match(told, /break-glass\.refused/);
    assert.ok(told.includes(id) && told.includes('"codes_right":true'));
    assert.deepEqual(house.privileges.active(), []);
    house.people.set(userId, person);
    await breakGlass.open({ ...codes, ...said });
  });

  test('roles at a site count for what nobody may hold together', async () => {
    const house = await openPrivilegeHouse(open);
    const olaf = house.moveIn('Olaf', ['viewer'], 'key-o');
    house.people.set('olaf', { id: 'olaf', name: 'Olaf', roles: ['viewer'], rolesAnywhere: ['guard'], isActive: true });
    await assert.rejects(askFor(house, olaf, 'auditor'), coded('privilege_separated'));
    house.people.set('olaf', {
      id: 'olaf',
      name: 'Olaf',
      roles: ['auditor'],
      rolesAnywhere: ['guard'],
      isActive: true,
    });
    assert.equal((await house.privileges.violations()).length, 1);
  });
});
