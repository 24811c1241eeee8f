import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { allActions } from '@sallyport/access-policy';
import type { AuditEvent, Outbox } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, type Database } from '@sallyport/platform/database';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { ColumnKeys } from '@sallyport/platform/encrypted-columns';
import type { Principal } from '@sallyport/platform/http';
import { sql } from 'kysely';
import { createApiKeys, identityMigrations, type ApiKeys, type KeyLimits } from '../index.ts';
import { createColumnKeys } from '../people/people.fixture.ts';

const operator: Principal = { kind: 'operator', id: 'local', name: 'local operator', scopes: allActions };
const startMs = 1_800_000_000_000;

/** An outbox that keeps what it is given and says, in order, what was asked of it. */
function createListOutbox(): Outbox & { events: AuditEvent[]; calls: string[]; failNext: boolean } {
  const outbox = {
    events: new Array<AuditEvent>(),
    calls: new Array<string>(),
    failNext: false,
    async record(_transaction: unknown, event: AuditEvent) {
      if (outbox.failNext) throw new Error('outbox is full');
      outbox.events.push(event);
      outbox.calls.push('record');
    },
    async flushed() {
      outbox.calls.push('flushed');
    },
  };
  return outbox;
}

type Setting = {
  readonly columnKeys: ColumnKeys;
  identity: ApiKeys;
  database: Database;
  outbox: ReturnType<typeof createListOutbox>;
  clock: ReturnType<typeof createManualClock>;
};

forEachDatabase((name, open) => {
  async function setUp(limits: Partial<KeyLimits> = {}): Promise<Setting> {
    const { database } = await open();
    await migrate(database, [identityMigrations]);
    const outbox = createListOutbox();
    const clock = createManualClock(startMs);
    const columnKeys = await createColumnKeys();
    return {
      identity: createApiKeys({ database, outbox, clock, columnKeys, random: randomBytes, limits }),
      columnKeys,
      database,
      outbox,
      clock,
    };
  }

  async function principalOf(identity: ApiKeys, token: string): Promise<Principal> {
    const answer = await identity.authenticate(token);
    if ('refused' in answer) throw new Error(answer.refused);
    return answer;
  }

  test(`${name}: a created key authenticates as what it was granted`, async () => {
    const { identity } = await setUp();
    const { id, token } = await identity.createKey({
      name: 'web-1',
      scopes: ['events:write'],
      source: 'web-1',
      by: operator,
    });
    assert.deepEqual(await identity.authenticate(token.reveal()), {
      kind: 'key',
      id,
      name: 'web-1',
      scopes: ['events:write'],
      source: 'web-1',
    });
  });

  test(`${name}: the token is stored nowhere and printed nowhere`, async () => {
    const { identity, database, outbox } = await setUp();
    const created = await identity.createKey({ name: 'web-1', scopes: ['events:write'], by: operator });
    const secret = created.token.reveal().split('_')[2] ?? 'missing';
    const { rows } = await sql`select * from identity_keys`.execute(database);
    for (const printed of [
      inspect(created, { depth: 9 }),
      JSON.stringify([created, rows, outbox.events, await identity.listKeys()]),
    ]) {
      assert.ok(!printed.includes(secret));
    }
  });

  test(`${name}: names and sources that an earlier version wrote are sealed once, and nobody reads them from the file`, async () => {
    const { identity, database } = await setUp();
    const { token } = await identity.createKey({
      name: 'crane-7',
      source: 'harbour',
      scopes: ['events:write'],
      by: operator,
    });
    const stored = async (): Promise<string> =>
      JSON.stringify((await sql`select * from identity_keys`.execute(database)).rows);
    assert.doesNotMatch(await stored(), /crane|harbour/);
    await sql`update identity_keys set name = 'crane-7', source = 'harbour'`.execute(database);
    assert.equal((await identity.sealStored()).resealed, 1);
    assert.equal((await identity.sealStored()).resealed, 0);
    assert.doesNotMatch(await stored(), /crane|harbour/);
    const { name: shown, source } = await principalOf(identity, token.reveal());
    assert.deepEqual([shown, source], ['crane-7', 'harbour']);
  });

  test(`${name}: a wrong secret, a foreign id and text that is no key are refused`, async () => {
    const { identity } = await setUp();
    const one = (await identity.createKey({ name: 'one', scopes: ['events:write'], by: operator })).token.reveal();
    const foreign = (
      await (await setUp()).identity.createKey({ name: 'two', scopes: ['events:write'], by: operator })
    ).token.reveal();
    await identity.authenticate(one);
    assert.deepEqual(await identity.authenticate(foreign), { refused: 'key_unknown' });
    for (const text of ['', 'sp_', `${one}0`, one.slice(0, -1), one.toLowerCase(), `${one}\n`]) {
      assert.deepEqual(await identity.authenticate(text), { refused: 'key_malformed' }, text);
    }
  });

  test(`${name}: a right id with another key's hash is refused`, async () => {
    const { identity, database } = await setUp();
    const { token } = await identity.createKey({ name: 'one', scopes: ['events:write'], by: operator });
    await sql`update identity_keys set hash = ${'00'.repeat(32)}`.execute(database);
    assert.deepEqual(await identity.authenticate(token.reveal()), { refused: 'key_unknown' });
  });

  test(`${name}: revocation is effective at once, also for a remembered key`, async () => {
    const { identity, outbox } = await setUp();
    const { id, token } = await identity.createKey({ name: 'one', scopes: ['events:write'], by: operator });
    await principalOf(identity, token.reveal());
    await identity.revokeKey({ id, by: operator });
    assert.deepEqual(await identity.authenticate(token.reveal()), { refused: 'key_revoked' });
    await identity.revokeKey({ id, by: operator });
    assert.equal(outbox.events.length, 2);
    await assert.rejects(identity.revokeKey({ id: 'nobody', by: operator }), { code: 'key_not_found' });
  });

  test(`${name}: a revocation by another server is noticed within five seconds`, async () => {
    const { identity, ...same } = await setUp();
    const { clock } = same;
    const { id, token } = await identity.createKey({ name: 'one', scopes: ['events:write'], by: operator });
    await principalOf(identity, token.reveal());
    const other = createApiKeys({ ...same, random: randomBytes });
    await other.revokeKey({ id, by: operator });
    clock.advance(5000);
    assert.deepEqual(await identity.authenticate(token.reveal()), { refused: 'key_revoked' });
  });

  test(`${name}: a key is refused from the moment it expires`, async () => {
    const { identity, clock } = await setUp();
    const { token } = await identity.createKey({
      name: 'one',
      scopes: ['events:write'],
      expiresAtMs: startMs + 1000,
      by: operator,
    });
    clock.advance(999);
    await principalOf(identity, token.reveal());
    clock.advance(1);
    assert.deepEqual(await identity.authenticate(token.reveal()), { refused: 'key_expired' });
  });

  test(`${name}: a key cannot grant a scope, a source or a lifetime it does not have`, async () => {
    const { identity } = await setUp();
    const made = await identity.createKey({
      name: 'parent',
      scopes: ['keys:manage', 'events:write'],
      source: 'web',
      expiresAtMs: startMs + 1000,
      by: operator,
    });
    const by = await principalOf(identity, made.token.reveal());
    const widened = { code: 'key_grant_widened' };
    await assert.rejects(identity.createKey({ name: 'child', scopes: ['events:write', 'ledger:read'], by }), widened);
    await assert.rejects(identity.createKey({ name: 'child', scopes: ['events:write'], source: 'other', by }), widened);
    await assert.rejects(
      identity.createKey({ name: 'child', scopes: ['events:write'], expiresAtMs: startMs + 1001, by }),
      widened,
    );
    const child = await identity.createKey({ name: 'child', scopes: ['events:write'], by });
    assert.equal(child.key.expiresAtMs, startMs + 1000);
    assert.equal(child.key.source, 'web');
  });

  test(`${name}: a key revoked after its request was let in grants nothing`, async () => {
    const { identity } = await setUp();
    const { id, token } = await identity.createKey({ name: 'parent', scopes: ['keys:manage'], by: operator });
    const by = await principalOf(identity, token.reveal());
    await identity.revokeKey({ id, by: operator });
    await assert.rejects(identity.createKey({ name: 'child', scopes: ['keys:manage'], by }), {
      code: 'key_grant_widened',
    });
  });

  test(`${name}: requests out of shape get a coded error`, async () => {
    const { identity } = await setUp();
    const good = { name: 'one', scopes: ['events:write'], by: operator };
    for (const [change, code] of [
      [{ name: ' ' }, 'key_name_invalid'],
      [{ name: 'a\u001b[2J' }, 'key_name_invalid'],
      [{ name: 'a'.repeat(101) }, 'key_name_invalid'],
      [{ scopes: [] }, 'scope_unknown'],
      [{ scopes: ['events:*'] }, 'scope_unknown'],
      [{ scopes: ['__proto__'] }, 'scope_unknown'],
      [{ source: 'a b' }, 'key_source_invalid'],
      [{ expiresAtMs: startMs }, 'key_expiry_invalid'],
      [{ expiresAtMs: Number.MAX_SAFE_INTEGER }, 'key_expiry_invalid'],
    ] as const) {
      await assert.rejects(identity.createKey({ ...good, ...change }), { code });
    }
  });

  test(`${name}: each change records one event in its transaction and waits for the ledger`, async () => {
    const { identity, outbox } = await setUp();
    const { id } = await identity.createKey({ name: 'one', scopes: ['events:write'], by: operator });
    await identity.revokeKey({ id, by: operator });
    assert.deepEqual(outbox.calls, ['record', 'flushed', 'record', 'flushed']);
    assert.deepEqual(
      outbox.events.map(({ classUid, event }) => [classUid, event['activity_id']]),
      [
        [3004, 1],
        [3004, 9],
      ],
    );
  });

  test(`${name}: no change is made when its event cannot be recorded`, async () => {
    const { identity, outbox } = await setUp();
    const { id, token } = await identity.createKey({ name: 'one', scopes: ['events:write'], by: operator });
    outbox.failNext = true;
    await assert.rejects(identity.createKey({ name: 'two', scopes: ['events:write'], by: operator }), /outbox is full/);
    await assert.rejects(identity.revokeKey({ id, by: operator }), /outbox is full/);
    assert.equal((await identity.listKeys()).length, 1);
    await principalOf(identity, token.reveal());
  });

  test(`${name}: the number of keys is bounded, live and ended ones`, async () => {
    const { identity, clock } = await setUp({ maxLiveKeys: 2, maxEndedKeys: 1 });
    const create = async (label: string): Promise<string> => {
      clock.advance(1);
      return (await identity.createKey({ name: label, scopes: ['events:write'], by: operator })).id;
    };
    const first = await create('first');
    const second = await create('second');
    await assert.rejects(create('third'), { code: 'key_limit_reached' });
    for (const id of [first, second]) await identity.revokeKey({ id, by: operator });
    await create('third');
    assert.deepEqual(
      (await identity.listKeys()).map((key) => key.name),
      ['third', 'second'],
    );
  });

  test(`${name}: authentication stays right when the cache holds fewer keys than there are`, async () => {
    const { identity } = await setUp({ maxCachedKeys: 1 });
    const one = await identity.createKey({ name: 'one', scopes: ['events:write'], by: operator });
    const two = await identity.createKey({ name: 'two', scopes: ['events:read'], by: operator });
    for (const key of [one, two, one, two]) assert.equal((await principalOf(identity, key.token.reveal())).id, key.id);
  });

  test(`${name}: the last use is stored by the minute, only for keys that were let in`, async () => {
    const { identity, clock } = await setUp();
    const { token } = await identity.createKey({ name: 'used', scopes: ['events:write'], by: operator });
    await identity.createKey({ name: 'idle', scopes: ['events:write'], by: operator });
    clock.advance(61_000);
    await principalOf(identity, token.reveal());
    await identity.recordUse();
    const keys = await identity.listKeys();
    assert.equal(
      keys.find((key) => key.name === 'used')?.lastUsedAtMs,
      Math.floor((startMs + 61_000) / 60_000) * 60_000,
    );
    assert.equal(keys.find((key) => key.name === 'idle')?.lastUsedAtMs, undefined);
  });
});

forEachDatabase((name, open) => {
  test(`${name}: authenticate() rejects when the database is gone, so that the caller denies`, async () => {
    const { database, close } = await open();
    await migrate(database, [identityMigrations]);
    const identity = createApiKeys({
      database,
      outbox: createListOutbox(),
      clock: createManualClock(startMs),
      columnKeys: await createColumnKeys(),
      random: randomBytes,
    });
    const { token } = await identity.createKey({ name: 'one', scopes: ['events:write'], by: operator });
    await close();
    await assert.rejects(identity.authenticate(token.reveal()));
  });
});
