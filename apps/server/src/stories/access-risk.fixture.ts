import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { password, textIn, type Access, type Answer, type Inhabitant } from '../access.fixture.ts';
import type { House } from '../house.fixture.ts';

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const waitMs = 20_000;
let access: Access;
let admin: Inhabitant;

/** Asks until it is as wanted: what follows from events comes a moment after them. */
async function until<Found>(ask: () => Promise<Found>, isThere: (found: Found) => boolean): Promise<Found> {
  for (const endMs = Date.now() + waitMs; ; await sleep(100)) {
    const found = await ask();
    if (isThere(found)) return found;
    assert.ok(Date.now() < endMs, JSON.stringify(found));
  }
}

async function signIn(name: string, person: Inhabitant, agent: string): Promise<string> {
  const headers = { 'user-agent': agent };
  const first = await access.call('POST', '/v1/session', { body: { name, password }, headers });
  const ticket = textIn(first.body, 'ticket');
  const answer = await access.call('POST', '/v1/session/totp', { body: { ticket, code: person.nextCode() }, headers });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.cookie ?? '';
}

/** Through the socket of whoever owns the data directory. */
async function asOperator(method: string, path: string, body: object): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socketPath = access.server.operatorSocket ?? '';
  const headers = { host: 'localhost', 'content-type': 'application/json' };
  const outgoing = httpRequest(
    { socketPath, method, path, headers, signal: AbortSignal.timeout(waitMs) },
    (incoming) => {
      incoming.toArray().then((chunks) => resolve(Buffer.concat(chunks).toString()), reject);
    },
  );
  outgoing.on('error', reject);
  outgoing.end(JSON.stringify(body));
  return promise;
}

function listIn(answer: Answer, name: string): Record<string, unknown>[] {
  const list = answer.body[name];
  assert.ok(Array.isArray(list), JSON.stringify(answer.body));
  return list;
}

export function accessRiskStory(house: () => Promise<House>): void {
  describe('what is unlikely of somebody', () => {
    before(async () => {
      ({ access, ada: admin } = await house());
    });

    test('a session that turns up in another browser ends, its owner reads why, and there is an alert', async () => {
      const person = await access.moveIn('ida', 'viewer', admin);
      const cookie = await signIn('ida', person, firefox);
      const ask = (agent: string) =>
        access.call('GET', '/v1/alerts', { caller: { cookie }, headers: { 'user-agent': agent } });
      assert.equal((await ask(firefox)).status, 200);
      await until(
        () => ask('curl/8.5.0'),
        ({ status }) => status === 401,
      );
      // The session she began with goes on, and says what became of the other.
      const own = await access.call('GET', '/v1/account/sign-ins', { caller: person });
      const [ended] = listIn(own, 'sign_ins');
      assert.equal(ended?.['browser'], 'Firefox on Linux');
      assert.equal(ended['ended'], 'The same session was used with curl and with Firefox on Linux');
      await until(
        () => access.call('GET', '/v1/alerts', { caller: admin }),
        (answer) => JSON.stringify(answer.body).includes('One session in two browsers'),
      );
      const { body } = await access.call('GET', `/v1/access-risk/user/${person.id}`, { caller: admin });
      assert.match(JSON.stringify(body), /used with curl and with Firefox/);
    });

    test('"this was not me" from another session: the others end, and nothing goes on before there is a new password', async () => {
      const person = await access.moveIn('bob', 'viewer', admin);
      const stranger = await signIn('bob', person, 'curl/8.5.0');
      const asStranger = { caller: { cookie: stranger }, headers: { 'user-agent': 'curl/8.5.0' } };
      const own = await until(
        () => access.call('GET', '/v1/account/sign-ins', { caller: person }),
        (answer) => listIn(answer, 'sign_ins').length === 2,
      );
      const id = String(listIn(own, 'sign_ins')[0]?.['id']);
      const path = `/v1/account/sign-ins/${id}/answer`;
      const itself = await access.call('POST', path, { ...asStranger, body: { answer: 'me' } });
      assert.equal(itself.code, 'sign_in_own_answer');
      const other = await access.call('POST', path, { caller: admin, body: { answer: 'not-me' } });
      assert.equal(other.code, 'sign_in_unknown');
      assert.equal((await access.call('POST', path, { caller: person, body: { answer: 'not-me' } })).status, 204);
      assert.equal((await access.call('GET', '/v1/alerts', asStranger)).status, 401);
      assert.equal((await access.call('GET', '/v1/alerts', { caller: person })).code, 'scope_missing');
      const marked = await access.call('GET', '/v1/account/sign-ins', { caller: person });
      assert.equal(marked.body['must_change_password'], true);
      const change = { current: password, password: 'nine loud harbours at dusk' };
      const changed = await access.call('PUT', '/v1/account/password', { caller: person, body: change });
      assert.ok(changed.status < 300, JSON.stringify(changed.body));
      assert.equal((await access.call('GET', '/v1/alerts', { caller: { cookie: changed.cookie ?? '' } })).status, 200);
      await until(
        () => access.call('GET', '/v1/alerts', { caller: admin }),
        (answer) => JSON.stringify(answer.body).includes('this sign-in was not me'),
      );
    });

    test('databases of addresses are taken by the operator of the machine alone, and garbage is refused', async () => {
      const { body } = await access.call('GET', '/v1/geo', { caller: admin });
      assert.match(JSON.stringify(body), /"kind":"country","origin":"bundled"/);
      const refused = await access.call('POST', '/v1/geo', { caller: admin, body: { file: '/etc/passwd' } });
      assert.equal(refused.code, 'geo_operator_only');
      const local = await asOperator('POST', '/v1/geo', { file: '/etc/passwd' });
      assert.match(local, /geo_file_refused/);
      assert.ok(!local.includes('root'));
    });
  });
}
