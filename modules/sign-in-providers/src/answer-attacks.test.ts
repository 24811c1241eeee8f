// Answers that a provider, somebody between, or another page would have this server take.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Misbehaviour } from '@sallyport/testing/open-id-provider';
import { actionsOf, befriend, browser, cameInAs, codeIs, goThere, openHouse, signIn } from './providers.fixture.ts';
import type { House, Neighbour } from './providers.fixture.ts';

async function settle(work: (house: House, neighbour: Neighbour) => Promise<void>): Promise<void> {
  const open = opened;
  if (open === undefined) throw new Error('There is no database');
  const house = await openHouse(open);
  const neighbour = await befriend(house);
  await using idp = neighbour.idp;
  idp.signInAs({ sub: 's-1', preferred_username: 'grace' });
  await work(house, neighbour);
}

let opened: Parameters<Parameters<typeof forEachDatabase>[0]>[1] | undefined;
forEachDatabase((name, open) => {
  if (name === 'SQLite') opened = open;
});

const refusedTokens: readonly Misbehaviour[] = [
  'wrong-nonce',
  'no-nonce',
  'wrong-issuer',
  'wrong-audience',
  'expired',
  'unsigned',
  'public-key-as-secret',
  'foreign-key',
];

test('an ID token that is wrong in one way makes no session and no account: nonce, issuer, audience, time, none, HS256, foreign key', () =>
  settle(async (house, neighbour) => {
    for (const how of refusedTokens) {
      neighbour.idp.misbehave(how);
      await assert.rejects(signIn(house, neighbour), codeIs('provider_answer_refused'), how);
      assert.equal(actionsOf(house.events).at(-1), 'session.sign-in:provider_answer_refused');
      // Keys looked at a moment ago are not asked for again at once.
      house.clock.advance(0);
    }
    assert.deepEqual(await house.people.people.list(), []);
    neighbour.idp.misbehave(undefined);
    await cameInAs(house, neighbour);
  }));

test('an answer without state, of another issuer, or silent about its issuer although it promised, is refused (RFC 9207)', () =>
  settle(async (house, neighbour) => {
    for (const [how, code] of [
      ['answer-without-state', 'provider_attempt_invalid'],
      ['answer-of-another-issuer', 'provider_answer_refused'],
      ['answer-without-issuer', 'provider_answer_refused'],
    ] as const) {
      neighbour.idp.misbehave(how);
      await assert.rejects(signIn(house, neighbour), codeIs(code), how);
    }
  }));

test('an answer counts once, in the browser that asked, within ten minutes', () =>
  settle(async (house, neighbour) => {
    const providerId = neighbour.provider.id;
    const { attempt, back } = await goThere(house, neighbour);
    const other = await goThere(house, neighbour);
    const hand = (sealed: string | undefined, query: string) =>
      house.flow.return({ providerId, query, attempt: sealed, client: browser });
    // Login CSRF: somebody else's answer in the victim's browser; a cookie of one's own making; another's.
    for (const sealed of [undefined, '', 'AAAA', other.attempt, `${attempt.slice(0, -4)}AAAA`])
      await assert.rejects(hand(sealed, back.search), codeIs('provider_attempt_invalid'));
    const elsewhere = { ...browser, origin: 'http://127.0.0.1:8470' };
    await assert.rejects(
      house.flow.return({ providerId, query: back.search, attempt, client: elsewhere }),
      codeIs('provider_attempt_invalid'),
    );
    assert.equal((await hand(attempt, back.search)).kind, 'sign-in');
    await assert.rejects(hand(attempt, back.search), codeIs('provider_attempt_invalid'));
    house.clock.advance(10 * 60_000);
    await assert.rejects(hand(other.attempt, other.back.search), codeIs('provider_attempt_invalid'));
  }));

test('of two who hand in one answer at once, one comes in', () =>
  settle(async (house, neighbour) => {
    const { attempt, back } = await goThere(house, neighbour);
    const asked = { providerId: neighbour.provider.id, query: back.search, attempt, client: browser };
    const ends = await Promise.allSettled([house.flow.return(asked), house.flow.return(asked)]);
    assert.deepEqual(ends.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  }));

test('a code of another sign-in is worth nothing: it is bound to that one’s verifier (code injection)', () =>
  settle(async (house, neighbour) => {
    const victim = await goThere(house, neighbour);
    const attacker = await goThere(house, neighbour);
    const query = new URLSearchParams(attacker.back.search);
    query.set('code', new URLSearchParams(victim.back.search).get('code') ?? '');
    const asked = { providerId: neighbour.provider.id, query: `?${query}`, attempt: attacker.attempt, client: browser };
    await assert.rejects(house.flow.return(asked), codeIs('provider_answer_refused'));
  }));

test('every way to a provider has S256, state and nonce of its own, and codes alone', () =>
  settle(async (house, neighbour) => {
    const ways = [];
    for (let at = 0; at < 2; at += 1) {
      const asked = { providerId: neighbour.provider.id, purpose: { kind: 'sign-in' }, returnPath: undefined } as const;
      ways.push(new URL((await house.flow.depart({ ...asked, client: browser })).url).searchParams);
    }
    for (const way of ways) {
      assert.equal(way.get('code_challenge_method'), 'S256');
      assert.equal(way.get('response_type'), 'code');
      assert.equal(way.get('redirect_uri'), `http://localhost:8470/sign-in/provider/${neighbour.provider.id}`);
    }
    for (const name of ['state', 'nonce', 'code_challenge']) {
      const values = ways.map((way) => way.get(name) ?? '');
      assert.ok(values.every((value) => value.length >= 43) && values[0] !== values[1], name);
    }
  }));

test('a provider that does not know S256 is not used (PKCE downgrade)', () =>
  settle(async (house, neighbour) => {
    const { issuer } = neighbour.idp;
    neighbour.idp.answerInstead((_request, response) => {
      const endpoints = {
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
      };
      response.end(JSON.stringify({ issuer, ...endpoints, code_challenge_methods_supported: ['plain'] }));
    });
    await assert.rejects(goThere(house, neighbour), codeIs('provider_answer_refused'));
  }));

test('an answer of one provider is not taken for another (mix-up)', () =>
  settle(async (house, honest) => {
    const evil = await befriend(house, { name: 'Evil' });
    await using evilIdp = evil.idp;
    evilIdp.signInAs({ sub: 's-1', preferred_username: 'mallory' });
    const atHonest = await goThere(house, honest);
    const atEvil = await goThere(house, evil);
    // At the other's address; with the other's attempt; the honest code and issuer sent back for the dishonest one.
    for (const [providerId, query, attempt] of [
      [evil.provider.id, atHonest.back.search, atHonest.attempt],
      [honest.provider.id, atHonest.back.search, atEvil.attempt],
    ] as const)
      await assert.rejects(
        house.flow.return({ providerId, query, attempt, client: browser }),
        codeIs('provider_attempt_invalid'),
      );
    const crossed = new URLSearchParams(atHonest.back.search);
    crossed.set('state', new URLSearchParams(atEvil.back.search).get('state') ?? '');
    const before = evilIdp.requests.filter((one) => one === 'POST /token').length;
    await assert.rejects(
      house.flow.return({
        providerId: evil.provider.id,
        query: `?${crossed}`,
        attempt: atEvil.attempt,
        client: browser,
      }),
      codeIs('provider_answer_refused'),
    );
    assert.equal(evilIdp.requests.filter((one) => one === 'POST /token').length, before, 'the code was sent to nobody');
  }));
