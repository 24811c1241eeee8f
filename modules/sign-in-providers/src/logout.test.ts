import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import { openIdClientId } from '@sallyport/testing/open-id-provider';
import fc from 'fast-check';
import { actionsOf, befriend, cameInAs, codeIs, openHouse, operator } from './providers.fixture.ts';
import type { House, Neighbour } from './providers.fixture.ts';

const eventName = 'http://schemas.openid.net/event/backchannel-logout';

/** What the provider itself would say, with what is to be different. */
function noticeOf(house: House, { idp }: Neighbour, changes: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const now = Math.floor(house.clock.nowMs() / 1000);
  const whole = {
    iss: idp.issuer,
    aud: openIdClientId,
    iat: now,
    exp: now + 120,
    jti: `j-${Math.random()}`,
    sub: 's-1',
  };
  return idp.sign({ ...whole, events: { [eventName]: {} }, ...changes });
}

async function alive(house: House, sessionId = ''): Promise<boolean> {
  return (await house.people.sessions.find(sessionId)) !== undefined;
}

forEachDatabase((name, open) => {
  test(`${name}: when somebody signs out there, that session ends here, and no other`, async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house);
    await using idp = neighbour.idp;
    const say = async (token: string): Promise<number> =>
      house.flow.backChannelLogout({ providerId: neighbour.provider.id, token });
    idp.signInAs({ sub: 's-2', preferred_username: 'hedy' });
    const hedy = await cameInAs(house, neighbour);
    idp.signInAs({ sub: 's-1', preferred_username: 'grace' });
    const first = await cameInAs(house, neighbour);
    const firstSid = sidIn(idp.lastIdToken());
    const second = await cameInAs(house, neighbour);
    assert.equal(await say(await noticeOf(house, neighbour, { sid: firstSid })), 1);
    assert.deepEqual(
      [await alive(house, first.sessionId), await alive(house, second.sessionId), await alive(house, hedy.sessionId)],
      [false, true, true],
    );
    assert.deepEqual(actionsOf(house.events).slice(-2), ['session.end', 'provider.logout']);
    // Of everybody's sessions the ones of one subject; of one session whoever it is.
    assert.equal(await say(await noticeOf(house, neighbour)), 1);
    assert.equal(await alive(house, second.sessionId), false);
    assert.equal(await alive(house, hedy.sessionId), true);
    assert.equal(await say(await noticeOf(house, neighbour, { sub: 'nobody here' })), 0);
  });
});

forEachDatabase((name, open) => {
  if (name !== 'SQLite') return;

  test('with sessions that a provider ends go the programs let in with them; of a session alone only its own', async () => {
    const asked: unknown[] = [];
    const programs = {
      endWhere: async (_transaction: unknown, which: unknown): Promise<number> => {
        asked.push(which);
        return 0;
      },
    };
    const house = await openHouse(open, { programs });
    const neighbour = await befriend(house);
    await using idp = neighbour.idp;
    const { id: providerId } = neighbour.provider;
    idp.signInAs({ sub: 's-1', preferred_username: 'grace' });
    const { id: userId, sessionId } = await cameInAs(house, neighbour);
    const sid = sidIn(idp.lastIdToken());
    const say = async (changes: Readonly<Record<string, unknown>>): Promise<unknown> => {
      await house.flow.backChannelLogout({ providerId, token: await noticeOf(house, neighbour, changes) });
      return asked.at(-1);
    };
    assert.deepEqual(await say({ sub: undefined, sid }), { sessionIds: [sessionId] });
    assert.deepEqual(await say({ sid }), { provider: providerId, userId });
    assert.deepEqual(await say({}), { provider: providerId, userId });
    await house.providers.change({
      id: providerId,
      settings: { isEnabled: false },
      secret: undefined,
      accept: [],
      by: operator,
    });
    assert.deepEqual(asked.at(-1), { provider: providerId });
  });

  test('a logout token is refused when anything about it is wrong, and when it comes a second time', async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house);
    await using idp = neighbour.idp;
    idp.signInAs({ sub: 's-1', preferred_username: 'grace' });
    const { sessionId } = await cameInAs(house, neighbour);
    const say = (token: string): Promise<number> =>
      house.flow.backChannelLogout({ providerId: neighbour.provider.id, token });
    const now = Math.floor(house.clock.nowMs() / 1000);
    const wrong: readonly Readonly<Record<string, unknown>>[] = [
      { iss: 'https://another.example' },
      { aud: 'another' },
      { aud: ['another'] },
      { iat: now - 3600 },
      { iat: now + 3600 },
      { iat: undefined },
      { exp: now - 120 },
      { jti: undefined },
      { events: undefined },
      { events: { 'http://schemas.openid.net/event/another': {} } },
      { events: { [eventName]: true } },
      { nonce: 'n' },
      { sub: undefined },
      { sub: '' },
      { sub: 7 },
      { sid: {} },
    ];
    for (const changes of wrong)
      await assert.rejects(
        say(await noticeOf(house, neighbour, changes)),
        codeIs('logout_token_refused'),
        JSON.stringify(changes),
      );
    // An ID token is none; neither is what somebody else signed.
    await assert.rejects(say(idp.lastIdToken()), codeIs('logout_token_refused'));
    const other = await befriend(house, { name: 'Other' });
    await using otherIdp = other.idp;
    const forged = await otherIdp.sign({
      iss: idp.issuer,
      aud: openIdClientId,
      iat: now,
      jti: 'x',
      sub: 's-1',
      events: { [eventName]: {} },
    });
    await assert.rejects(say(forged), codeIs('logout_token_refused'));
    assert.ok(await alive(house, sessionId));

    const good = await noticeOf(house, neighbour);
    assert.equal(await say(good), 1);
    await cameInAs(house, neighbour);
    await assert.rejects(say(good), codeIs('logout_token_refused'));
  });

  test('any text is no logout token', async () => {
    const house = await openHouse(open);
    const neighbour = await befriend(house);
    await using idp = neighbour.idp;
    const part = fc.oneof(
      fc.string(),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.tuple(part, part, part).map((parts) => parts.join('.')),
        ),
        async (token) => {
          await assert.rejects(
            house.flow.backChannelLogout({ providerId: neighbour.provider.id, token }),
            codeIs('logout_token_refused'),
          );
        },
      ),
      { numRuns: 200 },
    );
    assert.ok(idp.requests.filter((one) => one === 'GET /jwks').length <= 2, 'nonsense costs the provider nothing');
  });
});

function sidIn(token: string): string {
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return typeof claims === 'object' && claims !== null && 'sid' in claims ? String(claims.sid) : '';
}
