import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { allActions } from '@sallyport/access-policy';
import type { AuditEvent } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import fc from 'fast-check';
import { createApiKeys, identityMigrations } from '../index.ts';
import { createColumnKeys } from '../people/people.fixture.ts';
import { isFrom, parseNetworks } from './key-networks.ts';

const operator: Principal = { kind: 'operator', id: 'local', name: 'local operator', scopes: allActions };
const dayMs = 86_400_000;

forEachDatabase((name, open) => {
  async function setUp() {
    const { database } = await open();
    await migrate(database, [identityMigrations]);
    const clock = createManualClock(1_800_000_000_000);
    const events: AuditEvent[] = [];
    const outbox = {
      record: async (_where: unknown, event: AuditEvent) => void events.push(event),
      flushed: async () => undefined,
    };
    const apiKeys = createApiKeys({
      database,
      outbox,
      clock,
      columnKeys: await createColumnKeys(),
      random: randomBytes,
    });
    const good = async (token: string, address = '192.0.2.7'): Promise<string> => {
      const answer = await apiKeys.authenticate(token, { address });
      return 'refused' in answer ? answer.refused : 'good';
    };
    const make = async (more: object = {}) => {
      const { id, token } = await apiKeys.createKey({ name: 'web', scopes: ['events:write'], by: operator, ...more });
      return { id, token: token.reveal() };
    };
    return { apiKeys, clock, events, good, make };
  }

  test(`${name}: a rotated key has two secrets for as long as was said, and the list says so and who still uses the old one`, async () => {
    const { apiKeys, clock, events, good, make } = await setUp();
    const { id, token: first } = await make();
    const { token } = await apiKeys.rotateKey({ id, overlapMs: dayMs, by: operator });
    const second = token.reveal();
    assert.notEqual(first, second);
    assert.deepEqual([await good(first), await good(second)], ['good', 'good']);
    await apiKeys.recordUse();
    const [listed] = await apiKeys.listKeys();
    assert.deepEqual([listed?.previousEndsAtMs, listed?.previousUsedAtMs], [clock.nowMs() + dayMs, clock.nowMs()]);
    assert.doesNotMatch(JSON.stringify([listed, events]), /[Hh]ash/);
    clock.advance(dayMs - 1);
    assert.equal(await good(first), 'good');
    clock.advance(1);
    assert.deepEqual([await good(first), await good(second)], ['key_rotated', 'good']);
    assert.equal(String(events.at(-1)?.event['message']), 'key.rotate');
  });

  test(`${name}: rotating twice leaves two secrets and not three; revoking ends both`, async () => {
    const { apiKeys, good, make } = await setUp();
    const { id, token: first } = await make();
    const second = (await apiKeys.rotateKey({ id, overlapMs: dayMs, by: operator })).token.reveal();
    const third = (await apiKeys.rotateKey({ id, overlapMs: dayMs, by: operator })).token.reveal();
    assert.deepEqual([await good(first), await good(second), await good(third)], ['key_unknown', 'good', 'good']);
    await apiKeys.revokeKey({ id, by: operator });
    assert.deepEqual([await good(second), await good(third)], ['key_revoked', 'key_revoked']);
    await assert.rejects(apiKeys.rotateKey({ id, overlapMs: 0, by: operator }), { code: 'key_not_live' });
  });

  test(`${name}: nobody rotates a key that may do more than they, or for longer than seven days`, async () => {
    const { apiKeys, good, make } = await setUp();
    const { id, token } = await make({ scopes: ['events:write', 'users:manage'] });
    const small = await make({ scopes: ['keys:manage', 'events:write'] });
    const by = await apiKeys.recheck(small.id);
    assert.ok('kind' in by);
    await assert.rejects(apiKeys.rotateKey({ id, overlapMs: 0, by }), { code: 'key_grant_widened' });
    await assert.rejects(apiKeys.rotateKey({ id, overlapMs: 7 * dayMs + 1, by: operator }), {
      code: 'key_expiry_invalid',
    });
    await assert.rejects(apiKeys.rotateKey({ id: '../x', overlapMs: 0, by: operator }), { code: 'key_not_found' });
    assert.equal(await good(token), 'good');
    const bound = await make({ scopes: ['keys:manage', 'events:write'], networks: ['192.0.2.0/24'] });
    const elsewhere = await apiKeys.recheck(bound.id);
    assert.ok('kind' in elsewhere);
    const free = await make();
    await assert.rejects(apiKeys.rotateKey({ id: free.id, overlapMs: 0, by: elsewhere }), {
      code: 'key_grant_widened',
    });
    await assert.rejects(make({ by: elsewhere, networks: ['198.51.100.0/24'] }), { code: 'key_grant_widened' });
    const child = await make({ by: elsewhere });
    assert.equal(await good(child.token, '198.51.100.1'), 'key_elsewhere', 'a child is from where its parent is');
  });

  test(`${name}: a key with networks is good from these alone, and from nowhere that nobody can tell`, async () => {
    const { apiKeys, good, make } = await setUp();
    const { token } = await make({ networks: ['192.0.2.0/24', '2001:db8::/32'] });
    for (const address of ['192.0.2.7', '::ffff:192.0.2.255', '2001:db8:1::1'])
      assert.equal(await good(token, address), 'good', address);
    for (const address of ['192.0.3.1', '::1', '127.0.0.1', '2001:db9::1', '', 'local', '2001:db8::/64'])
      assert.equal(await good(token, address), 'key_elsewhere', address);
    assert.deepEqual(await apiKeys.authenticate(token), { refused: 'key_elsewhere' });
    for (const networks of [
      [],
      ['0.0.0.0/0'],
      ['::/0'],
      ['192.0.2.1/24'],
      ['192.0.2.0/33'],
      ['host'],
      ['2001:db8::1/32'],
      ['1.2.3.4/-1'],
    ])
      await assert.rejects(make({ networks }), { code: 'key_networks_invalid' }, networks.join());
  });

  test(`${name}: keys last as long as the setting says, which nobody goes beyond`, async () => {
    const { apiKeys, clock } = await setUp();
    const make = async (expiresAtMs?: number | null) =>
      (await apiKeys.issueKey({ name: 'web', scopes: ['events:write'], by: operator, expiresAtMs })).key.expiresAtMs;
    assert.equal(await make(), clock.nowMs() + 365 * dayMs);
    assert.equal(await make(null), undefined);
    await apiKeys.lifetimes.change({ lifetimes: { defaultDays: 30, mostDays: 90 }, by: operator });
    assert.equal(await make(), clock.nowMs() + 30 * dayMs);
    assert.equal(await make(clock.nowMs() + 90 * dayMs), clock.nowMs() + 90 * dayMs);
    for (const beyond of [null, clock.nowMs() + 91 * dayMs])
      await assert.rejects(make(beyond), { code: 'key_expiry_invalid' });
    for (const lifetimes of [
      { defaultDays: 0, mostDays: null },
      { defaultDays: 91, mostDays: 90 },
      { defaultDays: 1.5, mostDays: null },
    ])
      await assert.rejects(apiKeys.lifetimes.change({ lifetimes, by: operator }), { code: 'key_lifetimes_invalid' });
  });
});

test('whatever stands as a network is refused or is one that holds its own address', () => {
  const text = fc.oneof(
    fc.string(),
    fc.ipV4(),
    fc.ipV6(),
    fc.tuple(fc.ipV4(), fc.nat(40)).map(([a, p]) => `${a}/${p}`),
    fc.tuple(fc.ipV6(), fc.nat(140)).map(([a, p]) => `${a}/${p}`),
  );
  fc.assert(
    fc.property(text, (network) => {
      let parsed: readonly string[] | undefined;
      try {
        parsed = parseNetworks([network]);
      } catch {
        return;
      }
      assert.ok(isFrom(parsed, network.trim().split('/')[0]), network);
    }),
    { numRuns: 2000 },
  );
});
