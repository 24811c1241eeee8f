import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import fc from 'fast-check';
import {
  actionsOf,
  elsewhere,
  moveIn,
  moveInAdministrator,
  openHouse,
  policy,
  signInWithApp,
  whoIs,
  type House,
} from '../people/people.fixture.ts';
import { createTestBrowser } from './browser.fixture.ts';
import { defaultLimits, defaultPolicy, limitBounds, limitsOf, type RoleLimits } from './session-limits.ts';

const minuteMs = 60_000;
const guard: RoleLimits = { ...defaultLimits('guard'), idleMinutes: 10, lifetimeMinutes: 60 };

function reasonsOf(house: House): unknown[] {
  return house.events.flatMap(({ event }) =>
    event['message'] === 'session.end' ? [JSON.stringify(event).match(/"reason":("[^"]*"|null)/)?.[1]] : [],
  );
}

forEachDatabase((name, open) => {
  test(`${name}: lifetimes are those of the strictest role, and hold for open sessions at once, shorter and longer`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['viewer', 'guard']);
    const by = ada.begun.principal;
    const token = guy.begun.token.reveal();
    house.clock.advance(10 * minuteMs);
    assert.equal(await whoIs(house, token), 'Guy');
    house.clock.advance(10 * minuteMs);
    await house.sessionPolicies.change({ policy: { ...defaultPolicy, roles: [guard] }, by });
    assert.equal(await whoIs(house, token), 'session_idle');
    assert.deepEqual(await house.sessions.recheck(guy.begun.session.id), { refused: 'session_idle' });
    assert.equal((await house.sessions.list(guy.id)).length, 0);
    await house.sessionPolicies.change({ policy: { ...defaultPolicy, roles: [{ ...guard, idleMinutes: 60 }] }, by });
    assert.equal(await whoIs(house, token), 'Guy');
    house.clock.advance(40 * minuteMs);
    assert.equal(await whoIs(house, token), 'session_expired');
    await house.sessionPolicies.change({
      policy: { ...defaultPolicy, roles: [{ ...guard, idleMinutes: 1440, lifetimeMinutes: 1440 }] },
      by,
    });
    // They are a viewer as well.
    assert.equal(await whoIs(house, token), 'session_idle');
    await house.people.change({ id: guy.id, roles: ['guard'], by });
    assert.equal(await whoIs(house, token), 'Guy');
    assert.equal(house.events.filter(({ event }) => event['message'] === 'settings.change').length, 3);
  });

  test(`${name}: another server on the same database follows within five seconds`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['guard']);
    const other = house.again();
    assert.equal(await whoIs(other, guy.begun.token.reveal()), 'Guy');
    house.clock.advance(10 * minuteMs);
    assert.equal(await whoIs(other, guy.begun.token.reveal()), 'Guy');
    house.clock.advance(9 * minuteMs);
    assert.equal((await other.sessionPolicies.read()).roles.length, 0);
    await house.sessionPolicies.change({
      policy: { ...defaultPolicy, roles: [{ ...guard, idleMinutes: 5 }] },
      by: ada.begun.principal,
    });
    house.clock.advance(5000);
    assert.equal(await whoIs(other, guy.begun.token.reveal()), 'session_idle');
  });

  test(`${name}: rules that make no sense, or shut out whoever makes them, are refused`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const by = ada.begun.principal;
    const change = (roles: readonly RoleLimits[]): Promise<unknown> =>
      house.sessionPolicies.change({ policy: { roles, whenTooMany: 'ask' }, by });
    await assert.rejects(change([{ ...guard, role: 'nobody' }]), { code: 'role_unknown' });
    for (const wrong of [
      [guard, guard],
      [{ ...guard, idleMinutes: 61 }],
      [{ ...guard, idleMinutes: 4 }],
      [{ ...guard, idleMinutes: Number.NaN }],
      [{ ...guard, lifetimeMinutes: limitBounds.lifetimeMinutes.most + 1 }],
      [{ ...guard, maxSessions: 0 }],
      [{ ...guard, maxSessions: 1.5 }],
    ])
      await assert.rejects(change(wrong), { code: 'session_limits_invalid' }, JSON.stringify(wrong));
    await assert.rejects(change([{ ...defaultLimits('admin'), browserKey: 'required' }]), {
      code: 'session_limits_lock_out',
    });
    assert.deepEqual(await house.sessionPolicies.read(), defaultPolicy);
    assert.equal(await whoIs(house, ada.begun.token.reveal()), 'Ada');
  });

  test(`${name}: a role that requires the browser's key lets nobody in who pretends to have none, and ends who came before`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['guard']);
    const stream = guy.begun.session.id;
    await house.sessionPolicies.change({
      policy: { ...defaultPolicy, roles: [{ ...defaultLimits('guard'), browserKey: 'required' }] },
      by: ada.begun.principal,
    });
    assert.equal(await whoIs(house, guy.begun.token.reveal()), 'session_unbound');
    assert.deepEqual(await house.sessions.recheck(stream), { refused: 'session_unbound' });
    await assert.rejects(signInWithApp(house, guy), { code: 'browser_key_required' });
    const keyProof = createTestBrowser().show(house.browserKeys.challenge());
    const bound = await signInWithApp(house, guy, { ...elsewhere, keyProof });
    assert.equal(await whoIs(house, bound.token.reveal()), 'Guy');
    assert.equal(await whoIs(house, ada.begun.token.reveal()), 'Ada');
  });

  test(`${name}: one sign-in too many ends the oldest, or asks first and leaves what was shown unused`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['guard']);
    const by = ada.begun.principal;
    const roles = [{ ...defaultLimits('guard'), maxSessions: 2 }];
    await house.sessionPolicies.change({ policy: { roles, whenTooMany: 'end-oldest' }, by });
    const second = await signInWithApp(house, guy);
    const third = await signInWithApp(house, guy);
    assert.equal(await whoIs(house, guy.begun.token.reveal()), 'session_unknown');
    assert.deepEqual(reasonsOf(house), ['"signed in once too often"']);

    await house.sessionPolicies.change({ policy: { roles, whenTooMany: 'ask' }, by });
    house.clock.advance(30_000);
    const step = await house.signIn.withPassword({ name: 'Guy', password: 'seven quiet lanterns', client: elsewhere });
    assert.ok('ticket' in step);
    const go = (client = elsewhere): Promise<unknown> =>
      house.signIn.withCode({ kind: 'totp', ticket: step.ticket, code: guy.code(), client });
    await assert.rejects(go(), { code: 'sessions_exceeded' });
    assert.equal(await whoIs(house, second.token.reveal()), 'Guy');
    await go({ ...elsewhere, endsOldest: true });
    assert.equal(await whoIs(house, second.token.reveal()), 'session_unknown');
    assert.equal(await whoIs(house, third.token.reveal()), 'Guy');
    assert.equal((await house.sessions.list(guy.id)).length, 2);
  });

  test(`${name}: sessions are ended by person, by id and by provider, each with its reason and by whom`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['guard']);
    const more = await signInWithApp(house, guy);
    const cause = { by: { kind: 'system', id: 'access-risk', name: 'access risk' }, reason: 'impossible travel' };
    assert.equal(await house.sessions.endWhere({ sessionIds: [] }, cause), 0);
    assert.equal(await house.sessions.endWhere({ provider: 'okta' }, cause), 0);
    assert.equal(await house.sessions.endWhere({ userId: guy.id, exceptSessionId: more.session.id }, cause), 1);
    assert.equal(await whoIs(house, more.token.reveal()), 'Guy');
    assert.equal(await house.sessions.endWhere({ sessionIds: [more.session.id, 'nobody'] }, cause), 1);
    assert.equal(await whoIs(house, more.token.reveal()), 'session_unknown');
    assert.deepEqual(reasonsOf(house), ['"impossible travel"', '"impossible travel"']);
    assert.equal(actionsOf(house.events).at(-1), 'session.end');

    const provided = (sid: string | undefined, id = 'okta'): Promise<unknown> =>
      house.database.transaction().execute((transaction) =>
        house.admission.admit(transaction, {
          user: { id: guy.id },
          shown: {
            methods: [`provider:${id}`],
            provider: { id, assurance: 2, ...(sid === undefined ? {} : { sessionId: sid }) },
          },
          client: elsewhere,
        }),
      );
    for (const sid of ['s1', 's1', 's2', undefined]) await provided(sid);
    await provided('s1', 'okta2');
    const ended = (which: { provider: string; userId?: string; sid?: string }): Promise<number> =>
      house.sessions.endWhere(which, cause);
    assert.equal(await ended({ provider: 'okta', sid: 's1', userId: ada.id }), 0);
    assert.equal(await ended({ provider: 'okta', sid: 's1' }), 2);
    assert.equal(await ended({ provider: 'okta', sid: 's1' }), 0);
    assert.equal(await ended({ provider: 'okta', userId: guy.id }), 2);
    assert.equal((await house.sessions.list(guy.id))[0]?.provider?.id, 'okta2');
  });
});

test('the strictest limits count, whatever the roles and their order', () => {
  const roles = policy.roles().map(({ id }) => id);
  const limits = fc.record({
    idleMinutes: fc.integer({ min: 5, max: 10_080 }),
    lifetimeMinutes: fc.integer({ min: 15, max: 43_200 }),
    maxSessions: fc.integer({ min: 1, max: 20 }),
    browserKey: fc.constantFrom('allowed' as const, 'required' as const),
  });
  fc.assert(
    fc.property(fc.array(limits, { minLength: 5, maxLength: 5 }), fc.shuffledSubarray(roles), (all, held) => {
      const stored = roles.map((role, index) => ({ role, ...(all[index] ?? defaultLimits(role)) }));
      const { idleMs, lifetimeMs, maxSessions, needsBrowserKey } = limitsOf({ ...defaultPolicy, roles: stored }, held);
      for (const role of held) {
        const alone = limitsOf({ ...defaultPolicy, roles: stored }, [role]);
        assert.ok(idleMs <= alone.idleMs && lifetimeMs <= alone.lifetimeMs && maxSessions <= alone.maxSessions);
        assert.ok(needsBrowserKey || !alone.needsBrowserKey);
      }
    }),
  );
});
