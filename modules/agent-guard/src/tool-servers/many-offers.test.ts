import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { admin, ada, begin, gus, openHouse, type House } from '../agent-guard.fixture.ts';
import type { ToldServer } from './see-server.ts';
import { createToolServerStore } from './tool-server-store.ts';

const server = { name: 'docs', transport: 'stdio', target: 'npx -y docs-server', protocol: '2025-11-25' } as const;

async function met(house: House, told: Partial<ToldServer>, by = ada) {
  const { session } = await begin(house.guard, by);
  const seen = await house.guard.toolServers.see({ sessionId: session.id, told: { ...server, ...told } });
  return { sessionId: session.id, id: seen.server.id, seen };
}
const listed = <Value>(count: number, make: (at: number) => Value): Value[] =>
  Array.from({ length: count }, (_, at) => make(at));
const resources = (from: number, count: number) => ({
  offers: { resource: listed(count, (at) => ({ uri: `ticket://${from + at}` })) },
});

async function approve(house: House, id: string, names: readonly string[], letsNew = false): Promise<void> {
  const { each } = await house.guard.toolServers.show.server(id);
  const tools = each.flatMap(({ tool: { kind, name, newestDigest: digest } }) =>
    names.includes(name) ? [{ kind, name, digest }] : [],
  );
  await house.guard.toolServers.approve({ id, tools, keepsEarlier: false, letsNew, reason: '', by: admin });
}
const namesOf = async (house: House, id: string): Promise<string[]> =>
  (await house.guard.toolServers.show.server(id)).each.map(({ tool }) => tool.name);

forEachDatabase((name, open) => {
  for (const letsNew of [false, true])
    test(`addresses that come and go are never too many, ${letsNew ? 'let at once' : 'held'}; what was decided or changed stays, on ${name}`, async () => {
      const house = await openHouse(open);
      const first = await met(house, resources(0, 3));
      await approve(house, first.id, ['ticket://0', 'ticket://1'], letsNew);
      await house.guard.toolServers.block({
        id: first.id,
        kind: 'resource',
        tool: 'ticket://1',
        reason: '',
        by: admin,
      });
      // Says something else than what was let, which must not be forgotten and let as new.
      await met(house, { offers: { resource: [{ uri: 'ticket://3' }] } });
      const changed = { offers: { resource: [{ uri: 'ticket://3', description: 'Other words.' }] } };
      await met(house, changed);
      for (let day = 1; day < 3; day += 1) {
        const { seen } = await met(house, resources(day * 1000, 498));
        assert.equal(seen.tools.length, 498);
      }
      const kept = await namesOf(house, first.id);
      assert.ok(kept.length <= 503, String(kept.length));
      assert.ok(kept.includes('ticket://0') && kept.includes('ticket://1'));
      assert.equal(kept.includes('ticket://2'), false, 'seen longest ago, and nobody decided');
      assert.equal(kept.includes('ticket://3'), letsNew);
      if (letsNew)
        assert.deepEqual(
          (await met(house, changed)).seen.tools.map(({ isLet }) => isLet),
          [false],
        );
    });

  test(`prompts give way to none, and twice as many as a list may have are all that is kept, on ${name}`, async () => {
    const house = await openHouse(open);
    const prompts = (from: number) => ({ offers: { prompt: listed(500, (at) => ({ name: `p${from + at}` })) } });
    const { id } = await met(house, prompts(0));
    await met(house, prompts(500));
    await assert.rejects(met(house, { offers: { prompt: [{ name: 'one more' }] } }), { code: 'agent_limit_reached' });
    assert.equal((await namesOf(house, id)).length, 1000);
    // Nothing was lost by the attempt, and the other lists go on.
    assert.equal((await met(house, { tools: [{ name: 'search' }] })).seen.tools.length, 1);
  });

  test(`while much that is new is written others write too, on ${name}`, async () => {
    const house = await openHouse(open);
    let isWritten = false;
    const writing = met(house, resources(0, 500)).then(({ seen }) => {
      isWritten = true;
      return seen.tools.length;
    });
    let others = 0;
    for (; !isWritten && others < 100; others += 1) await begin(house.guard, gus, 'other');
    assert.equal(await writing, 500);
    assert.ok(others >= 5, String(others));
  });

  test(`who brings many stops nobody else, also by telling of servers that are others' or approved, on ${name}`, async () => {
    const house = await openHouse(open);
    const tools = (from: number) => listed(500, (at) => ({ name: `t${from + at}` }));
    const mine = await met(house, { target: 'gus', tools: [{ name: 'own' }] }, gus);
    await approve(house, mine.id, ['own']);
    await met(house, { target: 'gus', tools: [{ name: 'own' }, ...tools(0).slice(1)] });
    const full = { tools: tools(500), offers: { prompt: tools(0), resource: resources(0, 500).offers.resource } };
    await met(house, { target: 'a', ...full });
    const one = { target: 'b', tools: [{ name: 'only' }] };
    await met(house, one);
    await assert.rejects(met(house, { target: 'c', tools: [{ name: 'x' }, { name: 'y' }] }), {
      code: 'agent_limit_reached',
      message: /1999|2000/,
    });
    // What was brought before is still heard of, and somebody else brings as before, even to the server that ada filled.
    assert.equal((await met(house, one)).seen.tools.length, 1);
    const others = await met(house, { target: 'gus', tools: [{ name: 'own' }, { name: 'newer' }] }, gus);
    assert.deepEqual(
      others.seen.tools.map(({ isLet }) => isLet),
      [true, false],
    );
    // Decided about, they wait no more.
    await approve(house, (await met(house, one)).id, ['only']);
    await house.guard.toolServers.forget({ id: (await met(house, { target: 'a' })).id, by: admin });
    await met(house, { target: 'c', tools: [{ name: 'x' }] });
  });

  test(`a server met before offers were pinned and approved after it is let nothing that nobody saw, on ${name}`, async () => {
    const house = await openHouse(open);
    const store = createToolServerStore(house);
    for (const before of ['quarantined', 'blocked'] as const) {
      const { id } = await met(house, { target: before, tools: [{ name: 'search' }] });
      await house.database.transaction().execute(async (transaction) => {
        const kept = await store.findServer(transaction, { id });
        assert.ok(kept !== undefined);
        await store.updateServer(transaction, { ...kept, state: before, pinsOffers: [] });
      });
      await approve(house, id, ['search']);
      const { seen } = await met(house, {
        target: before,
        offers: {
          prompt: [{ name: 'review', description: 'Never seen by anybody.' }],
          resource: [{ uri: 'a://b' }],
          resource_template: [{ uriTemplate: 'a://{b}' }],
        },
      });
      assert.deepEqual(
        seen.tools.map(({ isLet }) => isLet),
        [false, false, false],
      );
    }
  });
});
