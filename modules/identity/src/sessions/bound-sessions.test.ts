import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { forEachDatabase } from '@sallyport/platform/database-testing';
import type { Client, Principal } from '@sallyport/platform/http';
import fc from 'fast-check';
import { sql } from 'kysely';
import {
  actionsOf,
  elsewhere,
  moveIn,
  moveInAdministrator,
  openHouse,
  signInWithApp,
  ticketFor,
  whoIs,
  type House,
  type Inhabitant,
} from '../people/people.fixture.ts';
import type { Admitted } from '../admission/admission.ts';
import type { BegunSession } from './begin-session.ts';
import { createTestBrowser, type TestBrowser } from './browser.fixture.ts';

const minuteMs = 60_000;
const refresh = { method: 'POST', path: '/v1/session/refresh' };

function showing(house: House, browser: TestBrowser, client: Client = elsewhere): Client {
  return { ...client, keyProof: browser.show(house.browserKeys.challenge()) };
}

function signInBound(house: House, person: Inhabitant, browser: TestBrowser): Promise<BegunSession> {
  return signInWithApp(house, person, showing(house, browser));
}

/** As the edge does: lets the token in past its time, asks for the proof, and has it replaced. */
async function refreshed(house: House, token: string, browser: TestBrowser): Promise<string> {
  const answer = await house.sessions.authenticate(token, { background: false, mayBeStale: true });
  if ('refused' in answer) return answer.refused;
  const { principal } = answer;
  const asked = await house.sessions.proveKey({ principal, client: elsewhere, ...refresh, proof: undefined });
  if (asked.isProved) return 'not asked';
  const sessionId = principal.sessionId ?? '';
  const proof = browser.signRequest({ sessionId, ...refresh, challenge: asked.challenge });
  const answered = await house.sessions.proveKey({ principal, client: elsewhere, ...refresh, proof });
  if (!answered.isProved) return 'not proved';
  return (await house.sessions.refresh(sessionId))?.reveal() ?? 'not now';
}

forEachDatabase((name, open) => {
  test(`${name}: a bound session's token dies after five minutes and lives on for whoever has the key`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const browser = createTestBrowser();
    const begun = await signInBound(house, ada, browser);
    assert.match(begun.principal.browserKey ?? '', /^[\w-]{43}$/);
    let token = begun.token.reveal();
    for (let round = 0; round < 4; round += 1) {
      house.clock.advance(5 * minuteMs - 1);
      const answer = await house.sessions.authenticate(token);
      assert.ok('principal' in answer && answer.renewed === undefined);
      house.clock.advance(1);
      assert.equal(await whoIs(house, token), 'session_stale');
      token = await refreshed(house, token, browser);
      assert.equal(await whoIs(house, token), 'Ada');
    }
    assert.deepEqual(await house.sessions.recheck(begun.session.id), begun.principal);
  });

  test(`${name}: whoever copied the cookie gets no further without the key, with another, or with what was signed before`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const [browser, thief] = [createTestBrowser(), createTestBrowser()];
    const { token, session, principal } = await signInBound(house, ada, browser);
    const copied = token.reveal();
    house.clock.advance(5 * minuteMs);
    assert.equal(await refreshed(house, copied, thief), 'not proved');
    assert.equal(actionsOf(house.events).at(-1), 'session.key-proof:key_proof_wrong');
    assert.equal(await whoIs(house, copied), 'session_stale');

    const prove = (proof: string | undefined, as: Principal = principal, request = refresh): Promise<boolean> =>
      house.sessions.proveKey({ principal: as, client: elsewhere, ...request, proof }).then(({ isProved }) => isProved);
    const challenge = async (request = refresh): Promise<string> => {
      const asked = await house.sessions.proveKey({ principal, client: elsewhere, ...request, proof: undefined });
      return asked.isProved ? '' : asked.challenge;
    };
    const signed = { sessionId: session.id, ...refresh };
    const right = browser.signRequest({ ...signed, challenge: await challenge() });
    const answers = await Promise.all([1, 2, 3].map(() => prove(right)));
    assert.equal(answers.filter(Boolean).length, 1);
    assert.equal(await prove(right), false);

    const other = await signInBound(house, await moveIn(house, 'Guy', ['guard']), thief);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const attempts = [
      browser.signRequest({ ...signed, challenge: await challenge({ method: 'DELETE', path: '/v1/users/1' }) }),
      browser.signRequest({ ...signed, method: 'DELETE', challenge: await challenge() }),
      browser.signRequest({ ...signed, path: '/v1/keys', challenge: await challenge() }),
      browser.signRequest({ ...signed, path: `${refresh.path}?user=ada`, challenge: await challenge() }),
      // The form before this one, which said nothing of the body, and what is no digest.
      browser.signRequest({ ...signed, challenge: await challenge() }, { payload: { digest: undefined } }),
      browser.signRequest({ ...signed, challenge: await challenge() }, { payload: { digest: 'x'.repeat(42) } }),
      browser.signRequest({ ...signed, challenge: await challenge() }, { payload: { digest: null } }),
      browser.signRequest({ ...signed, sessionId: other.session.id, challenge: await challenge() }),
      browser.signRequest({ ...signed, challenge: house.browserKeys.challenge() }),
      browser.signRequest({ ...signed, challenge: 'x'.repeat(75) }),
      browser.signRequest({ ...signed, challenge: await challenge() }, { payload: { aud: 'https://evil.example' } }),
      browser.signRequest({ ...signed, challenge: await challenge() }, { header: { typ: 'JWT' } }),
      browser.signRequest({ ...signed, challenge: await challenge() }, { header: { alg: 'none' } }),
      browser.signRequest({ ...signed, challenge: await challenge() }, { header: { alg: 'HS256' } }),
      browser.signRequest({ ...signed, challenge: await challenge() }, { header: { crit: ['b64'], b64: false } }),
      browser.signRequest({ ...signed, challenge: await challenge() }, { signedBy: privateKey }),
      // A key that the proof brings itself counts for nothing.
      thief.show(await challenge(), { payload: { sid: session.id, htm: refresh.method, htu: refresh.path } }),
      browser.show(await challenge()),
      `${right}x`,
      right.replace(/\.[^.]*$/, '.'),
      'x'.repeat(5000),
    ];
    for (const attempt of attempts) assert.equal(await prove(attempt), false, attempt);
    const late = browser.signRequest({ ...signed, challenge: await challenge() });
    house.clock.advance(5 * minuteMs);
    assert.equal(await prove(late), false);
    assert.equal(await prove(browser.signRequest({ ...signed, challenge: await challenge() })), true);
  });

  test(`${name}: tabs that refresh at once get one token; a lost reply costs five seconds; a copy of the old one tells`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const browser = createTestBrowser();
    const first = (await signInBound(house, ada, browser)).token.reveal();
    house.clock.advance(3 * minuteMs);
    const all = await Promise.all([1, 2, 3].map(() => refreshed(house, first, browser)));
    const given = all.filter((answer) => answer !== 'not now');
    assert.equal(given.length, 1);
    // Nobody got it: the old one is good still, and another is given out.
    assert.equal(await whoIs(house, first), 'Ada');
    house.clock.advance(5000);
    const second = await refreshed(house, first, browser);
    assert.equal(await whoIs(house, given[0] ?? ''), 'session_unknown');
    assert.equal(await whoIs(house, second), 'Ada');
    house.clock.advance(minuteMs - 1);
    assert.equal(await whoIs(house, first), 'Ada');
    house.clock.advance(1);
    assert.equal(await whoIs(house, first), 'session_reused');
    assert.equal(await whoIs(house, second), 'session_unknown');
  });

  test(`${name}: refreshing by itself keeps no session awake, and roles that change make tokens stale at once`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const guy = await moveIn(house, 'Guy', ['guard']);
    const browser = createTestBrowser();
    const begun = await signInBound(house, guy, browser);
    await house.people.change({ id: guy.id, roles: ['viewer'], by: ada.begun.principal });
    assert.equal(await whoIs(house, begun.token.reveal()), 'session_stale');
    let token = await refreshed(house, begun.token.reveal(), browser);
    assert.equal(await whoIs(house, token), 'Guy');
    for (let minutes = 0; minutes < 28; minutes += 4) {
      house.clock.advance(4 * minuteMs);
      const answer = await house.sessions.authenticate(token, { background: true, mayBeStale: true });
      assert.ok('principal' in answer);
      token = (await house.sessions.refresh(begun.session.id))?.reveal() ?? '';
    }
    house.clock.advance(2 * minuteMs);
    const idle = await house.sessions.authenticate(token, { background: true, mayBeStale: true });
    assert.deepEqual(idle, { refused: 'session_idle' });
  });

  test(`${name}: a key is shown with a proof that is right, new and for this server, or nobody comes in`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const browser = createTestBrowser();
    const shown = browser.show(house.browserKeys.challenge());
    const withProof = (keyProof: string): Promise<BegunSession> =>
      signInWithApp(house, ada, { ...elsewhere, keyProof });
    assert.equal((await withProof(shown)).session.browserKey?.length, 43);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
    const challenge = (): string => house.browserKeys.challenge();
    const late = browser.show(challenge());
    house.clock.advance(5 * minuteMs);
    const attempts = [
      shown,
      late,
      '',
      'x.y.z',
      browser.show('x'.repeat(75)),
      browser.show(house.browserKeys.requestChallenge({ sessionId: 'a', method: 'POST', path: '/', origin: '' })),
      browser.show(challenge(), { payload: { aud: 'http://localhost:9999' } }),
      browser.show(challenge(), { payload: { htm: 'POST' } }),
      browser.show(challenge(), { signedBy: privateKey }),
      browser.show(challenge(), { header: { alg: 'none' } }),
      browser.show(challenge(), { header: { jwk: { ...rsa } } }),
      browser.show(challenge(), { header: { jwk: privateKey.export({ format: 'jwk' }) }, signedBy: privateKey }),
      browser.show(challenge(), { header: { jwk: { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) } } }),
      browser.show(challenge(), { header: { jwk: null } }),
    ];
    for (const keyProof of attempts)
      await assert.rejects(
        house.browserKeys.verify(house.database, { origin: elsewhere.origin, keyProof }),
        { code: 'key_proof_refused' },
        keyProof.slice(0, 200),
      );
    // A sign-in that is refused for it uses up nothing of what was shown besides.
    house.clock.advance(30_000);
    const ticket = await ticketFor(house, 'Ada');
    const signIn = (keyProof: string): Promise<Admitted> =>
      house.signIn.withCode({ kind: 'totp', ticket, code: ada.code(), client: { ...elsewhere, keyProof } });
    await assert.rejects(signIn(shown), { code: 'key_proof_refused' });
    assert.ok('begun' in (await signIn(browser.show(challenge()))));
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 300 }), fc.base64String({ maxLength: 300 }), async (text, base64) => {
        assert.equal(await house.browserKeys.peek({ origin: elsewhere.origin, keyProof: text }), undefined);
        const parts = `${base64}.${base64}.${text}`;
        assert.equal(await house.browserKeys.peek({ origin: elsewhere.origin, keyProof: parts }), undefined);
      }),
      { numRuns: 50 },
    );
  });

  test(`${name}: signing in anew with the same browser gives up the session it had, and the token of that is good for nothing`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const browser = createTestBrowser();
    const first = await signInBound(house, ada, browser);
    const second = await signInBound(house, ada, browser);
    assert.notEqual(first.token.reveal(), second.token.reveal());
    assert.notEqual(first.session.id, second.session.id);
    assert.equal(first.session.browserKey, second.session.browserKey);
    assert.equal(await whoIs(house, first.token.reveal()), 'session_unknown');
    assert.equal((await house.sessions.list(ada.id)).length, 2);
  });

  test(`${name}: a key that was exchanged in the database, or copied from another row, opens nothing`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const [browser, thief] = [createTestBrowser(), createTestBrowser()];
    const { token, session } = await signInBound(house, ada, browser);
    const own = await signInBound(house, await moveIn(house, 'Eve', ['viewer']), thief);
    const { rows } = await sql<Record<string, unknown>>`select * from identity_sessions`.execute(house.database);
    const stored = JSON.stringify(rows);
    assert.ok(!stored.includes(session.browserKey ?? '?') && !stored.includes(elsewhere.address));
    await sql`update identity_sessions set sealed_key = (select sealed_key from identity_sessions where id = ${own.session.id}) where id = ${session.id}`.execute(
      house.database,
    );
    await assert.rejects(house.sessions.authenticate(token.reveal()));
  });

  test(`${name}: a step-up with a passkey makes the session surer from its next token on, and never less sure`, async () => {
    const house = await openHouse(open);
    const ada = await moveInAdministrator(house);
    const { id } = ada.begun.session;
    const token = await house.sessions.renew(house.database, id, { proof: { methods: ['passkey'], assurance: 3 } });
    const before = await house.sessions.recheck(id);
    assert.ok('assurance' in before && before.assurance === 2);
    const answer = await house.sessions.authenticate(token.reveal());
    assert.ok('principal' in answer);
    assert.deepEqual([answer.principal.assurance, answer.principal.methods], [3, ['password', 'totp', 'passkey']]);
    const again = await house.sessions.renew(house.database, id, {
      proof: { methods: ['password', 'totp'], assurance: 2 },
    });
    await house.sessions.authenticate(again.reveal());
    const after = await house.sessions.recheck(id);
    assert.ok('assurance' in after && after.assurance === 3 && after.methods?.length === 3);
  });
});
