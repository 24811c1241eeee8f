// Rows that somebody planted or damaged beside policies for agents: what they may not take with them. They write to the control database, and have no key.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import { closeOwnHouses, openOwnHouse, widening as tested } from './own-policies.fixture.ts';

type Rows = {
  agent_policy_versions: { version: number; sealed_head: string; sealed_texts: string; sealed_replay: string | null };
  agent_policy_in_force: { name: string; version: number; sealed: string };
  agent_policy_documents: { id: string; revision: number; changed_ms: number; sealed: string };
};

const widening = { ...tested, tests: [] };
const person = (id: string): Principal => ({ kind: 'user', id, name: id, scopes: [], roles: ['admin'], assurance: 2 });
const vera = person('vera');
const operator: Principal = { kind: 'operator', id: 'local', name: 'operator', scopes: [] };

after(closeOwnHouses);

forEachDatabase((name, open) => {
  test(`numbers that somebody wrote move none, and damaged texts are told at a start on ${name}`, async () => {
    const house = await openOwnHouse(open);
    const tables = house.database.withTables<Rows>();
    await house.own.documents.create('small', widening, vera);
    await house.own.versions.stage({ note: '' }, vera);
    const row = await tables.selectFrom('agent_policy_versions').selectAll().executeTakeFirstOrThrow();
    for (const version of [2_147_483_646, 2])
      await tables
        .insertInto('agent_policy_versions')
        .values({ ...row, version })
        .execute();
    await tables.updateTable('agent_policy_in_force').set({ version: 2_147_483_646 }).execute();
    const made = await house.own.versions.stage({ note: '' }, vera);
    assert.equal(made.version, 3);
    assert.deepEqual(
      (await house.own.versions.list()).versions.map(({ version }) => version),
      [3, 1],
    );
    await tables.updateTable('agent_policy_versions').set({ sealed_texts: 'AAAA' }).where('version', '=', 3).execute();
    const again = await house.again();
    const { versions, damaged } = await again.versions.list();
    assert.deepEqual(
      [versions.map(({ version }) => version), damaged.map(({ version }) => version)],
      [[1], [2_147_483_646, 3, 2]],
    );
    assert.ok(house.actions().length > 0);
  });

  test(`a damaged draft is listed, written anew or removed unread, and is in the way of nothing else on ${name}`, async () => {
    const house = await openOwnHouse(open);
    const tables = house.database.withTables<Rows>();
    const { documents, versions } = house.own;
    await documents.create('small', widening, vera);
    await versions.stage({ note: '' }, vera);
    await documents.create('other', { ...widening, text: widening.text.replaceAll('small', 'other') }, vera);
    await tables.updateTable('agent_policy_documents').set({ sealed: 'AAAA' }).execute();
    assert.deepEqual(
      (await documents.list()).damaged.map(({ id, revision }) => [id, revision]),
      [
        ['other', 1],
        ['small', 1],
      ],
    );
    const foundMs = house.clock.nowMs();
    house.clock.advance(60_000);
    assert.ok(
      (await documents.list()).damaged.every((one) => one.foundMs === foundMs),
      'as it was found first',
    );
    const begun = await house.again();
    assert.ok((await begun.documents.list()).damaged.every((one) => one.foundMs === house.clock.nowMs()));
    assert.ok(house.actions().includes('agent.policy_damaged'), 'drafts are told at a start, too');
    await assert.rejects(versions.stage({ note: '' }, vera), { code: 'agent_policy_damaged', message: /"other"/ });
    await assert.rejects(documents.get('small'), { code: 'agent_policy_damaged' });
    assert.equal((await versions.stage({ note: '', from: 1 }, vera)).state, 'staged');
    await documents.remove('other', 1, operator);
    assert.equal((await documents.save('small', widening, 1, operator)).revision, 2);
    const made = await versions.stage({ note: '' }, operator);
    assert.ok(
      made.authors.some(({ kind }) => kind === 'unknown'),
      'who wrote it before cannot be told',
    );
  });
});
