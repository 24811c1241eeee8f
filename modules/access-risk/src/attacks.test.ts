import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import fc from 'fast-check';
import {
  ada,
  append,
  bob,
  catchUp,
  chrome,
  dayMs,
  failure,
  findingsIn,
  firefox,
  goOn,
  home,
  hourMs,
  japan,
  setUp,
  signIn,
  told,
  use,
  weeks,
} from './access-risk.fixture.ts';
import type { Rig } from './access-risk.fixture.ts';
import { createCampaigns } from './campaigns.ts';
import { readHappening } from './read-event.ts';

const session = (id: string) => ({ kind: 'user', id: ada.id, sessionId: id }) as const;
const addressOf = (number: number) => `60.${(number >> 8) & 255}.${number & 255}.1`;
const bound = { ...home, key: 'key-of-ada' };

async function follow({ risk, ledger }: Rig, events: readonly JsonObject[]): Promise<void> {
  for (let from = 0; from < events.length; from += 500) await append(ledger, events.slice(from, from + 500));
  await goOn(risk, ledger);
}

forEachDatabase((name, open) => {
  // What is tried here the kinds of database share.
  if (name !== 'SQLite') return;

  test('a thousand sources against one account: they are told of, its owner is at no risk and not asked for more', async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    await weeks(rig, 3, bound);
    await catchUp(risk, ledger);
    const attempts = Array.from({ length: 3000 }, (_, number) =>
      failure(clock.nowMs(), ada, { address: addressOf(number % 1000), agent: 'curl/8' }),
    );
    await follow(rig, attempts);
    assert.deepEqual(told(ledger), ['targeted medium -']);
    assert.equal(risk.fact({ kind: 'user', id: ada.id })?.value, 0);
    assert.deepEqual(risk.riskOf(ada, { ...home, browserKey: 'key-of-ada' }), {
      value: 0,
      reasons: [],
      needsStronger: false,
    });
    assert.equal(risk.riskOf(ada, home).needsStronger, false, 'nor without the key, from where she always is');
    await follow(rig, [signIn(clock.nowMs(), ada, bound, 's-1')]);
    assert.equal(risk.fact(session('s-1'))?.value, 0);
    assert.deepEqual(risk.person('user', ada.id)?.against, { failures: 3000, sources: 64 });
    assert.ok(findingsIn(ledger).every(({ user }) => user === undefined));
  });

  test('guesses from her own office, or with her own browser, do not keep her out either', async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    await weeks(rig, 3, bound);
    await catchUp(risk, ledger);
    const names = Array.from({ length: 40 }, (_, number) => ({ name: `name ${number}` }));
    await follow(rig, [
      ...names.map((person) => failure(clock.nowMs(), person, { ...home, agent: 'curl/8' }, 'user_unknown')),
      ...Array.from({ length: 9 }, () => failure(clock.nowMs(), ada, bound)),
    ]);
    assert.equal(told(ledger)[0], 'spraying high -');
    assert.equal(risk.riskOf(ada, { ...home, browserKey: 'key-of-ada' }).needsStronger, false);
    await follow(rig, [signIn(clock.nowMs(), ada, bound, 's-1')]);
    assert.equal(risk.fact(session('s-1'))?.value, 0);
    // Somebody else, whom nothing vouches for, comes in from there: that is what spraying is for.
    await follow(rig, [signIn(clock.nowMs(), bob, { ...home, agent: 'curl/8' }, 's-2')]);
    assert.equal(told(ledger).at(-1), 'campaign-success high Bob');
  });

  test('spraying by one, over a rotating /64, slowly over a day, and stuffing by many are each told once', async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    await catchUp(risk, ledger);
    const stranger = (number: number) => ({ name: `stranger ${number}` });
    await follow(
      rig,
      Array.from({ length: 30 }, (_, number) =>
        failure(0, stranger(number), { address: '61.1.1.1', agent: '' }, 'user_unknown'),
      ),
    );
    assert.deepEqual(
      told(ledger),
      ['spraying high -', 'spraying high -'],
      'and once more when there are twice as many',
    );
    clock.advance(2 * dayMs);
    await follow(
      rig,
      Array.from({ length: 25 }, (_, number) =>
        failure(0, stranger(number), { address: `2001:db8:7:${number.toString(16)}::/64`, agent: '' }, 'user_unknown'),
      ),
    );
    assert.match(findingsIn(ledger).at(-1)?.description ?? '', /2001:db8:7::\/48/);
    assert.equal(told(ledger).length, 3);
    clock.advance(2 * dayMs);
    for (let number = 0; number < 26; number += 1) {
      await follow(rig, [failure(0, stranger(number), { address: '62.1.1.1', agent: '' }, 'user_unknown')]);
      clock.advance(hourMs / 2);
    }
    assert.match(findingsIn(ledger).at(-1)?.description ?? '', /25 accounts tried from 62\.1\.1\.1 within a day/);
    assert.equal(told(ledger).length, 4);
    clock.advance(2 * dayMs);
    await follow(
      rig,
      Array.from({ length: 60 }, (_, number) =>
        failure(0, stranger(number), { address: addressOf(number * 7), agent: '' }, 'user_unknown'),
      ),
    );
    assert.deepEqual(told(ledger).slice(4), ['stuffing high -']);
  });

  test('an office behind one address is no campaign, however many mistype', async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    await catchUp(risk, ledger);
    for (let day = 0; day < 3; day += 1) {
      const events = Array.from({ length: 60 }, (_, number) => {
        const person = { id: `u-${number}`, name: `colleague ${number}` };
        const from = { address: '41.9.9.9', agent: firefox };
        // A third mistypes first; some give up until tomorrow.
        const attempts = number % 3 === day % 3 ? [failure(clock.nowMs(), person, from)] : [];
        return number % 7 === day ? attempts : [...attempts, signIn(clock.nowMs(), person, from, `s-${day}-${number}`)];
      });
      await follow(rig, events.flat());
      clock.advance(dayMs);
    }
    assert.deepEqual(told(ledger), []);
  });

  test('a stranger with the right password and wrong codes is told of as such', async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    await weeks(rig, 1);
    await catchUp(risk, ledger);
    await follow(
      rig,
      Array.from({ length: 4 }, () => failure(clock.nowMs(), ada, japan, 'code_wrong')),
    );
    assert.deepEqual(told(ledger), ['password-known high -']);
    assert.equal(risk.fact({ kind: 'user', id: ada.id })?.value, 0);
  });

  test('whoever comes every day from a new country teaches nothing for two weeks, and failing teaches nothing ever', async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    await weeks(rig, 3, bound);
    await catchUp(risk, ledger);
    await follow(
      rig,
      Array.from({ length: 200 }, () => failure(clock.nowMs(), ada, japan)),
    );
    for (let day = 0; day < 13; day += 1) {
      clock.advance(dayMs);
      const asked = risk.riskOf(ada, { ...japan, browserKey: 'key-of-thief' });
      assert.ok(asked.needsStronger, `day ${day}: ${asked.value}`);
      await follow(rig, [signIn(clock.nowMs(), ada, { ...japan, key: 'key-of-thief' }, `s-${day}`)]);
    }
    const days = told(ledger).filter((line) => /^(new-country|impossible-travel) /.test(line)).length;
    assert.ok(days >= 6, `${days} of 13 days told: ${told(ledger).join(', ')}`);
    assert.deepEqual(risk.person('user', ada.id)?.known.countries, ['IN']);
  });

  test('made-up names and sources stay within bounds, and whoever tries many is not forgotten for them', () => {
    const campaigns = createCampaigns({ sources: 100 });
    const attacker = { source: '61.1.1.1', atMs: 1 };
    for (let name = 0; name < 9; name += 1) campaigns.failed({ ...attacker, name: `target ${name}` });
    for (let number = 0; number < 20_000; number += 1)
      campaigns.failed({ source: addressOf(number), name: `made up ${number}`, atMs: 2 });
    assert.ok(campaigns.size().sources <= 100 && campaigns.size().evicted > 1000);
    const signals = campaigns.failed({ ...attacker, name: 'target 9', atMs: 3 }).map(({ signal }) => signal);
    assert.ok(signals.includes('spraying'));
    assert.ok(campaigns.state().length < 1_000_000, String(campaigns.state().length));
    const restored = createCampaigns({ sources: 100 });
    restored.restore(campaigns.state());
    assert.equal(restored.state(), campaigns.state());
    restored.restore('{"version":7}');
    assert.equal(restored.size().sources, 0);
  });

  test('a clock that jumps and records that come late accuse nobody; private addresses and rented servers are nowhere', async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    await weeks(rig, 3);
    const atHome = clock.nowMs();
    clock.advance(dayMs);
    // The ledger was away: both come in the same second, a day apart by our clock.
    await append(ledger, [
      signIn(atHome, ada, home, 's-1'),
      signIn(clock.nowMs(), ada, { ...home, address: '42.1.1.1' }, 's-2'),
    ]);
    // Our clock was set back by a year for one record.
    clock.advance(dayMs);
    await append(ledger, [signIn(clock.nowMs() - 365 * dayMs, ada, home, 's-3')]);
    for (const address of ['127.0.0.1', '10.1.2.3', 'fd00:1::/64', 'local', 'various', '', 'x'.repeat(64)])
      await append(ledger, [signIn(clock.nowMs(), ada, { ...home, address }, `s-${address}`)]);
    await append(ledger, [signIn(clock.nowMs(), ada, { ...home, address: '45.1.1.1' }, 's-relay')]);
    await catchUp(risk, ledger);
    assert.deepEqual(
      told(ledger).filter((line) => line.startsWith('impossible')),
      [],
    );
  });

  test('a session stolen in the same country shows when it is used by turns, and one that only moves does not', async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    await weeks(rig, 3);
    await append(ledger, [signIn(clock.nowMs(), ada, home, 's-1'), signIn(clock.nowMs(), ada, home, 's-2')]);
    const person = { kind: 'user', ...ada };
    // From the train to the office, and IPv4 and IPv6 by turns: no thief.
    for (const address of [
      '41.1.1.10',
      '41.77.1.1',
      '2001:db8:1:1::/64',
      '41.77.1.1',
      '2001:db8:1:1::/64',
      '41.77.1.1',
    ]) {
      await append(ledger, [use(clock.nowMs(), person, { ...home, address }, 's-1')]);
      clock.advance(60_000);
    }
    await catchUp(risk, ledger);
    assert.deepEqual(told(ledger), []);
    for (const address of ['41.1.1.10', '43.9.1.1', '41.1.1.10', '43.9.1.1', '41.1.1.10', '43.9.1.1']) {
      await append(ledger, [use(clock.nowMs(), person, { ...home, address }, 's-2')]);
      clock.advance(60_000);
    }
    await goOn(risk, ledger);
    assert.deepEqual(told(ledger), ['session-two-places high Ada']);
    assert.ok((risk.fact(session('s-2'))?.value ?? 0) >= 85);
    assert.deepEqual(rig.ended, [], 'nobody is put out for two networks of one country');
  });

  test('a session bound to the key of its browser is not ended for where it is used from', async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    await weeks(rig, 3, bound);
    await append(ledger, [signIn(clock.nowMs(), ada, bound, 's-1')]);
    await append(ledger, [use(clock.nowMs(), { kind: 'user', ...ada }, { ...home, address: '42.1.1.1' }, 's-1')]);
    await catchUp(risk, ledger);
    assert.deepEqual(told(ledger), ['session-travel medium Ada']);
    assert.deepEqual(rig.ended, []);
  });

  test('an hour never kept is odd only after two weeks, around midnight as at noon', async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    // 23:30 to 00:30.
    clock.advance(15.5 * hourMs);
    for (let day = 0; day < 30; day += 1) {
      await append(ledger, [signIn(clock.nowMs(), ada, home, `s-${day}`)]);
      clock.advance(dayMs + (day % 2 === 0 ? hourMs : -hourMs));
    }
    await catchUp(risk, ledger);
    assert.deepEqual(risk.riskOf(ada, home).reasons, []);
    clock.advance(12 * hourMs);
    assert.match(risk.riskOf(ada, home).reasons.join(), /^Signed in at 1[12]:30 UTC; usually between 23:00 and 01:00$/);
    assert.deepEqual(risk.riskOf(bob, home).reasons, []);
  });

  test('what is no record of ours, whatever it claims, is not heard', async () => {
    const forged = { ...signIn(1, ada, japan, 's'), raw_data: '{}' };
    const position = { log: 1, index: 1 };
    const heard = (body: unknown, classUid = 3002) =>
      readHappening({ position, receivedAtMs: 1, classUid, body: new TextEncoder().encode(JSON.stringify(body)) });
    assert.equal(heard(forged), undefined);
    assert.equal(heard(signIn(1, ada, japan, 's'))?.kind, 'signed-in');
    assert.equal(heard(signIn(1, ada, japan, 's'), 4001), undefined);
    fc.assert(
      fc.property(
        fc.object({
          key: fc.constantFrom(
            'user',
            'session',
            'unmapped',
            'sallyport',
            'details',
            'uid',
            'name',
            'address',
            'metadata',
          ),
          maxDepth: 4,
        }),
        (body) => {
          heard({ ...body, metadata: { log_name: 'audit', event_code: 'session.sign-in' } });
          heard({ ...body, metadata: { log_name: 'audit', event_code: 'request.allowed' } }, 6003);
          heard({ ...body, metadata: { log_name: 'audit', event_code: 'alert.update' } }, 3004);
        },
      ),
    );
    fc.assert(
      fc.property(fc.uint8Array(), (body) => void readHappening({ position, receivedAtMs: 1, classUid: 3002, body })),
    );
  });

  test('any order of what happens leaves what can be saved and read again', async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger } = rig;
    const address = fc.constantFrom('41.1.1.1', '42.1.1.1', '10.0.0.1', '2001:db8::/64', 'various', '');
    const from = fc.record({
      address,
      agent: fc.constantFrom('', firefox, chrome, 'curl'),
      key: fc.constantFrom('a', 'b'),
    });
    const happening = fc.oneof(
      fc.tuple(from, fc.string()).map(([one, id]) => signIn(clock.nowMs(), ada, one, `s-${id}`)),
      from.map((one) => failure(clock.nowMs(), ada, one)),
      fc
        .tuple(from, fc.constantFrom('s-', 's-1', 's-2'))
        .map(([one, id]) => use(clock.nowMs(), { kind: 'user', ...ada }, one, id)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 60 }), async (events) => {
        await append(ledger, events);
        const risk = rig.restart();
        await catchUp(risk, ledger);
        await risk.close();
        const again = rig.restart();
        await again.projection.load(ledger.head());
        assert.equal(again.health().unreadableStates, 0);
        assert.deepEqual(again.person('user', ada.id), risk.person('user', ada.id));
        clock.advance(hourMs);
      }),
      { numRuns: 40 },
    );
  });
});
