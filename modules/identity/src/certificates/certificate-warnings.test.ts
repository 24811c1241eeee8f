import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { begunOf, moveIn, operator, type House } from '../people/people.fixture.ts';
import { bind, codeOf, houseWithAuthority, signIn } from './certificate-house.fixture.ts';
import { issue, listOf } from './certificates.fixture.ts';
import { endingOf, endingOfList, warningDays } from './ending.ts';

const dayMs = 86_400_000;

test('what ends is told soon before, over after, and neither long before nor twice', () => {
  const nowMs = 1_800_000_000_000;
  fc.assert(
    fc.property(
      fc.integer({ min: -400 * dayMs, max: 400 * dayMs }),
      fc.constantFrom('person', 'authority'),
      (left, what) => {
        const expected = left < 0 ? 'over' : left < warningDays[what] * dayMs ? 'soon' : undefined;
        assert.equal(endingOf(nowMs + left, what, nowMs), expected);
      },
    ),
  );
  const list = (lifeMs: number, leftMs: number) =>
    endingOfList({ thisUpdateMs: nowMs + leftMs - lifeMs, nextUpdateMs: nowMs + leftMs }, nowMs);
  assert.deepEqual(
    [list(30 * dayMs, 3 * dayMs), list(30 * dayMs, dayMs), list(30 * dayMs, -1)],
    [undefined, 'soon', 'over'],
  );
  // One that comes every day is not about to end all day.
  assert.deepEqual([list(dayMs, dayMs / 2), list(dayMs, dayMs / 5)], [undefined, 'soon']);
});

forEachDatabase((name, open) => {
  const told = (house: House): readonly string[] =>
    house.events.flatMap(({ event }) => {
      const text = JSON.stringify(event);
      const action = /"(certificate-authority\.ending|user\.certificate-ending)"/.exec(text)?.[1];
      if (action === undefined) return [];
      const of = /"of":"(\w+)"/.exec(text)?.[1] ?? 'person';
      return [`${of} ${/"state":"(\w+)"/.exec(text)?.[1] ?? ''}`];
    });

  test(`${name}: a list, a card and an authority that end are told of once before and once after, by one server of all`, async () => {
    const { house, authority, card, takeList } = await houseWithAuthority(open);
    const anna = await moveIn(house, 'Anna', ['analyst']);
    const own = await card({ toMs: house.clock.nowMs() + 45 * dayMs });
    await bind(house, own, anna.begun.principal);
    const second = house.again();
    const look = async (): Promise<readonly string[]> => {
      const before = told(house).length;
      const troubled: string[] = [];
      await Promise.all(
        [house, second, house].map(({ certificateWarnings }) =>
          certificateWarnings.look((reason) => void troubled.push(reason)),
        ),
      );
      assert.deepEqual(troubled, []);
      return told(house).slice(before).toSorted();
    };
    assert.deepEqual(await look(), []);
    house.clock.advance(5.5 * dayMs);
    assert.deepEqual(await look(), ['list soon']);
    assert.deepEqual(await look(), []);
    house.clock.advance(2 * dayMs);
    assert.deepEqual(await look(), ['list over']);
    // The next list is told of by itself.
    await takeList();
    assert.deepEqual(await look(), []);
    house.clock.advance(5.5 * dayMs);
    assert.deepEqual(await look(), ['list soon']);
    await takeList({ toMs: house.clock.nowMs() + 1000 * dayMs });
    house.clock.advance(3 * dayMs);
    assert.deepEqual(await look(), ['person soon']);
    house.clock.advance(30 * dayMs);
    assert.deepEqual(await look(), ['authority soon', 'person over']);
    assert.deepEqual(await look(), []);
    // What is switched off, or belongs to nobody who may come in, is nobody's worry.
    const settings = { isEnabled: false };
    await house.certificateAuthorities.change({ id: authority.id, settings, by: operator });
    house.clock.advance(60 * dayMs);
    assert.deepEqual(await look(), []);
  });

  test(`${name}: the sign-in's event, the step before it and a fresh proof say which certificate it was`, async () => {
    const { house, card } = await houseWithAuthority(open);
    const anna = await moveIn(house, 'Anna', ['analyst']);
    const own = await card();
    await bind(house, own, anna.begun.principal);
    begunOf((await signIn(house, own)).admitted);
    const event = JSON.stringify(house.events.at(-1)?.event);
    for (const said of [
      '"session.sign-in"',
      `"serial":"${own.serial}"`,
      '"issuer":"Root"',
      '"subject":"Anna"',
      '"thumbprint":"',
      '"verdict":"accepted"',
    ])
      assert.ok(event.includes(said), said);
  });

  test(`${name}: how new an authority's list was is remembered by its key, wherever it was taken away meanwhile`, async () => {
    const { house, root, authority, card, takeList } = await houseWithAuthority(open);
    const anna = await moveIn(house, 'Anna', ['analyst']);
    const own = await card();
    await bind(house, own, anna.begun.principal);
    const { certificateAuthorities: all } = house;
    const before = await listOf(root, house.clock.nowMs(), { number: 4 });
    house.clock.advance(dayMs);
    await takeList({ revoked: [own], number: 5, fromMs: house.clock.nowMs() });
    const other = await issue(house.clock.nowMs(), { name: 'Other', isAuthority: true });
    const change = (pem: string) => all.change({ id: authority.id, settings: {}, pem, by: operator });
    const old = (id: string, list = before) => codeOf(all.takeList({ id, list, by: operator }));

    // Away and back: there is no list, and the old one does not become one.
    await change(other.pem);
    await change(root.pem);
    assert.equal(await codeOf(signIn(house, own)), 'certificate_refused revocations-missing');
    assert.equal(await old(authority.id), 'revocations_old');
    // Newer by its time, and numbered lower: as somebody would who could have the issuer sign, but not count.
    const lower = await listOf(root, house.clock.nowMs(), { number: 4, fromMs: house.clock.nowMs() });
    assert.equal(await old(authority.id, lower), 'revocations_old');
    // Removed whole and added again, or beside itself.
    const beside = await all.create({ settings: { name: 'Beside', isEnabled: true }, pem: root.pem, by: operator });
    assert.equal(await old(beside.id), 'revocations_old');
    await all.remove({ id: authority.id, by: operator });
    await all.remove({ id: beside.id, by: operator });
    const again = await all.create({ settings: { name: 'Staff', isEnabled: true }, pem: root.pem, by: operator });
    assert.equal(await old(again.id), 'revocations_old');
    const newer = await listOf(root, house.clock.nowMs(), { number: 5, fromMs: house.clock.nowMs(), revoked: [own] });
    assert.equal(await old(again.id, newer), 'none');
    assert.equal(await codeOf(bind(house, own, anna.begun.principal)), 'certificate_refused revoked');
  });

  test(`${name}: a list that a version before took is remembered when its authority goes`, async () => {
    const { house, root, authority, takeList } = await houseWithAuthority(open);
    await takeList({ number: 9, fromMs: house.clock.nowMs() });
    await house.database
      .withTables<{ identity_newest_revocations: { id: string; content: string } }>()
      .deleteFrom('identity_newest_revocations')
      .execute();
    const { certificateAuthorities: all } = house;
    await all.remove({ id: authority.id, by: operator });
    const { id } = await all.create({ settings: { name: 'Staff' }, pem: root.pem, by: operator });
    const list = await listOf(root, house.clock.nowMs(), { number: 8, fromMs: house.clock.nowMs() });
    assert.equal(await codeOf(all.takeList({ id, list, by: operator })), 'revocations_old');
  });
});
