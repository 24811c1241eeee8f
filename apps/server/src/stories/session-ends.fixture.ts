import assert from 'node:assert/strict';
import { get, type IncomingMessage } from 'node:http';
import { before, describe, test } from 'node:test';
import { openWebSocket, type SocketClient } from '@sallyport/testing/web-socket';
import { password, textIn, type Access, type Inhabitant } from '../access.fixture.ts';
import type { House } from '../house.fixture.ts';

let access: Access;
let ada: Inhabitant;
let origin: string;

/** A reply that goes on, as the console keeps one open. */
function openStream(cookie: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = get(`${origin}/v1/live`, { headers: { origin, cookie, 'x-sallyport': '1' } }, (response) => {
      response.on('error', () => undefined).resume();
      resolve(response);
    });
    asked.on('error', reject);
  });
}

function closed(stream: IncomingMessage): Promise<void> {
  return new Promise((resolve) => stream.once('close', resolve));
}

function openSocket(cookie: string): Promise<SocketClient> {
  return openWebSocket({ url: `${origin.replace('http', 'ws')}/v1/cameras/live`, headers: { origin, cookie } });
}

async function sessionOf(person: Inhabitant): Promise<string> {
  const { body } = await access.call('GET', '/v1/session', { caller: person });
  const { session } = body;
  return typeof session === 'object' && session !== null ? textIn({ ...session }, 'id') : '';
}

const ways: Readonly<Record<string, (guy: Inhabitant) => Promise<number>>> = {
  'the person signs out': async (guy) => (await access.call('DELETE', '/v1/session', { caller: guy })).status,
  'the person signs out everywhere': async (guy) =>
    (await access.call('DELETE', '/v1/sessions', { caller: guy })).status,
  'an administrator ends it': async (guy) =>
    (await access.call('DELETE', `/v1/sessions/${await sessionOf(guy)}`, { caller: ada })).status,
  'an administrator ends all of theirs': async (guy) =>
    (await access.call('DELETE', `/v1/sessions?user=${guy.id}`, { caller: ada })).status,
  'an administrator disables them': async (guy) =>
    (await access.call('PATCH', `/v1/users/${guy.id}`, { caller: ada, body: { disabled: true } })).status,
  'an administrator resets them': async (guy) =>
    (await access.call('POST', `/v1/users/${guy.id}/reset`, { caller: ada })).status,
  'their role must be bound to a browser now': async () => {
    const roles = [
      { role: 'guard', idle_minutes: 30, lifetime_minutes: 720, max_sessions: 20, browser_key: 'required' },
    ];
    const body = { roles, when_too_many: 'end-oldest' };
    return (await access.call('PUT', '/v1/sessions/policy', { caller: ada, body })).status;
  },
};

export function sessionEndsStory(house: () => Promise<House>): void {
  describe('how sessions end', () => {
    before(async () => {
      ({ access, ada } = await house());
      origin = access.server.address;
    });

    test('whichever way a session ends, its stream and its socket are over within seconds, and the next request is refused', async (t) => {
      for (const [index, [way, end]] of Object.entries(ways).entries()) {
        const guy = await access.moveIn(`Guy ${index}`, 'guard', ada);
        const cookie = guy.cookie ?? '';
        const [stream, socket] = [await openStream(cookie), await openSocket(cookie)];
        assert.equal(stream.statusCode, 200, way);
        const over = closed(stream);
        const startedMs = performance.now();
        assert.ok((await end(guy)) < 300, way);
        const next = await access.call('GET', '/v1/session', { caller: guy });
        assert.deepEqual([next.status, next.code], [401, 'authentication_failed'], way);
        const answeredMs = performance.now() - startedMs;
        await over;
        const streamMs = performance.now() - startedMs;
        await socket.closed;
        const socketMs = performance.now() - startedMs;
        t.diagnostic(
          `${way}: next request refused after ${answeredMs.toFixed(0)} ms, stream over after ${streamMs.toFixed(0)} ms, socket after ${socketMs.toFixed(0)} ms`,
        );
      }
      await access.call('PUT', '/v1/sessions/policy', {
        caller: ada,
        body: { roles: [], when_too_many: 'end-oldest' },
      });
    });

    test('what goes on ends when roles change, and begins again as what they may do now', async () => {
      const guy = await access.moveIn('Role Guy', 'guard', ada);
      const stream = await openStream(guy.cookie ?? '');
      const socket = await openSocket(guy.cookie ?? '');
      const over = closed(stream);
      const change = await access.call('PATCH', `/v1/users/${guy.id}`, { caller: ada, body: { roles: ['viewer'] } });
      assert.equal(change.status, 200);
      await Promise.all([over, socket.closed]);
      const again = await openStream(guy.cookie ?? '');
      assert.equal(again.statusCode, 200);
      again.destroy();
      await assert.rejects(openSocket(guy.cookie ?? ''), /403/);
    });

    test('a cookie that was planted before the sign-in is never the session’s, and gains nothing by it', async () => {
      const guy = await access.moveIn('Planted Guy', 'guard', ada);
      const eve = await access.moveIn('Eve', 'viewer', ada);
      const [name = ''] = (guy.cookie ?? '').split('=');
      for (const planted of [eve.cookie ?? '', `${name}=${'a'.repeat(43)}`, `${name}=; ${name}=x`]) {
        const headers = { cookie: planted };
        const first = await access.call('POST', '/v1/session', { body: { name: 'Planted Guy', password }, headers });
        assert.equal(first.status, 200, planted);
        assert.equal(first.cookie, undefined);
        const wrong = await access.call('POST', '/v1/session/totp', {
          body: { ticket: textIn(first.body, 'ticket'), code: '000000' },
          headers,
        });
        assert.deepEqual([wrong.status, wrong.cookie], [401, undefined]);
      }
      const first = await access.call('POST', '/v1/session', { body: { name: 'Planted Guy', password } });
      const signedIn = await access.call('POST', '/v1/session/totp', {
        body: { ticket: textIn(first.body, 'ticket'), code: guy.nextCode() },
        headers: { cookie: eve.cookie ?? '' },
      });
      assert.equal(signedIn.status, 200, JSON.stringify(signedIn.body));
      assert.match(signedIn.cookie ?? '', /^sallyport=[\w-]{43}$/);
      assert.notEqual(signedIn.cookie, eve.cookie);
      const whoIs = async (cookie: string): Promise<unknown> => {
        const { user } = (await access.call('GET', '/v1/session', { caller: { cookie } })).body;
        return typeof user === 'object' && user !== null && 'name' in user ? user.name : undefined;
      };
      assert.equal(await whoIs(eve.cookie ?? ''), 'Eve');
      assert.equal(await whoIs(signedIn.cookie ?? ''), 'Planted Guy');
    });

    test('no page of another origin makes a session do anything, whatever the verb', async () => {
      const guy = await access.moveIn('Forged Guy', 'guard', ada);
      const forgeries: readonly object[] = [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { 'x-sallyport': '0' },
        { origin: origin.replace(/\d+$/, '1') },
      ];
      const targets = [
        ['POST', '/v1/session/refresh'],
        ['POST', '/v1/session/step-up'],
        ['PUT', '/v1/account/password'],
        ['PATCH', `/v1/users/${guy.id}`],
        ['DELETE', '/v1/session'],
        ['DELETE', '/v1/sessions'],
      ] as const;
      for (const headers of forgeries)
        for (const [method, path] of targets) {
          const { status, code } = await access.call(method, path, { caller: guy, headers });
          assert.deepEqual([status, code], [403, 'csrf_refused'], `${method} ${path} ${JSON.stringify(headers)}`);
        }
      const read = await access.call('GET', '/v1/session', {
        caller: guy,
        headers: { 'sec-fetch-site': 'cross-site' },
      });
      assert.deepEqual([read.status, read.code], [403, 'csrf_refused']);
      assert.equal((await access.call('GET', '/v1/session', { caller: guy })).status, 200);
    });
  });
}
