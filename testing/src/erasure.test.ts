// One person erased from the real server: declared, recorded, found, signed away by two, and nowhere afterwards.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isJsonObject } from '@sallyport/contracts';
import { verifyEvidence } from '@sallyport/ledger/evidence';
import { runSallyport } from './command-line.ts';
import { invite, signUpFirst } from './person-under-test.ts';
import { createServerUnderTest } from './server-under-test.ts';
import { eventually } from './waiting.ts';

const server = createServerUnderTest({ environment: { SALLYPORT_DESTRUCTION_WAIT_HOURS: '0' } });
before(async () => server.start());
after(() => server.end());

const name = 'slartibartfast';
const other = 'marvinparanoid';

async function text(path: string): Promise<string> {
  const { status, text: body } = await server.ask({ path });
  assert.equal(status, 200, body);
  return body;
}

async function search(words: string): Promise<readonly { readonly position: string; readonly event: unknown }[]> {
  const { events }: { events: { position: string; event: unknown }[] } = JSON.parse(
    await text(`/v1/events?q=${encodeURIComponent(words)}&limit=100`),
  );
  return events;
}

/** Files below a directory that hold the text, in the clear. */
function holding(directory: string, wanted: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((file) => join(directory, file))
    .filter((file) => {
      const found = statSync(file, { throwIfNoEntry: false });
      return found?.isFile() === true && readFileSync(file).includes(wanted);
    });
}

test('a name that was erased is nowhere: not in search, alerts, exports, files or a backup; every proof still verifies', async () => {
  const ada = await signUpFirst(server, 'Ada');
  const grace = await invite(server, ada, 'Grace');
  for (const person of [ada, grace]) await person.ask('/v1/vault/approvers', {});
  // A third person offers a passkey; it counts when the first two have signed that.
  const carol = await invite(server, ada, 'Carol');
  const offered = String((await carol.ask('/v1/vault/approvers/offer', {}))['id']);
  await ada.sign(offered);
  const isCounting = async (): Promise<boolean> =>
    JSON.stringify(await ada.ask('/v1/vault/approvers')).includes('"name":"Carol"');
  assert.equal(await isCounting(), false);
  await grace.sign(offered);
  await eventually({
    what: 'a third approver',
    timeoutMs: 60_000,
    everyMs: 100,
    look: async () => (await isCounting()) || undefined,
  });
  await assert.rejects(ada.ask('/v1/vault/approvers', { alone: true }), /Cannot do without a second person from here/);
  for (const preset of ['user-names', 'client-addresses'])
    await ada.ask(`/v1/personal-data/declarations/${preset}`, { preset }, 'PUT');

  const elsewhere = join(server.directory, 'elsewhere');
  mkdirSync(elsewhere);
  await ada.ask('/v1/archive/settings', { place: { kind: 'directory', path: elsewhere } }, 'PUT');

  const line = (at: number, what: string, who: string): string =>
    `Nov 22 09:00:0${at} gate sshd[7]: ${what} password for ${who} from 192.0.2.7 port 22 ssh2`;
  const file = join(server.directory, 'auth.log');
  const failures = Array.from({ length: 7 }, (_, at) => line(at, 'Failed', name));
  writeFileSync(file, `${[...failures, line(8, 'Accepted', other)].join('\n')}\n`);
  const environment = {
    ...server.environment,
    SALLYPORT_KEY: server.keys().ingest,
    SALLYPORT_SERVER: server.address(),
  };
  const sent = await runSallyport(['send', file, '--source', 'gate'], environment);
  assert.equal(sent.code, 0, sent.stderr);
  await server.caughtUp();

  const found = await search(name);
  assert.ok(found.length >= 8, `the sign-ins and the finding about them: ${found.length}`);
  const others = (await search(other)).map((one) => one.position);
  assert.ok(others.length > 0);
  const alertsBefore = await text('/v1/alerts');
  assert.match(alertsBefore, new RegExp(name, 'u'));
  const position = found.at(-1)?.position ?? '';
  const shown = verifyEvidence(await text(`/v1/ledger/proof/${position}`));
  assert.equal(shown.ok && JSON.stringify(shown.event).includes(name) && shown.closed === 0, true);
  const backup = join(server.directory, 'backup');
  mkdirSync(backup);
  for (const one of ['control.db', 'control.db-wal']) cpSync(join(server.dataDirectory, one), join(backup, one));

  const about = [{ kind: 'user-name', value: 'Slartibartfast' }];
  const asked = await ada.ask('/v1/personal-data/requests', { kind: 'erasure', about, reason: 'ticket 42' });
  const destruction = isJsonObject(asked['destruction']) ? String(asked['destruction']['id']) : '';
  await ada.sign(destruction);
  assert.ok((await search(name)).length >= 8, 'one signature erases nothing');
  await grace.sign(destruction);

  const request = `/v1/personal-data/requests/${String(asked['id'])}`;
  let seen = '';
  const erased = await eventually({
    what: 'the erasure',
    timeoutMs: 120_000,
    everyMs: 250,
    async look() {
      const answer = await ada.ask(request);
      seen = JSON.stringify([answer, await ada.ask(`/v1/vault/destructions/${destruction}`)]);
      return answer['state'] === 'erased' ? answer : undefined;
    },
    describe: () => seen,
  });
  assert.equal(erased['about'], null);
  assert.ok(Number(erased['forgotten_entries']) >= 8);

  const nowhere = async (): Promise<void> => {
    assert.deepEqual(await search(name), []);
    assert.doesNotMatch(await text('/v1/alerts'), new RegExp(name, 'u'));
    const left = (await search(other)).map((one) => one.position);
    assert.deepEqual(left, others, 'nobody else is concerned');
    const all = await text('/v1/events?limit=500');
    assert.doesNotMatch(all, new RegExp(name, 'iu'));
    assert.match(all, /\[erased\]/u);
    const exported = await ada.ask(`${request}/export`);
    assert.doesNotMatch(JSON.stringify(exported), new RegExp(name, 'iu'));
    const proof = verifyEvidence(await text(`/v1/ledger/proof/${position}`));
    assert.ok(proof.ok, JSON.stringify(proof));
    assert.ok(proof.closed > 0);
    assert.doesNotMatch(JSON.stringify(proof.event), new RegExp(name, 'iu'));
    assert.equal(isJsonObject(proof.event) && proof.event['class_uid'], 3002);
  };
  await nowhere();

  // What proves it, as an auditor reads it: no server, the key of the log from somebody else.
  const certificate = await eventually({
    what: 'the certificate',
    timeoutMs: 120_000,
    everyMs: 250,
    async look() {
      const answer = await server.ask({ path: `/v1/vault/destructions/${destruction}/certificate` });
      return answer.status === 200 ? answer.text : undefined;
    },
  });
  const { logs }: { logs: { verifier_key: string }[] } = JSON.parse(await text('/v1/ledger'));
  const verifierKey = logs[0]?.verifier_key ?? '';
  const saved = join(server.directory, 'certificate.json');
  writeFileSync(saved, certificate);
  const verify = ['vault', 'certificate', 'verify', saved, '--key', verifierKey];
  const verified = await runSallyport(verify, environment);
  assert.equal(verified.code, 0, verified.stderr);
  assert.match(verified.stdout, /Ada and Grace\n +Ada SHA256:\S{43}\n +Grace SHA256:\S{43}\n/u);
  writeFileSync(saved, certificate.replace('ticket 42', 'ticket 43'));
  assert.equal((await runSallyport(verify, environment)).code, 1);
  const kept = readdirSync(elsewhere, { recursive: true, encoding: 'utf8' });
  for (const end of [`${destruction}.destroyed.json`, '.vault'])
    assert.ok(
      kept.some((file) => file.endsWith(end)),
      kept.join(' '),
    );

  // A start from the disk alone, with nothing in any cache.
  await server.stop();
  for (const directory of [server.dataDirectory, backup]) assert.deepEqual(holding(directory, name), []);
  await server.start();
  await server.caughtUp();
  assert.doesNotMatch(await text('/v1/alerts'), new RegExp(name, 'u'));
  assert.deepEqual(await search(name), []);
  const left = (await search(other)).map((one) => one.position);
  assert.deepEqual(left, others);
});
