import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findAuthorizationServer } from './discover.ts';
import { createSignInEvents, type SignInEvent } from './sign-in-events.ts';

const root = mkdtempSync(join(tmpdir(), 'sallyport-events-'));
after(() => rmSync(root, { recursive: true, force: true }));
const folderOf = (): string => mkdtempSync(join(root, 'of-'));
const event: SignInEvent = {
  change: 'signed_in',
  atMs: 1,
  server: 'https://a.example/mcp',
  issuer: 'https://a.example',
  scopes: [],
};

test('an issuer whose sign-in could not be put on record is refused, and no such event is kept', async () => {
  for (const issuer of [
    'https://evil.example/a b',
    'https://evil.example/#',
    'https://evil.example/?',
    'https://evil.example/\u001B[2J\u001B]0;x\u0007',
    'https://evil.example/\u202Emoc',
    'https://\u0435vil.example',
    `https://evil.example/${'x'.repeat(900)}`,
  ]) {
    const body = {
      issuer,
      authorization_endpoint: 'https://evil.example/a',
      token_endpoint: 'https://evil.example/t',
      code_challenge_methods_supported: ['S256'],
    };
    const found = findAuthorizationServer({ issuer, from: 'public', ask: async () => ({ status: 200, body }) });
    await assert.rejects(found, /must be shorter, in plain letters|neither credential/, issuer);
    const folder = folderOf();
    if (issuer.length > 900) continue;
    assert.throws(() => createSignInEvents(folder).keep({ ...event, issuer }), /cannot be put on record/);
    assert.deepEqual(readdirSync(folder), []);
  }
});

test('an event nobody can read is put aside and said, and holds up none', async () => {
  const folder = folderOf();
  const said: string[] = [];
  const events = createSignInEvents(folder, { say: (line) => void said.push(line) });
  const name = `event-${'0'.repeat(16)}-${'a'.repeat(16)}.json`;
  writeFileSync(join(folder, name), '{"change":"signed_in","issuer":"https://evil.example/a b"}', { mode: 0o600 });
  events.keep(event);
  const told: SignInEvent[] = [];
  await events.drain(async (some) => Boolean(told.push(...some)));
  assert.deepEqual(told, [event]);
  assert.deepEqual(readdirSync(folder), [`${name}.unreadable`]);
  assert.match(said.join(), /cannot be read/);
});

test('all there is is told before a run ends, the newest of many too, and who comes meanwhile waits for the next', async () => {
  const events = createSignInEvents(folderOf());
  for (let at = 0; at < 250; at += 1)
    events.keep({ ...event, atMs: at, change: at === 249 ? 'signed_in' : 'signed_out' });
  const sizes: number[] = [];
  let isFirst = true;
  let later: Promise<void> | undefined;
  const told: SignInEvent[] = [];
  await events.drain(async (some) => {
    sizes.push(some.length);
    told.push(...some);
    if (isFirst) {
      isFirst = false;
      events.keep({ ...event, atMs: 1000 });
      later = events.drain(async (more) => Boolean(told.push(...more)));
    }
    return true;
  });
  await later;
  assert.deepEqual(sizes, [100, 100, 51]);
  assert.equal(told.at(-1)?.atMs, 1000);
});

test('a run ends where nobody takes what it tells, and the next one tells it again', async () => {
  const events = createSignInEvents(folderOf());
  events.keep(event);
  let calls = 0;
  const no = async (): Promise<boolean> => {
    calls += 1;
    return false;
  };
  await events.drain(no);
  await assert.rejects(
    events.drain(() => Promise.reject(new Error('not now'))),
    /not now/,
  );
  await events.drain(no);
  assert.equal(calls, 2);
});
