import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { abroad, office, openPrivilegeHouse } from './privileges.fixture.ts';
import { hashOfCode, newSealedCode, readSealedCode } from './sealed-codes.ts';
import type { CodeKind } from './sealed-codes.ts';

const hour = 3_600_000;
const refused = { code: 'break_glass_refused' };
const who = { person: 'Grace', reason: 'The provider is down', client: abroad };

forEachDatabase((name, open) => {
  test(`both sealed codes open an account once, with everything, for an hour, under an alarm and a review on ${name}`, async () => {
    const house = await openPrivilegeHouse(open);
    const [ada, ben] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Ben', ['admin'], 'key-b')];
    const { breakGlass } = house.privileges;
    const { id, codes } = await breakGlass.prepare({ label: 'vault room', by: ada });
    const other = await breakGlass.prepare({ label: 'safe', by: ada });
    const stored = JSON.stringify(await breakGlass.list());
    for (const code of [codes.first, codes.second]) assert.ok(!stored.includes(code.replaceAll('-', '')));

    for (const wrong of [
      { first: codes.first, second: codes.first },
      { first: codes.first, second: other.codes.second },
      { first: codes.first, second: '' },
      { first: '', second: '' },
      { first: codes.second.replace(/.$/, 'A'), second: codes.first },
    ])
      if (wrong.first !== codes.second) await assert.rejects(breakGlass.open({ ...wrong, ...who }), refused);
    assert.ok(house.actions().filter((action) => action === 'break-glass.refused').length >= 3);

    // However they are typed, in either order, and by many at once: once.
    const typed = { first: ` ${codes.second.toLowerCase()} `, second: codes.first.replaceAll('-', ' '), ...who };
    const opened = await Promise.allSettled([1, 2, 3].map(() => breakGlass.open(typed)));
    assert.equal(opened.filter(({ status }) => status === 'fulfilled').length, 1);
    const [grant] = house.privileges.active();
    const account = (await breakGlass.list()).find((one) => one.id === id);
    const by = { userId: account?.userId ?? '', sessionId: grant?.request.sessionId ?? '' };
    assert.deepEqual(house.privileges.rolesOf(by), [{ role: 'admin', grantId: grant?.request.id, isProof: true }]);
    assert.deepEqual(house.privileges.rolesOf({ ...by, sessionId: 'another' }), []);
    assert.deepEqual(house.privileges.heldBy(by.userId), house.privileges.rolesOf(by));
    const event = house.events.find(({ event: one }) => one['message'] === 'break-glass.open');
    assert.match(JSON.stringify(event), /Grace.*The provider is down|The provider is down.*Grace/);

    // A risk, or a provider that is gone, ends nothing; the hour does, also over a restart with the clock set back.
    house.risks.set(by.userId, { value: 100, isFresh: false, reasons: [] });
    await house.privileges.sweep();
    house.clock.advance(hour / 2);
    await house.privileges.sweep();
    const again = await house.restart(house.clock.nowMs() - 10 * hour);
    assert.equal(again.privileges.rolesOf(by).length, 1);
    again.clock.advance(hour / 2);
    assert.deepEqual([again.privileges.rolesOf(by), again.privileges.heldBy(by.userId)], [[], []]);
    await again.privileges.sweep();
    assert.equal(
      again.suspended.at(-1)?.allowed.length,
      again.suspended.at(-1)?.allowed.filter((one) => one === 'sessions:own').length,
    );

    // Spent, until it is sealed again.
    await assert.rejects(again.privileges.breakGlass.open(typed), refused);
    const fresh = await again.privileges.breakGlass.seal({ id, by: ada });
    await assert.rejects(again.privileges.breakGlass.open(typed), refused);
    await again.privileges.breakGlass.open({ ...fresh, ...who });

    // Somebody else looks at what was done, within a day.
    const inbox = await again.privileges.list({ view: 'inbox', by: ben });
    const ended = inbox.find(({ needsReview }) => needsReview);
    assert.equal(ended?.request.kind, 'break-glass');
    again.clock.advance(25 * hour);
    await again.privileges.remind();
    assert.equal(again.actions().filter((action) => action === 'privilege.review-overdue').length, 1);
    const review = {
      id: ended?.request.id ?? '',
      client: office,
      verdict: 'proper',
      note: 'the outage of May',
    } as const;
    const holder = { ...ben, id: by.userId, sessionId: by.sessionId };
    await assert.rejects(again.privileges.review({ ...review, by: holder }), { code: 'privilege_own' });
    await again.privileges.review({ ...review, by: ben });
    assert.equal((await again.privileges.overdue()).length, 0);
  });
});

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;
  test('an account holds no role of its own, is tried without opening it, and given up for good', async () => {
    const house = await openPrivilegeHouse(open);
    const ada = house.moveIn('Ada', ['admin'], 'key-a');
    const { breakGlass } = house.privileges;
    const { id, codes } = await breakGlass.prepare({ label: 'safe', by: ada });
    const by = { id, by: ada, client: office };
    const [account] = await breakGlass.list();
    const person = { id: account?.userId, name: 'break-glass safe' };
    await assert.rejects(house.privileges.refuseTogether(person, ['viewer']), { code: 'privilege_separated' });
    await house.privileges.refuseTogether(person, []);
    house.clock.advance(91 * 24 * hour);
    await house.privileges.remind();
    await house.privileges.remind();
    const told = (action: string): number => house.actions().filter((one) => one === action).length;
    assert.equal(told('break-glass.drill-overdue'), 1);
    await assert.rejects(breakGlass.drill({ ...by, first: codes.first, second: 'wrong' }), refused);
    // Codes that are right and open nothing are no drill that was passed.
    const disabled = { ...(house.people.get(account?.userId ?? '') ?? assert.fail()), isActive: false };
    house.people.set(disabled.id, disabled);
    await assert.rejects(breakGlass.drill({ ...by, ...codes }), { code: 'break_glass_disabled' });
    assert.match(JSON.stringify(house.events.at(-1)), /"because":"user_disabled"/);
    assert.equal((await breakGlass.list())[0]?.drilledAtMs, undefined);
    house.people.set(disabled.id, { ...disabled, isActive: true });
    const next = await breakGlass.drill({ ...by, ...codes });
    assert.deepEqual(house.privileges.active(), []);
    await assert.rejects(breakGlass.open({ ...codes, ...who }), refused, 'whoever tried them has read them');
    house.clock.advance(24 * hour);
    await house.privileges.remind();
    assert.equal(told('break-glass.drill-overdue'), 1);
    await breakGlass.open({ ...next, ...who });
    house.clock.advance(24 * hour);
    await house.privileges.remind();
    assert.equal(told('break-glass.unsealed'), 1);
    const sealed = await breakGlass.seal({ id, by: ada });
    await breakGlass.retire({ id, by: ada });
    await assert.rejects(breakGlass.open({ ...sealed, ...who }), refused);
    await assert.rejects(breakGlass.seal({ id, by: ada }), { code: 'break_glass_not_found' });
  });
});

test('sealed codes are read as people type them, and nothing else is one', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const read = readSealedCode(text);
      return read === undefined || /^[2-9A-HJKMNP-Z]{28}$/.test(read);
    }),
  );
  const key = randomBytes(32);
  const seen = new Set(Array.from({ length: 200 }, () => newSealedCode(randomBytes)));
  assert.equal(seen.size, 200);
  for (const code of seen) {
    assert.match(code, /^(?:[2-9A-HJKMNP-Z]{4}-){6}[2-9A-HJKMNP-Z]{4}$/);
    const signs = readSealedCode(code.toLowerCase().replaceAll('-', '  ')) ?? '';
    assert.equal(signs, code.replaceAll('-', ''));
    const hash = (accountId: string, envelope: 'first' | 'second', kind: CodeKind = 'alone'): string =>
      hashOfCode(key, { accountId, envelope, kind }, signs);
    assert.notEqual(hash('a', 'first'), hash('a', 'second'));
    assert.notEqual(hash('a', 'first'), hash('b', 'first'));
    assert.notEqual(hash('a', 'first'), hash('a', 'first', 'with-passkey'));
  }
});
