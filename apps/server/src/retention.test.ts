// One day of long ago, from its first event to the last trace of it: the whole server, its sealer and store, a real witness,
// two people with passkeys.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findingBody, isJsonObject } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { createSoftwareAuthenticator } from '@sallyport/identity/software-authenticator';
import { verifyEvidence } from '@sallyport/ledger/evidence';
import { eventually } from '@sallyport/testing/waiting';
import { createWitnessUnderTest } from '@sallyport/testing/witness-under-test';
import { startAccess } from './access.fixture.ts';
import type { Access, Inhabitant } from './access.fixture.ts';
import { readConfig } from './config.ts';
import { writeFormerLedger } from './former-ledger.fixture.ts';

const dayMs = 86_400_000;
const waitMs = 120_000;
const planted = 'plantedsecretword';
const directory = mkdtempSync(join(tmpdir(), 'sallyport-retention-'));
const witness = await createWitnessUnderTest('witness.example/w1');
const environment = { XDG_CONFIG_HOME: join(directory, 'config'), SALLYPORT_DESTRUCTION_WAIT_HOURS: '0' };
const flags = ['--data', join(directory, 'data')];
let access: Access | undefined;
after(async () => {
  await access?.stop();
  await witness.end();
  rmSync(directory, { recursive: true, force: true });
});

const formerMs = Math.floor(Date.now() / dayMs) * dayMs - 400 * dayMs + dayMs / 2;
const formerDay = new Date(formerMs).toISOString().slice(0, 10);

function event(message: string): Buffer {
  return Buffer.from(
    JSON.stringify({
      class_uid: 1007,
      time: formerMs,
      message,
      device: { hostname: `host-of-${message}` },
      raw_data: message,
    }),
  );
}

function finding(index: number, host: string): Buffer {
  return Buffer.from(
    JSON.stringify(
      findingBody({
        uid: `uid-${host}`,
        title: 'Download with certutil',
        createdAtMs: formerMs,
        level: 'high',
        rule: { id: `rule-${index}`, file: 'bundled/certutil.yml' },
        attacks: [],
        input: { log: 1, index },
        generation: 1,
        matched: [{ field: 'CommandLine', value: `certutil ${host}` }],
        host,
      }),
    ),
  );
}

/** A planted event and a finding about it on one day; long after, something that may stay. */
async function writePast(): Promise<void> {
  const surroundings = { workingDirectory: directory, isTerminal: false };
  await writeFormerLedger(readConfig(environment, flags, surroundings), formerMs, async (ledger, clock) => {
    for (const [order, word] of [planted, 'harmless'].entries()) {
      const [position] = await ledger.append({
        collector: 'intake/web-1',
        priority: 'intake',
        entries: [{ classUid: 1007, sequence: order, body: event(word) }],
      });
      assert.ok(position);
      await ledger.append({
        collector: 'detection',
        priority: 'control',
        retention: 'findings',
        entries: [{ classUid: 2004, sequence: order, body: finding(position.index, word) }],
      });
      clock.advance(390 * dayMs);
    }
  });
}

test('a day that expired is gone everywhere, is counted, and its proof stays', { timeout: 300_000 }, async () => {
  await writePast();
  await witness.serve();
  let house = await start();
  const ada = await house.moveIn('Ada', 'admin');
  const bo = await house.moveIn('Bo', 'admin', ada);
  const ask = async (method: string, path: string, body?: JsonObject, by: Inhabitant = ada): Promise<JsonObject> => {
    const request = { caller: by, ...(body === undefined ? {} : { body }) };
    const answer = await house.call(method, path, request);
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    const value: unknown = JSON.parse(JSON.stringify(answer.body));
    assert.ok(isJsonObject(value));
    return value;
  };

  // Everything is there, and can be proved.
  const before = await until('the past is searchable', async () => {
    const found = await ask('GET', `/v1/events?q=${planted}`);
    return JSON.stringify(found).includes(`host-of-${planted}`) ? found : undefined;
  });
  assert.equal(before['erased'], undefined);
  const alerts = await until('its alert', async () => {
    const found = JSON.stringify(await ask('GET', '/v1/alerts'));
    return found.includes(planted) ? found : undefined;
  });
  assert.match(alerts, /harmless/);
  const evidence = await proof(house, ada, '1/0');
  const verifierKey = String(listIn(await ask('GET', '/v1/ledger'), 'logs')[0]?.['verifier_key']);
  assert.match(await contentOf(evidence, verifierKey), new RegExp(planted));

  // Two people agree to a year, and a witness says what day it is.
  const people = new Map([ada, bo].map((person) => [person, createSoftwareAuthenticator()]));
  const at = { origin: house.server.address.replace('127.0.0.1', 'localhost'), hostName: 'localhost' };
  for (const [person, authenticator] of people) {
    const local = { by: person, at };
    const response = authenticator.create(await locally(house, 'POST', '/v1/account/passkeys/options', local), at);
    await locally(house, 'POST', '/v1/account/passkeys', { ...local, body: { label: 'Key', response } });
    await locally(house, 'POST', '/v1/vault/approvers', { ...local, body: {} });
  }
  await witness.trust(verifierKey);
  await ask('POST', '/v1/ledger/witnesses', { url: witness.url(), verifier_key: witness.verifierKey });
  for (const name of ['findings', 'events']) {
    const { id, stage } = await ask('PUT', `/v1/retention/classes/${name}`, { keep_days: 365, reason: 'a year' });
    assert.equal(stage, 'proposed');
    for (const [person, authenticator] of people) {
      const local = { by: person, at };
      const { passkey } = await locally(house, 'POST', `/v1/vault/destructions/${String(id)}/signing`, local);
      assert.ok(typeof passkey === 'object' && passkey !== null);
      const body = { response: authenticator.use(passkey, at) };
      await locally(house, 'POST', `/v1/vault/destructions/${String(id)}/signatures`, { ...local, body });
    }
  }
  const classOf = async (name: string): Promise<JsonObject> =>
    listIn(await ask('GET', '/v1/retention'), 'classes').find((one) => one['name'] === name) ?? {};
  await until('both policies hold', async () =>
    (await classOf('events'))['keep_days'] === 365 && (await classOf('findings'))['keep_days'] === 365
      ? true
      : undefined,
  );

  // The next start looks what is past its time.
  await house.stop();
  house = await start();
  const erased = await until('everybody has forgotten the day', async () => {
    const found = listIn(await ask('GET', '/v1/retention/erased'), 'erased');
    return found.length >= 2 && found.every((key) => key['forgotten_at'] !== null) ? found : undefined;
  });
  assert.deepEqual(
    erased.map((key) => String(key['label'])).toSorted((a, b) => (a < b ? -1 : 1)),
    [`events/${formerDay}`, `findings/${formerDay}`],
  );

  // Search, counts, the event itself, its alert, the read of the ledger, its proof.
  const found = await ask('GET', `/v1/events?q=${planted}`);
  assert.deepEqual([found['events'], found['erased']], [[], 2]);
  assert.match(JSON.stringify(found['hints']), /2 events of this time were erased/);
  const counted = await ask('GET', `/v1/events/count?to=${new Date(formerMs + dayMs / 2).toISOString()}`);
  assert.deepEqual([counted['count'], counted['erased']], [2, 2]);
  const event = await ask('GET', '/v1/events/1/0');
  assert.deepEqual([event['event'], event['received']], [null, new Date(formerMs).toISOString()]);
  assert.equal((await ask('GET', '/v1/events/count?q=harmless'))['count'], 2);
  const left = JSON.stringify(await ask('GET', '/v1/alerts'));
  assert.doesNotMatch(left, new RegExp(`"host":"${planted}`));
  assert.match(left, /"host":"harmless"/);
  assert.doesNotMatch(JSON.stringify(await ask('GET', '/v1/alerts/1-2')), new RegExp(`certutil ${planted}`));
  assert.equal((await house.call('GET', '/v1/ledger/proof/1/0', { caller: ada })).code, 'erased');
  const events = await classOf('events');
  assert.deepEqual(events['erased'], { days: 1, events: 1 });

  // What somebody kept still proves it, under the same key, and the log it grew into is the same.
  assert.match(await contentOf(evidence, verifierKey), new RegExp(planted));
  assert.match(await contentOf(await proof(house, ada, '1/4'), verifierKey), /harmless/);

  await house.stop();
  access = undefined;
  for (const file of filesIn(join(directory, 'data')))
    assert.ok(!readFileSync(file).includes(planted), `${file} holds the planted word`);
});

async function start(): Promise<Access> {
  access = undefined;
  access = await startAccess(flags, environment);
  return access;
}

function until<Found>(what: string, look: () => Promise<Found | undefined>): Promise<Found> {
  return eventually({ what, timeoutMs: waitMs, everyMs: 200, look });
}

/** By the name passkeys are good for. */
async function locally(
  house: Access,
  method: string,
  path: string,
  request: { by: Inhabitant; at: { origin: string }; body?: unknown },
): Promise<Record<string, unknown>> {
  const { by, at, body } = request;
  const response = await fetch(`${at.origin}${path}`, {
    method,
    headers: {
      origin: at.origin,
      'x-sallyport': '1',
      cookie: by.cookie ?? '',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert.ok(response.status < 300, `${method} ${path}: ${response.status} ${text}\n${house.server.address}`);
  const value: unknown = text === '' ? {} : JSON.parse(text);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

async function proof(house: Access, by: Inhabitant, position: string): Promise<string> {
  const response = await fetch(`${house.server.address}/v1/ledger/proof/${position}`, {
    headers: { cookie: by.cookie ?? '' },
  });
  assert.equal(response.status, 200);
  return response.text();
}

async function contentOf(evidence: string, verifierKey: string): Promise<string> {
  const verified = verifyEvidence(evidence, { verifierKey });
  assert.ok(verified.ok, JSON.stringify(verified));
  return JSON.stringify(verified.event);
}

function listIn(object: JsonObject, name: string): JsonObject[] {
  const list: unknown = object[name];
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

function filesIn(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((name) => join(root, name))
    .filter((path) => statSync(path).isFile());
}
