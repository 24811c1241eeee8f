import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import {
  ada,
  append,
  bob,
  catchUp,
  chrome,
  dayMs,
  findingsIn,
  firefox,
  goOn,
  home,
  japan,
  record,
  setUp,
  signIn,
  told,
  use,
  weeks,
} from './access-risk.fixture.ts';

const own = { code: 'sign_in_own_answer' };
const by = (sessionId: string) => ({ kind: 'user', id: ada.id, name: ada.name, scopes: [], sessionId }) as const;

forEachDatabase((name, open) => {
  // What is tried here the kinds of database share.
  if (name !== 'SQLite') return;

  test('a thief who signs in twice cannot have the second say that the first was its owner', async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    const bound = { ...home, key: 'key-of-ada' };
    await weeks(rig, 3, bound);
    // The same kind of browser, in the same country: each alone is little.
    const thief = { address: '41.9.1.1', agent: firefox, key: 'key-of-thief' };
    await append(ledger, [
      signIn(clock.nowMs(), ada, thief, 's-thief-1'),
      signIn(clock.nowMs(), ada, { ...thief, key: 'key-of-thief-2' }, 's-thief-2'),
      signIn(clock.nowMs(), ada, { address: home.address, agent: firefox }, 's-thief-3'),
      signIn(clock.nowMs(), ada, bound, 's-own'),
    ]);
    await catchUp(risk, ledger);
    const first = risk.signInsOf(ada.id).find(({ session }) => session === 's-thief-1')?.id ?? '';
    for (const session of ['s-thief-2', 's-thief-3', 's-unknown', ''])
      await assert.rejects(risk.answer({ by: by(session), signIn: first, answer: 'me' }), own, session);
    clock.advance(4 * dayMs);
    await assert.rejects(
      risk.answer({ by: by('s-thief-2'), signIn: first, answer: 'me' }),
      own,
      'nor once it has faded',
    );
    await risk.answer({ by: by('s-own'), signIn: first, answer: 'me' });
    await goOn(risk, ledger);
    assert.equal(risk.fact({ kind: 'user', id: ada.id, sessionId: 's-thief-1' })?.value, 0, 'her own browser may');
  });

  test('"not me" that is done again after a kill means what there was when it was said', async () => {
    const { database } = await open();
    const asked: { beganBeforeMs?: number; unlessSinceMs?: number }[] = [];
    const rig = await setUp(database, {
      reactions: {
        async endSessions(request) {
          asked.push(request);
          return 1;
        },
        async requirePasswordChange(request) {
          asked.push(request);
        },
        tell: async () => undefined,
      },
    });
    const { clock, ledger, risk } = rig;
    await weeks(rig, 3);
    await append(ledger, [
      signIn(clock.nowMs(), ada, home, 's-home'),
      signIn(clock.nowMs() + dayMs, ada, japan, 's-japan'),
    ]);
    await catchUp(risk, ledger);
    const saidMs = clock.nowMs();
    await risk.answer({ by: by('s-home'), signIn: risk.signInsOf(ada.id)[0]?.id ?? '', answer: 'not-me' });
    clock.advance(60_000);
    const again = rig.restart();
    await catchUp(again, ledger);
    assert.ok(asked.length >= 4, 'once when it was said, once more when it was read');
    for (const request of asked) assert.equal(request.beganBeforeMs ?? request.unlessSinceMs, saidMs);
  });

  test('an analyst’s word about an alert of their own teaches nothing, somebody else’s does', async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    const eva = { id: 'u-eva', name: 'Eva' };
    for (const person of [eva, bob]) await weeks(rig, 3, home, person);
    for (const person of [eva, bob]) await append(ledger, [signIn(clock.nowMs(), person, japan, `s-${person.id}`)]);
    await catchUp(risk, ledger);
    const before = risk.fact({ kind: 'user', id: eva.id })?.value ?? 0;
    assert.ok(before >= 25, String(before));
    // Event of both findings: `record` is by Eva.
    const findings = ledger
      .events()
      .filter(({ classUid }) => classUid === 2004)
      .map(({ position }) => `${position.log}/${position.index}`);
    assert.equal(findings.length, findingsIn(ledger).length);
    const details = { disposition: 'expected', finding: findings[0] ?? '', findings };
    await append(ledger, [record(clock.nowMs(), 'alert.update', 3004, { type: 'alert', id: 'a-1' }, details)]);
    await goOn(risk, ledger);
    assert.equal(risk.fact({ kind: 'user', id: eva.id })?.value, before, told(ledger).join());
    assert.equal(risk.fact({ kind: 'user', id: bob.id })?.value, 0);
  });

  test('many sessions make none that is in use be looked at afresh, and a bound one stays bound', async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    const bound = { ...home, key: 'key-of-ada' };
    const person = { kind: 'user', ...ada };
    await append(ledger, [signIn(clock.nowMs(), ada, home, 's-used'), signIn(clock.nowMs(), ada, bound, 's-bound')]);
    for (let number = 0; number < 9; number += 1) {
      clock.advance(60_000);
      await append(ledger, [
        use(clock.nowMs(), person, home, 's-used'),
        signIn(clock.nowMs(), ada, home, `s-more-${number}`),
      ]);
    }
    // Its owner’s own session was pushed out; then both are used in another browser.
    await append(ledger, [
      use(clock.nowMs(), person, home, 's-bound'),
      use(clock.nowMs(), person, { ...home, agent: chrome }, 's-bound'),
      use(clock.nowMs(), person, { ...home, agent: chrome }, 's-used'),
    ]);
    await catchUp(risk, ledger);
    assert.deepEqual(
      rig.ended.map(({ ids }) => ids),
      [['s-used']],
      'a copy of a bound session is of no use: it is told, not ended',
    );
  });
});
