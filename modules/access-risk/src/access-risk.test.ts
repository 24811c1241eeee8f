import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPosition } from '@sallyport/contracts';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { sql } from 'kysely';
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
  home,
  hourMs,
  japan,
  record,
  setUp,
  signIn,
  told,
  use,
  weeks,
} from './access-risk.fixture.ts';

const session = (id: string) => ({ kind: 'user', id: ada.id, sessionId: id }) as const;

forEachDatabase((name, open) => {
  test(`somebody who signs in from Japan 40 minutes after India is told of, in words, on ${name}`, async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    await weeks(rig, 4);
    await append(ledger, [signIn(clock.nowMs(), ada, home, 's-1')]);
    await catchUp(risk, ledger);
    assert.deepEqual(told(ledger), []);
    assert.equal(risk.fact(session('s-1'))?.value, 0);
    clock.advance(40 * 60_000);
    const asked = risk.riskOf(ada, japan);
    assert.ok(asked.needsStronger && asked.value >= 85, String(asked.value));
    const [input] = await append(ledger, [signIn(clock.nowMs(), ada, japan, 's-2')]);
    await catchUp(risk, ledger);
    const [finding, ...others] = findingsIn(ledger);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [finding?.rule.id, finding?.level, finding?.user, finding?.input, finding?.entities?.source],
      ['sallyport-access-risk-impossible-travel', 'high', 'Ada', input, '42.1.1.10'],
    );
    assert.deepEqual(finding?.attacks, [{ technique: 'T1078' }]);
    const words = finding?.matched.filter(({ field }) => field === 'access-risk.reason').map(({ value }) => value);
    assert.deepEqual(words, [
      'Signed in from Japan 40 minutes after India: 5,900 km',
      'First time with Chrome on Windows',
      'First time from Japan',
    ]);
    assert.ok((risk.fact(session('s-2'))?.value ?? 0) >= 85);
    assert.equal(risk.fact(session('s-1'))?.value, 0, 'the session at home is not at risk for it');
    clock.advance(4 * dayMs);
    assert.equal(risk.fact(session('s-2'))?.value, 0, 'all of it has faded');
    assert.deepEqual(risk.signInsOf(ada.id)[0]?.words, words);
  });

  test(`what was learnt stands sealed, survives a stop, and the same is told once after a kill in the middle on ${name}`, async () => {
    const { database } = await open();
    const rig = await setUp(database, { limits: { checkpointEvents: 5, checkpointMs: 1e12 } });
    const { clock, ledger } = rig;
    await weeks(rig, 4);
    await catchUp(rig.risk, ledger);
    await append(ledger, [signIn(clock.nowMs(), ada, home, 's-1')]);
    clock.advance(hourMs / 2);
    await append(ledger, [signIn(clock.nowMs(), ada, japan, 's-2')]);
    const killed = rig.restart({ limits: { checkpointEvents: 1e9, checkpointMs: 1e12 } });
    await catchUp(killed, ledger);
    const before = ledger.events();
    assert.deepEqual(told(ledger), ['impossible-travel high Ada']);
    // Never closed: what came since the last checkpoint is read again.
    const again = rig.restart();
    await catchUp(again, ledger);
    assert.deepEqual(ledger.events(), before);
    await again.close();
    const after = rig.restart();
    await after.projection.load(ledger.head());
    assert.deepEqual(after.person('user', ada.id), again.person('user', ada.id));
    const { rows } = await sql<{ id: string; sealed: string }>`select * from access_risk_states`.execute(database);
    assert.equal(rows.length, 2);
    const dump = rows.map(({ id, sealed }) => id + Buffer.from(sealed, 'base64').toString('latin1')).join();
    for (const planted of ['"Ada"', 'u-ada', '41.1.1.10', 'Firefox']) assert.ok(!dump.includes(planted), planted);
  });

  test(`a session in two countries or two browsers is ended once and its owner told; at home it goes on, on ${name}`, async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    await weeks(rig, 3);
    await append(ledger, [signIn(clock.nowMs(), ada, home, 's-1'), signIn(clock.nowMs(), ada, home, 's-2')]);
    const person = { kind: 'user', ...ada };
    await append(ledger, [use(clock.nowMs(), person, home, 's-1')]);
    clock.advance(60_000);
    await append(ledger, [
      use(clock.nowMs(), person, home, 's-1'),
      use(clock.nowMs(), person, { ...home, address: '42.9.9.9' }, 's-1'),
    ]);
    await append(ledger, [use(clock.nowMs(), person, { ...home, agent: 'curl/8.5.0' }, 's-2')]);
    await catchUp(risk, ledger);
    assert.deepEqual(told(ledger), ['session-travel high Ada', 'session-other-browser high Ada']);
    assert.deepEqual(rig.ended, [
      { userId: ada.id, ids: ['s-1'] },
      { userId: ada.id, ids: ['s-2'] },
    ]);
    assert.deepEqual(rig.messages, [
      'The same session was used from Japan within a minute of India: 5,900 km',
      'The same session was used with curl and with Firefox on Linux',
    ]);
    assert.match(risk.signInsOf(ada.id)[0]?.ended ?? '', /with curl/);
    assert.equal(risk.fact(session('s-9'))?.value, 0, 'another session of hers is at no risk for it');
  });

  test(`"not me" ends the other sessions, asks for a new password and is critical; "me" makes it known, on ${name}`, async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    await weeks(rig, 3);
    await append(ledger, [signIn(clock.nowMs(), ada, home, 's-home')]);
    clock.advance(dayMs);
    await append(ledger, [signIn(clock.nowMs(), ada, japan, 's-japan')]);
    await catchUp(risk, ledger);
    const by = { kind: 'user', id: ada.id, name: ada.name, scopes: [], sessionId: 's-home' } as const;
    const [signedIn] = risk.signInsOf(ada.id);
    assert.ok(signedIn);
    assert.equal(signedIn.session, 's-japan');
    await assert.rejects(risk.answer({ by: { ...by, sessionId: 's-japan' }, signIn: signedIn.id, answer: 'me' }), {
      code: 'sign_in_own_answer',
    });
    await assert.rejects(risk.answer({ by: { ...by, id: bob.id }, signIn: signedIn.id, answer: 'me' }), {
      code: 'sign_in_unknown',
    });
    const beganBeforeMs = clock.nowMs();
    await risk.answer({ by, signIn: signedIn.id, answer: 'not-me' });
    const others = { userId: ada.id, exceptId: 's-home', beganBeforeMs };
    assert.deepEqual([rig.ended.at(-1), rig.passwordChanges], [others, [ada.id]]);
    await catchUp(risk, ledger);
    assert.equal(told(ledger).at(-1), 'not-me critical Ada');
    assert.deepEqual(risk.person('user', ada.id)?.known.countries, ['IN'], 'what it brought is unlearnt');
    clock.advance(9 * dayMs);
    await append(ledger, [
      signIn(clock.nowMs(), ada, home, 's-home-2'),
      signIn(clock.nowMs() + dayMs, ada, { ...home, address: '44.1.1.1' }, 's-germany'),
    ]);
    await catchUp(risk, ledger);
    const [inGermany] = risk.signInsOf(ada.id);
    await risk.answer({ by: { ...by, sessionId: 's-home-2' }, signIn: inGermany?.id ?? '', answer: 'me' });
    await catchUp(risk, ledger);
    assert.equal(risk.fact(session('s-germany'))?.value, 0);
    clock.advance(dayMs);
    assert.equal(risk.riskOf(ada, { ...home, address: '44.7.1.1' }).value < 10, true, 'Germany is known');
  });

  test(`what an analyst called expected is known from then on, and its like weighs half, on ${name}`, async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    await weeks(rig, 3);
    await append(ledger, [signIn(clock.nowMs(), ada, japan, 's-japan')]);
    await catchUp(risk, ledger);
    const finding = ledger.events().find(({ classUid }) => classUid === 2004);
    assert.ok(finding && (risk.fact(session('s-japan'))?.value ?? 0) >= 40);
    const alert = { type: 'alert', id: 'a-1' };
    await append(ledger, [
      record(clock.nowMs(), 'alert.update', 3004, alert, {
        disposition: 'expected',
        finding: formatPosition(finding.position),
      }),
    ]);
    await catchUp(risk, ledger);
    assert.equal(risk.fact(session('s-japan'))?.value, 0);
    clock.advance(dayMs);
    assert.equal(risk.riskOf(ada, { ...japan, address: '42.1.2.3' }).value, 0);
    assert.ok(risk.riskOf(ada, { ...home, address: '44.1.1.1' }).value < 30);
  });

  test(`a key used from a new country, a long absence and a reset are told of, and who is deleted is forgotten, on ${name}`, async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    const key = { kind: 'key', id: 'k-1', name: 'backup' };
    await append(ledger, [use(clock.nowMs(), key, { address: '41.1.1.1', agent: '' })]);
    await weeks(rig, 3);
    await append(ledger, [
      use(clock.nowMs(), key, { address: '41.1.1.1', agent: '' }),
      use(clock.nowMs(), key, { address: '42.1.1.1', agent: '' }),
    ]);
    await catchUp(risk, ledger);
    assert.deepEqual(told(ledger), ['key-new-country medium -']);
    assert.ok((risk.fact({ kind: 'key', id: 'k-1' })?.value ?? 0) >= 50);
    clock.advance(94 * dayMs);
    assert.deepEqual(risk.riskOf(ada, home).reasons, ['First sign-in in 97 days']);
    await append(ledger, [record(clock.nowMs(), 'user.reset', 3001, { type: 'user', ...ada })]);
    await catchUp(risk, ledger);
    clock.advance(2 * hourMs);
    const strange = risk.riskOf(ada, { address: '42.1.1.1', agent: 'curl/8' });
    assert.ok(strange.reasons.includes('Signed in 2 hours after the account was reset'));
    await append(ledger, [record(clock.nowMs(), 'user.delete', 3001, { type: 'user', ...ada })]);
    await catchUp(risk, ledger);
    assert.equal(risk.person('user', ada.id), undefined);
  });

  test(`what is erased does not come back on ${name}`, async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    await weeks(rig, 1);
    const [position] = await append(ledger, [signIn(clock.nowMs(), ada, japan, 's-2')]);
    await append(ledger, [signIn(clock.nowMs(), ada, home, 's-3'), signIn(clock.nowMs(), bob, japan, 's-4')]);
    await catchUp(risk, ledger);
    assert.ok(position);
    assert.ok(JSON.stringify(risk.person('user', ada.id)).includes('42.1.1.10'));
    assert.ok((await risk.forget([{ log: position.log, from: position.index, to: position.index + 1 }])) > 0);
    const after = rig.restart();
    await after.projection.load(ledger.head());
    const kept = JSON.stringify(after.person('user', ada.id));
    assert.ok(!kept.includes('42.1.1.10') && !kept.includes('JP') && !kept.includes('Chrome'), kept);
    assert.ok(after.person('user', bob.id));
  });

  test(`ordinary days of many people tell nothing at all on ${name}`, async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    for (let day = 0; day < 30; day += 1) {
      for (let number = 0; number < 12; number += 1) {
        const person = { id: `u-${number}`, name: `person ${number}` };
        // Nine at the office behind one address; three on the road, with a telephone.
        const from =
          number < 9
            ? { address: '41.5.5.5', agent: firefox }
            : { address: `41.${20 + number}.${day}.1`, agent: chrome };
        if ((day + number) % 5 === 0) await append(ledger, [failure(clock.nowMs(), person, from)]);
        await append(ledger, [signIn(clock.nowMs(), person, from, `s-${day}-${number}`)]);
        clock.advance(600_000);
      }
      clock.advance(dayMs - 12 * 600_000);
    }
    await catchUp(risk, ledger);
    assert.deepEqual(told(ledger), []);
  });
});
