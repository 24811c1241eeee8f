import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import fc from 'fast-check';
import { sql } from 'kysely';
import type { ApiKeys } from '../index.ts';
import {
  begunOf,
  codeOf,
  local,
  moveIn,
  moveInAdministrator,
  openHouse,
  operator,
  policy,
} from '../people/people.fixture.ts';
import type { House } from '../people/people.fixture.ts';
import { idleScopes } from './idle-scopes.ts';
import { parseKeySites } from './key-sites.ts';

const coded = (code: string): { code: string } => ({ code });
const widened = coded('key_grant_widened');
const risk = { value: 0, isFresh: true };
const network = { channel: 'network' } as const;

async function principalOf(keys: ApiKeys, token: string): Promise<Principal> {
  const answer = await keys.authenticate(token);
  if ('refused' in answer) throw new Error(answer.refused);
  return answer;
}

forEachDatabase((name, open) => {
  async function setUp() {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    return { house, ada, keys: house.apiKeys };
  }

  test(`${name}: a key is for the sites it was made for, which nobody reads from the file`, async () => {
    const { house, ada, keys } = await setUp();
    const { key, token } = await keys.createKey({
      name: 'wall',
      scopes: ['cameras:read'],
      sites: ['North gate', 'North gate ', 'Süd'],
      by: ada.begun.principal,
    });
    assert.deepEqual(key.sites, ['North gate', 'Süd']);
    const principal = await principalOf(keys, token.reveal());
    assert.deepEqual(principal.sites, ['North gate', 'Süd']);
    const { rows } = await sql`select * from identity_keys`.execute(house.database);
    assert.doesNotMatch(JSON.stringify(rows), /North|S.d"/);
    const made = house.events.at(-1)?.event.unmapped;
    assert.match(JSON.stringify(made), /"sites":\["North gate","Süd"\]/);
    const at = (site: string | undefined): boolean =>
      policy.decide({
        principal,
        action: 'cameras:read',
        resource: { kind: 'camera', id: 'c', site },
        risk,
        context: network,
      }).allowed;
    assert.deepEqual(['North gate', 'Süd', 'North', 'north gate', '', undefined].map(at), [
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  test(`${name}: damaged sites let nobody in, and columns of another key are no sites`, async () => {
    const { house, ada, keys } = await setUp();
    const by = ada.begun.principal;
    const [one, other] = [
      await keys.createKey({ name: 'one', scopes: ['cameras:read'], sites: ['North'], by }),
      await keys.createKey({ name: 'other', scopes: ['cameras:read'], sites: ['South'], by }),
    ];
    await sql`update identity_keys set sites = (select sites from identity_keys where id = ${other.id}) where id = ${one.id}`.execute(
      house.database,
    );
    await assert.rejects(keys.authenticate(one.token.reveal()));
    await sql`update identity_keys set sites = '["South"]' where id = ${other.id}`.execute(house.database);
    await assert.rejects(keys.authenticate(other.token.reveal()));
  });

  test(`${name}: nobody makes a key for more than they have, whatever it is narrowed to`, async () => {
    const { house, ada, keys } = await setUp();
    const make = (by: Principal, scopes: readonly string[], sites?: readonly string[]) =>
      keys.createKey({ name: 'w', scopes, by, ...(sites === undefined ? {} : { sites }) });
    for (const sites of [
      [],
      [''],
      [' '],
      ['a\nb'],
      ['x'.repeat(61)],
      Array.from({ length: 101 }, (_one, at) => `s${at}`),
    ])
      await assert.rejects(make(ada.begun.principal, ['cameras:read'], sites), coded('key_sites_invalid'));
    // What is about no site would be of no use, or be taken for something it is not.
    for (const scope of ['users:manage', 'audit:read', 'events:write'])
      await assert.rejects(make(ada.begun.principal, ['cameras:read', scope], ['North']), coded('key_sites_invalid'));
    const { token } = await house.people.invite({
      name: 'Gus',
      roles: [],
      siteRoles: [{ role: 'guard', site: 'North' }],
      by: operator,
    });
    const { enrolment } = await house.people.accept({ token, password: 'seven quiet lanterns' });
    const gus = await enrolled(house, enrolment);
    const { key } = await make(gus, ['cameras:read'], ['North']);
    assert.deepEqual(key.sites, ['North']);
    await assert.rejects(make(gus, ['cameras:read']), widened);
    await assert.rejects(make(gus, ['cameras:read'], ['North', 'South']), widened);
    await assert.rejects(make(gus, ['cameras:read'], ['north']), widened);
    await assert.rejects(make(gus, ['cameras:manage'], ['North']), widened);
  });

  test(`${name}: a key makes none for other sites, and nobody wakes or rotates one beyond their own`, async () => {
    const { house, ada, keys } = await setUp();
    const parent = await keys.createKey({
      name: 'parent',
      scopes: ['cameras:read'],
      sites: ['North', 'South'],
      by: ada.begun.principal,
    });
    const by = await principalOf(keys, parent.token.reveal());
    const child = async (sites?: readonly string[]) =>
      (await keys.createKey({ name: 'child', scopes: ['cameras:read'], by, ...(sites && { sites }) })).key.sites;
    assert.deepEqual(await child(), ['North', 'South']);
    assert.deepEqual(await child(['South']), ['South']);
    await assert.rejects(child(['South', 'East']), widened);
    const whole = await keys.createKey({ name: 'whole', scopes: ['cameras:read'], by: ada.begun.principal });
    await assert.rejects(keys.rotateKey({ id: whole.id, overlapMs: 0, by }), widened);
    await house.people.change({ id: ada.id, siteRoles: [], by: operator });
  });

  test(`${name}: a key does no more than its maker may by now, and stops only when it is for more`, async () => {
    const { house, keys } = await setUp();
    const bea = await moveIn(house, 'Bea', ['admin']);
    const by = bea.begun.principal;
    const [atNorth, atSouth, whole] = [
      await keys.createKey({ name: 'north', scopes: ['cameras:read'], sites: ['North'], by }),
      await keys.createKey({ name: 'south', scopes: ['cameras:read'], sites: ['South'], by }),
      await keys.createKey({ name: 'whole', scopes: ['cameras:read'], by }),
    ];
    await principalOf(keys, atNorth.token.reveal());
    await house.people.change({ id: bea.id, roles: [], siteRoles: [{ role: 'guard', site: 'North' }], by: operator });
    const narrowed = await principalOf(keys, atNorth.token.reveal());
    assert.deepEqual(narrowed.onBehalfOf?.siteRoles, [{ role: 'guard', site: 'North' }]);
    assert.deepEqual(await keys.authenticate(atSouth.token.reveal()), { refused: 'key_suspended' });
    assert.deepEqual(await keys.authenticate(whole.token.reveal()), { refused: 'key_suspended' });
    await house.people.change({ id: bea.id, disabled: true, by: operator });
    assert.deepEqual(await keys.authenticate(atNorth.token.reveal()), { refused: 'key_suspended' });
    // A row that came back, or a suspension that another server has not seen: whoever is disabled holds nothing.
    await sql`update identity_keys set suspended_at_ms = null`.execute(house.database);
    house.clock.advance(6000);
    const woken = await principalOf(keys, whole.token.reveal());
    assert.deepEqual(policy.permissionsOf(woken), []);
  });

  test(`${name}: roles that a provider gives count for keys, those held for a time do not`, async () => {
    const { house, keys } = await setUp();
    const guy = await moveIn(house, 'Guy', ['guard']);
    const provide = (roles: readonly string[]) =>
      house.database
        .transaction()
        .execute((transaction) =>
          house.provided.setRoles(transaction, { userId: guy.id, source: 'provider/p', roles, by: operator }),
        )
        .then(({ effective }) => effective());
    await provide(['admin']);
    const answer = await house.sessions.authenticate(guy.begun.token.reveal());
    if ('refused' in answer) throw new Error(answer.refused);
    const by = answer.principal;
    assert.deepEqual(by.roles, ['guard', 'admin']);
    const { token } = await keys.createKey({ name: 'web', scopes: ['events:write'], by });
    await principalOf(keys, token.reveal());
    await assert.rejects(
      keys.createKey({ name: 'web', scopes: ['events:write'], by: { ...by, grantIds: ['g'] } }),
      /hold for a time/,
    );
    // In another order they are the same ones; without one they are not.
    await keys.createKey({ name: 'web', scopes: ['events:write'], by: { ...by, roles: ['admin', 'guard'] } });
    await provide([]);
    assert.deepEqual(await keys.authenticate(token.reveal()), { refused: 'key_suspended' });
    await assert.rejects(keys.createKey({ name: 'web', scopes: ['events:write'], by }), widened);
  });
});

test('scopes that are of no use are named, and what rests on the moment is not', () => {
  const maker: Principal = {
    kind: 'user',
    id: 'm',
    name: 'm',
    scopes: [],
    assurance: 3,
    siteRoles: [{ role: 'guard', site: 'North' }],
  };
  const key = { id: 'k', name: 'k', scopes: ['cameras:read', 'cameras:manage', 'users:read'] };
  assert.deepEqual(idleScopes(key, maker, policy), ['cameras:manage', 'users:read']);
  assert.deepEqual(idleScopes({ ...key, sites: ['South'] }, maker, policy), key.scopes);
  assert.deepEqual(idleScopes({ ...key, sites: ['North', 'South'] }, maker, policy), ['cameras:manage', 'users:read']);
  assert.deepEqual(idleScopes(key, undefined, policy), []);
});

test('whatever is given as sites is refused, or names at least one and no name twice', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 70, unit: 'binary' }), { maxLength: 4 }), (given) => {
      try {
        const sites = parseKeySites(given, ['cameras:read']) ?? [];
        assert.ok(sites.length > 0 && new Set(sites).size === sites.length);
        assert.deepEqual(parseKeySites(sites, ['cameras:read']), sites);
      } catch (error) {
        assert.match(String(error), /^IdentityError|Cannot make a key for these sites/);
      }
    }),
  );
});

async function enrolled(house: House, enrolment: string): Promise<Principal> {
  const { secret } = await house.enrolment.beginTotp({ enrolment });
  const code = codeOf(secret, house.clock.nowMs());
  return begunOf((await house.enrolment.confirmTotp({ enrolment, code, client: local })).admitted).principal;
}
