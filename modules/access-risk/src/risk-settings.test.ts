import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Principal } from '@sallyport/platform/http';
import fc from 'fast-check';
import { sql } from 'kysely';
import {
  ada,
  append,
  catchUp,
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
import { defaultSettings, parseSettings } from './risk-settings.ts';

const eva: Principal = { kind: 'user', id: 'u-eva', name: 'Eva', scopes: [] };

forEachDatabase((name, open) => {
  test(`from which risk on what happens is a setting that is tried before it is set, and is recorded (${name})`, async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    await weeks(rig, 4);
    await append(ledger, [
      signIn(clock.nowMs(), ada, { ...home, agent: firefox.replace('Firefox', 'Waterfox') }, 's-1'),
    ]);
    clock.advance(hourMs);
    await append(ledger, [signIn(clock.nowMs(), ada, japan, 's-2')]);
    await catchUp(risk, ledger);
    assert.deepEqual(told(ledger), ['impossible-travel high Ada']);
    const { value } = risk.riskOf(ada, { address: '44.1.1.1', agent: 'curl/8' });
    assert.ok(value >= 20 && value < 100);

    const strict = { ...defaultSettings, tell_from: 10, stronger_from: 20 };
    const preview = risk.preview(strict);
    assert.deepEqual([preview.people, preview.affectedPeople, preview.affected[0]?.name], [1, 1, 'Ada']);
    assert.ok(preview.told.after > preview.told.now && preview.affected[0]?.fewer === 0);
    assert.deepEqual(risk.settings(), defaultSettings, 'nothing is set by looking');
    assert.equal(risk.preview(defaultSettings).affectedPeople, 0);

    const lax = { ...defaultSettings, tell_from: 60, stronger_from: 75, mail: false };
    await risk.changeSettings({ to: lax, by: eva });
    assert.deepEqual(risk.settings(), lax);
    const { unmapped } = JSON.parse(Buffer.from(ledger.events().at(-1)?.body ?? '').toString());
    assert.deepEqual(unmapped.sallyport.details.weakens, ['tell_from', 'stronger_from', 'mail']);
    const again = rig.restart();
    await again.projection.load(ledger.head());
    assert.deepEqual(again.settings(), lax, 'and holds after the next start');
    // Whoever writes to the database gets what came with the product, never less.
    await sql`update access_risk_settings set sealed = ${Buffer.alloc(80).toString('base64')}`.execute(database);
    const attacked = rig.restart();
    await attacked.projection.load(ledger.head());
    assert.deepEqual(attacked.settings(), defaultSettings);
  });

  test(`a session in two hands ends where it is to end, and is told of in any case (${name})`, async () => {
    const { database } = await open();
    const rig = await setUp(database);
    const { clock, ledger, risk } = rig;
    await weeks(rig, 3);
    await catchUp(risk, ledger);
    await risk.changeSettings({ to: { ...defaultSettings, end_when_far_apart: false }, by: eva });
    const person = { kind: 'user', ...ada };
    await append(ledger, [
      signIn(clock.nowMs(), ada, home, 's-1'),
      signIn(clock.nowMs(), ada, home, 's-2'),
      use(clock.nowMs(), person, { ...home, address: '42.9.9.9' }, 's-1'),
      use(clock.nowMs(), person, { ...home, agent: 'curl/8.5.0' }, 's-2'),
    ]);
    await goOn(risk, ledger);
    assert.deepEqual(told(ledger), ['session-travel high Ada', 'session-other-browser high Ada']);
    assert.deepEqual(rig.ended, [{ userId: ada.id, ids: ['s-2'] }]);
    assert.deepEqual(risk.preview(defaultSettings).ended, { now: 1, after: 2 });
  });

  test(`somebody is written to about a sign-in that is odd, once, and not where administrators do without (${name})`, async () => {
    const { database } = await open();
    const asked: object[] = [];
    const rig = await setUp(database);
    const reactions = { ...rig.needs.reactions, tell: async (request: object) => void asked.push(request) };
    const risk = rig.restart({ reactions });
    const { clock, ledger } = rig;
    await weeks(rig, 4);
    await append(ledger, [signIn(clock.nowMs(), ada, home, 's-1')]);
    clock.advance(hourMs / 2);
    const [at] = await append(ledger, [signIn(clock.nowMs(), ada, japan, 's-2')]);
    await catchUp(risk, ledger);
    assert.deepEqual(
      asked.map((one) => ({ ...one, words: undefined })),
      [{ userId: ada.id, about: 'sign-in', signIn: `${at?.log}-${at?.index}`, words: undefined }],
    );
    assert.match(JSON.stringify(asked), /Japan 30 minutes after India/);
    await risk.changeSettings({ to: { ...defaultSettings, mail: false }, by: eva });
    clock.advance(hourMs);
    await append(ledger, [signIn(clock.nowMs(), ada, { ...home, address: '44.2.2.2', agent: 'curl/8' }, 's-3')]);
    await goOn(risk, ledger);
    assert.equal(asked.length, 1);
  });
});

test('no setting switches it off, whatever is asked for', () => {
  const anything = fc.record({
    tell_from: fc.integer({ min: -5, max: 120 }),
    stronger_from: fc.integer({ min: -5, max: 120 }),
    end_when_far_apart: fc.boolean(),
    end_when_other_browser: fc.boolean(),
    mail: fc.boolean(),
  });
  fc.assert(
    fc.property(anything, (settings) => {
      const isSane =
        settings.tell_from >= 10 &&
        settings.tell_from <= 60 &&
        settings.stronger_from >= 20 &&
        settings.stronger_from <= 75 &&
        settings.tell_from <= settings.stronger_from;
      if (isSane) assert.deepEqual(parseSettings(settings), settings);
      else assert.throws(() => parseSettings(settings), { code: 'risk_settings_invalid' });
    }),
  );
  for (const wrong of [undefined, null, {}, { ...defaultSettings, more: 1 }, { ...defaultSettings, tell_from: 25.5 }])
    assert.throws(() => parseSettings(wrong), { code: 'risk_settings_invalid' });
});
