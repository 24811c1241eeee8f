import assert from 'node:assert/strict';
import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startAuthorizationServer, type TestAuthorizationServer } from '@sallyport/testing/authorization-server';
import { openGate, rawClient, textIn, type RawClient } from '../gateway.fixture.ts';
import { createHttpServer } from '../http-server.ts';
import { defaultLimits } from '../limits.ts';
import {
  comeBack,
  startProtectedServer,
  testPerson,
  type ProtectedServer,
  type TestPerson,
} from './sign-in.fixture.ts';
import { createSignInEvents, type SignInEvent } from './sign-in-events.ts';
import { createSignInStore } from './sign-in-store.ts';
import { createSignedIn } from './signed-in.ts';

const closing: (() => unknown)[] = [];
let authorization: TestAuthorizationServer;
let remote: ProtectedServer;
before(async () => {
  authorization = await startAuthorizationServer();
  closing.push(() => authorization[Symbol.asyncDispose]());
  remote = await startProtectedServer(authorization);
  closing.push(() => remote.close());
});
after(async () => {
  for (const close of closing.toReversed()) await close();
});

function somebody(): TestPerson {
  const person = testPerson(async (url) => void (await comeBack(await authorization.walk(url))));
  closing.push(() => person.close());
  return person;
}

type Gateway = RawClient & { readonly events: SignInEvent[] };
/** What was put on record of each. */
const recorded = new Map<TestPerson, SignInEvent[]>();

/** A gateway before the server, of the same person. */
async function gateway(person: TestPerson, server: URL = remote.url): Promise<Gateway> {
  const events = recorded.get(person) ?? [];
  recorded.set(person, events);
  const gate = openGate();
  const store = createSignInStore(join(person.environment['XDG_STATE_HOME'] ?? '', 'sallyport'));
  const credential = createSignedIn({
    server,
    name: 'notes',
    store,
    events: createSignInEvents(store.folder),
    tell: async (told) => {
      events.push(...told);
      return true;
    },
    nowMs: () => Date.now(),
  });
  const say = (): void => undefined;
  const behind = createHttpServer({ url: server, credential, maxAnswerBytes: defaultLimits.maxAnswerBytes, say });
  const client = await rawClient(behind, { gate, begin: false });
  closing.push(() => client.relay.close());
  return { ...client, events };
}
/** What another gateway is told when it begins. */
async function begun(person: TestPerson, server?: URL): Promise<string> {
  return JSON.stringify(await (await gateway(person, server)).ask('initialize', hello));
}
const hello = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } };

test('a person signs in once; the gateway uses it, renews it, and says what a person must do where it cannot', async () => {
  const person = somebody();
  const first = await gateway(person);
  const refused = JSON.stringify(await first.ask('initialize', hello));
  assert.match(refused, /nobody is signed in.*a person must run.*sallyport-guard mcp sign-in 'http:\/\/127/);

  assert.equal(await person.run('sign-in', remote.url.href), 0, person.seen.join('\n'));
  assert.match(person.seen.join('\n'), new RegExp(`${authorization.issuer} gives out the token[^]*notes:read`));
  assert.equal(statSync(person.folder).mode & 0o777, 0o700);
  for (const name of readdirSync(person.folder)) assert.equal(statSync(join(person.folder, name)).mode & 0o777, 0o600);

  // The very gateway that was refused goes on.
  assert.match(JSON.stringify(await first.ask('initialize', hello)), /"notes"/);
  assert.deepEqual(
    first.events.map(({ change, server, issuer }) => [change, server, issuer]),
    [['signed_in', remote.url.href, authorization.issuer]],
  );
  first.relay.fromClient({ kind: 'notification', method: 'notifications/initialized', params: {} });
  await first.ask('tools/list');
  assert.match(textIn(await first.call('list_notes')), /milk/);

  // Its tokens are over: many calls at once ask for new ones once.
  const asked = authorization.forms.length;
  authorization.endAccess();
  const answers = await Promise.all(Array.from({ length: 10 }, () => first.call('list_notes')));
  for (const answer of answers) assert.match(textIn(answer), /milk/);
  const renewals = authorization.forms.slice(asked);
  assert.deepEqual(
    renewals.map((form) => form.get('grant_type')),
    ['refresh_token'],
  );
  assert.equal(renewals[0]?.get('resource'), remote.url.href);

  assert.equal(await person.run('sign-ins'), 0);
  assert.match(person.seen.at(-1) ?? '', /notes: http.*signed in, renewed by itself, by http.* for notes:read/);
  assert.equal(await person.run('sign-out', 'notes'), 0);
  assert.match(person.seen.at(-1) ?? '', /took them back/);
  assert.match(textIn(await first.call('list_notes')), /nobody is signed in/);
  assert.equal(first.events.at(-1)?.change, 'signed_out');
});

test('two gateways that renew at once use one refresh token once, and both go on', async () => {
  const person = somebody();
  assert.equal(await person.run('sign-in', remote.url.href), 0, person.seen.join('\n'));
  const both = [await gateway(person), await gateway(person)];
  for (const one of both) {
    await one.ask('initialize', hello);
    one.relay.fromClient({ kind: 'notification', method: 'notifications/initialized', params: {} });
    await one.ask('tools/list');
  }
  const asked = authorization.forms.length;
  authorization.endAccess();
  for (const answer of await Promise.all(both.map((one) => one.call('list_notes'))))
    assert.match(textIn(answer), /milk/);
  assert.equal(authorization.forms.length, asked + 1);
});

test('a refresh token that is used up ends the sign-in, which is told; it is not tried again', async () => {
  const person = somebody();
  assert.equal(await person.run('sign-in', remote.url.href), 0);
  assert.match(await begun(person), /"notes"/);
  const file = readdirSync(person.folder).find((name) => !name.startsWith('event')) ?? '';
  const before = person.kept();
  authorization.endAccess();
  assert.match(await begun(person), /"notes"/);
  // Somebody put back what was there before: the server takes all of it for stolen.
  writeFileSync(join(person.folder, file), before, { mode: 0o600 });
  const asked = authorization.forms.length;
  authorization.endAccess();
  assert.match(await begun(person), /the sign-in is over/);
  assert.match(await begun(person), /the sign-in is over/);
  assert.equal(authorization.forms.length, asked + 1);
  assert.deepEqual(
    recorded.get(person)?.map(({ change, reason }) => [change, reason]),
    [
      ['signed_in', undefined],
      ['refresh_failed', 'invalid_grant'],
    ],
  );
  assert.equal(await person.run('sign-in', remote.url.href), 0);
  assert.match(await begun(person), /"notes"/);
});

test('what a server wants beside is asked for with what there was; asking for the same without end is refused', async () => {
  const person = somebody();
  closing.push(() => remote.wants(['notes:read']));
  assert.equal(await person.run('sign-in', remote.url.href), 0);
  remote.wants(['notes:write']);
  assert.match(
    await begun(person),
    /may not do that \(403\).*notes:write.*what it wants is asked for when a person runs/,
  );
  await person.run('sign-ins');
  assert.match(person.seen.at(-1) ?? '', /it wants notes:write: sign in again/);
  assert.equal(await person.run('sign-in', remote.url.href), 0);
  assert.match(person.seen.join('\n'), /new are notes:write/);
  assert.match(await begun(person), /"notes"/);

  remote.wants(['notes:withheld']);
  for (let time = 0; time < 3; time += 1) {
    assert.match(await begun(person), /asked for when a person runs/);
    assert.equal(await person.run('sign-in', remote.url.href), 0);
  }
  assert.match(await begun(person), /another sign-in does not help/);
  assert.equal(await person.run('sign-in', remote.url.href), 2);
  assert.match(person.seen.at(-1) ?? '', /is not content/);
  remote.wants(['notes:read']);
});

test('no token and no code is shown, told or kept anywhere but in its file, and none goes elsewhere', async () => {
  const person = somebody();
  assert.equal(await person.run('sign-in', remote.url.href), 0);
  const client = await gateway(person);
  await client.ask('initialize', hello);
  client.relay.fromClient({ kind: 'notification', method: 'notifications/initialized', params: {} });
  const kept = person.kept();
  const secrets = [...kept.matchAll(/"(?:access|refresh)":"([^"]+)"/g)].map(([, secret]) => secret ?? '');
  assert.equal(secrets.length, 2);
  const code = authorization.forms.findLast((form) => form.has('code'));
  secrets.push(code?.get('code') ?? '', code?.get('code_verifier') ?? '');
  authorization.answerInstead((request, response) => {
    if (!request.url?.startsWith('/token')) return false;
    // A server that gives back what it was sent.
    let sent = '';
    request.on('data', (chunk: Buffer) => (sent += chunk.toString('utf8')));
    request.on('end', () => response.writeHead(500).end(JSON.stringify({ error: sent, error_description: sent })));
    return true;
  });
  authorization.endAccess();
  const failed = await begun(person);
  authorization.answerInstead(undefined);
  assert.match(failed, /cannot be renewed now.*gives no token now \(500\)/);
  await person.run('sign-ins');
  const said = JSON.stringify([person.seen, client.heard, client.said, client.events, client.gate.told, failed]);
  for (const secret of secrets) assert.ok(secret.length > 20 && !said.includes(secret));

  // To another address of the same host nothing goes, nor where it is sent on to.
  const seen = remote.authorizations.length;
  await begun(person, new URL('/mcp?other', remote.url));
  remote.answerInstead((request, response) => {
    if (request.url !== '/mcp') return false;
    response.writeHead(307, { location: new URL('/mcp?elsewhere', remote.url).href }).end();
    return true;
  });
  const moved = await begun(person);
  remote.answerInstead(undefined);
  assert.match(moved, /follows nothing/);
  assert.deepEqual(
    remote.authorizations.slice(seen).filter((sent) => sent !== undefined),
    [],
  );
});

test('a file of sign-ins that others may read, of another server, or damaged is used for nothing', async () => {
  const person = somebody();
  assert.equal(await person.run('sign-in', remote.url.href), 0);
  const name = readdirSync(person.folder).find((one) => !one.startsWith('event')) ?? '';
  const file = join(person.folder, name);
  const good =
    person
      .kept()
      .split('\n')
      .find((line) => line.includes('"access"')) ?? '';
  const says = (): Promise<string> => begun(person);
  const seen = remote.authorizations.length;
  chmodSync(file, 0o640);
  assert.match(await says(), /may be read by others/);
  chmodSync(file, 0o600);
  chmodSync(person.folder, 0o750);
  assert.match(await says(), /must be yours and open to nobody else/);
  chmodSync(person.folder, 0o700);
  writeFileSync(file, good.replace('/mcp', '/other'));
  assert.match(await says(), /is of another server/);
  writeFileSync(file, good.slice(0, 100));
  assert.match(await says(), /is damaged/);
  assert.equal(remote.authorizations.length, seen);
  writeFileSync(file, good);
  assert.match(await says(), /"notes"/);
});

test('nobody signs in without a terminal or without saying yes, and what cannot be recorded is not used', async () => {
  const person = somebody();
  person.types('no');
  const asked = authorization.requests.length;
  assert.equal(await person.run('sign-in', remote.url.href), 2);
  assert.match(person.seen.at(-1) ?? '', /nothing was done/);
  assert.ok(authorization.requests.slice(asked).every((request) => request.startsWith('GET /.well-known')));
  person.isAway();
  assert.equal(await person.run('sign-in', remote.url.href), 2);
  assert.match(person.seen.at(-1) ?? '', /a person must do this at a terminal/);

  const other = somebody();
  assert.equal(await other.run('sign-in', remote.url.href), 0);
  const store = createSignInStore(join(other.environment['XDG_STATE_HOME'] ?? '', 'sallyport'));
  const credential = createSignedIn({
    server: remote.url,
    name: 'notes',
    store,
    events: createSignInEvents(store.folder),
    tell: () => Promise.reject(new Error('the sign-in cannot be recorded')),
    nowMs: () => Date.now(),
  });
  await assert.rejects(credential.bearer(), /cannot be recorded/);
  await assert.rejects(credential.bearer(), /cannot be recorded/);
});

test('many requests at once tell of a sign-in once', async () => {
  const person = somebody();
  assert.equal(await person.run('sign-in', remote.url.href), 0);
  const client = await gateway(person);
  await Promise.all([client.ask('initialize', hello), begun(person), begun(person)]);
  const events = createSignInEvents(person.folder);
  const told: number[] = [];
  events.keep({ change: 'signed_out', atMs: 1, server: 'https://a.example/', issuer: 'https://b.example', scopes: [] });
  const drain = () => events.drain(async (some) => Boolean(told.push(some.length)));
  await Promise.all([drain(), drain(), drain()]);
  await drain();
  assert.deepEqual(told, [1]);
});

test('who signs in each day because tokens end is never locked out; a server that is never content is not given more for ever', async () => {
  const person = somebody();
  const store = createSignInStore(join(person.environment['XDG_STATE_HOME'] ?? '', 'sallyport'));
  const credential = createSignedIn({
    server: remote.url,
    name: 'notes',
    store,
    events: createSignInEvents(store.folder),
    tell: async () => true,
    nowMs: () => Date.now(),
  });
  const signIn = (): Promise<number> => person.run('sign-in', remote.url.href);
  /** As where no refresh tokens are given out. */
  const endTokens = (): Promise<void> =>
    store.change(remote.url, async (now) => {
      assert.ok(now?.signedIn?.tokens !== undefined);
      const { refresh: _none, ...tokens } = now.signedIn.tokens;
      return { signIn: { ...now, signedIn: { ...now.signedIn, tokens } }, value: undefined };
    });
  for (let day = 0; day < 5; day += 1) {
    assert.equal(await signIn(), 0, person.seen.join('\n'));
    await endTokens();
    const used = await credential.bearer();
    await credential.refused({ status: 401, challenge: 'Bearer error="invalid_token", scope="notes:read"', used });
  }
  // Turns do not help: each wish has its count.
  const refused = (scope: string) =>
    credential.refused({ status: 403, challenge: `Bearer error="insufficient_scope", scope="${scope}"`, used: 'x' });
  for (let turn = 0; turn < 3; turn += 1)
    for (const scope of ['notes:write', ...(turn < 2 ? ['notes:read'] : [])]) {
      assert.match((await refused(scope)).advice ?? '', /a person runs/);
      assert.equal(await signIn(), 0, person.seen.join('\n'));
      await credential.refused({ status: 401, challenge: 'Bearer', used: undefined });
    }
  assert.match((await refused('notes:write')).advice ?? '', /does not help/);
  assert.equal(await signIn(), 2);
  assert.match(person.seen.at(-1) ?? '', /3 times and is not content/);
});

test('a token is given out only once its sign-in was told, whichever came while others were told of', async () => {
  const person = somebody();
  assert.equal(await person.run('sign-in', remote.url.href), 0);
  const store = createSignInStore(join(person.environment['XDG_STATE_HOME'] ?? '', 'sallyport'));
  const events = createSignInEvents(store.folder);
  for (let at = 0; at < 120; at += 1)
    events.keep({ change: 'signed_out', atMs: at, server: remote.url.href, issuer: 'https://a.example', scopes: [] });
  const told: string[] = [];
  let again: Promise<unknown> | undefined;
  const credential = createSignedIn({
    server: remote.url,
    name: 'notes',
    store,
    events,
    async tell(some) {
      told.push(...some.map(({ change, atMs }) => `${change} ${atMs}`));
      // Somebody signs in anew, and another request comes, while this is told.
      again ??= person.run('sign-in', remote.url.href).then(async () => {
        const access = await credential.bearer();
        const { signedIn } = store.find(remote.url) ?? {};
        assert.equal(access, signedIn?.tokens?.access);
        assert.ok(told.includes(`signed_in ${signedIn?.sinceMs ?? 0}`));
      });
      return true;
    },
    nowMs: () => Date.now(),
  });
  await credential.bearer();
  assert.ok(told.some((one) => one.startsWith('signed_in')));
  await again;
});

test('a gateway that slept while it renewed keeps nothing of it once another has its lock', async () => {
  const person = somebody();
  assert.equal(await person.run('sign-in', remote.url.href), 0);
  const store = createSignInStore(join(person.environment['XDG_STATE_HOME'] ?? '', 'sallyport'));
  const before = store.find(remote.url);
  const lost = store.change(remote.url, async () => {
    const lock = readdirSync(store.folder).find((name) => name.endsWith('.lock')) ?? '';
    writeFileSync(join(store.folder, lock), 'of another');
    return { value: undefined };
  });
  await assert.rejects(lost, /taken by another gateway/);
  assert.deepEqual(store.find(remote.url), before);
});
