// Promise 5 and 6: what events hold stands nowhere in the data directory in clear, and no secret does.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { codeOf } from '@sallyport/platform/errors';
import { readMatchedRule, scriptletRule } from './marked-events.ts';
import { listAlerts, searchEverything } from './recorded-events.ts';
import { trySending } from './sending.ts';
import { createServerUnderTest } from './server-under-test.ts';
import type { ServerUnderTest } from './server-under-test.ts';

/** Letters no program writes by chance, and no encoding of a number is like. */
const planted = {
  ordinary: 'Quillfeather8841ordinary',
  fieldName: 'Quillfeather8842fieldname',
  nested: 'Quillfeather8843nested',
  userName: 'Quillfeather8844user',
  hostName: 'Quillfeather8845host',
  commandLine: 'Quillfeather8846command',
  keptRaw: 'Quillfeather8847raw',
  cutShort: 'Quillfeather8848cut',
  comment: 'Quillfeather8849comment',
  cloudTrail: 'Quillfeather8850trail',
  searchedFor: 'Quillfeather8851query',
} as const;

test(
  'what events, comments and searches hold, and every key, is nowhere in the data directory: running, killed and stopped',
  { timeout: 400_000 },
  async (context) => {
    const server = createServerUnderTest();
    context.after(() => server.end());
    await server.start();
    await plant(server);
    await server.caughtUp();
    await readItBack(server);
    const unsealFiles = readdirSync(join(server.environment['XDG_CONFIG_HOME'] ?? '', 'sallyport'));
    assert.equal(unsealFiles.length, 1);
    const unsealFile = join(server.environment['XDG_CONFIG_HOME'] ?? '', 'sallyport', unsealFiles[0] ?? '');
    const { ingest, operator } = server.keys();
    const needles = new Map<string, Buffer>(Object.entries(planted).map(([name, text]) => [name, Buffer.from(text)]));
    for (const [name, token] of Object.entries({ ingest, operator })) {
      // sp_ID_SECRET: the id may be known, the secret not.
      needles.set(`${name} key`, Buffer.from(token.slice(-43)));
    }
    const unsealText = readFileSync(unsealFile, 'utf8').trim();
    needles.set('unseal key', Buffer.from(unsealText));
    needles.set('unseal key as bytes', Buffer.from(unsealText, 'base64'));
    for (const needle of needles.values()) assert.ok(needle.length >= 16);

    assertNowhere(server, needles, 'while it runs');
    // Killed, it leaves write-ahead logs and temporary files as they are.
    server.kill('supervisor', 'server', 'sealer', 'store');
    await server.ended(60_000);
    assertNowhere(server, needles, 'killed');
    await server.start();
    await server.caughtUp();
    await readItBack(server);
    assert.equal(await server.stop(), 0);
    assertNowhere(server, needles, 'stopped');
    const printed = server.output().replaceAll(ingest, '').replaceAll(operator, '');
    for (const [name, needle] of needles) {
      // An alert on the terminal names the host, as it should.
      if (name !== 'hostName') assert.ok(!printed.includes(needle.toString('latin1')), `${name} is printed`);
    }
  },
);

test('a planted string is found in a file, as UTF-8, UTF-16, hexadecimal and base64', (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-planted-'));
  context.after(() => rmSync(directory, { recursive: true }));
  const needles = new Map([['needle', Buffer.from(planted.ordinary)]]);
  for (const encoding of ['utf8', 'utf16le'] as const) {
    const file = join(directory, encoding);
    writeFileSync(file, Buffer.concat([Buffer.alloc(100_001, 200), Buffer.from(planted.ordinary, encoding)]));
    assert.deepEqual(fileHolds(file, needles), ['needle']);
  }
  for (const encoding of ['hex', 'base64'] as const) {
    for (let before = 0; before < 3; before += 1) {
      const text = Buffer.from(`${'x'.repeat(before)}${planted.ordinary} and more`).toString(encoding);
      writeFileSync(join(directory, encoding), text);
      assert.deepEqual(fileHolds(join(directory, encoding), needles), ['needle'], `${encoding} ${before}`);
    }
  }
  writeFileSync(join(directory, 'other'), planted.nested);
  assert.deepEqual(fileHolds(join(directory, 'other'), needles), []);
});

async function plant(server: ServerUnderTest): Promise<void> {
  const rule = readMatchedRule(scriptletRule);
  const lines = [
    JSON.stringify({
      message: planted.ordinary,
      [planted.fieldName]: 1,
      deep: [{ deeper: { deepest: planted.nested } }],
    }),
    JSON.stringify({
      ...rule.event,
      CommandLine: `regsvr32 /i:http://10.0.0.5/${planted.commandLine}.sct scrobj.dll`,
      User: `DOMAIN\\${planted.userName}`,
      Computer: planted.hostName,
    }),
    `this is no JSON: ${planted.keptRaw}`,
    `{"cut": "${planted.cutShort}`,
    JSON.stringify({
      eventVersion: '1.08',
      eventSource: 'signin.amazonaws.com',
      eventName: 'ConsoleLogin',
      eventTime: '2026-01-02T03:04:05Z',
      userIdentity: { type: 'IAMUser', userName: planted.cloudTrail },
    }),
  ];
  const answer = await trySending(server, { source: 'planted', sequence: 0, lines });
  assert.equal(answer.status, 200, answer.text);
  const { accepted, kept_raw: keptRaw }: { accepted: number; kept_raw: number } = JSON.parse(answer.text);
  assert.deepEqual({ accepted, keptRaw }, { accepted: 5, keptRaw: 2 });
  await server.caughtUp();
  const [alert] = await listAlerts(server);
  assert.ok(alert !== undefined, 'the rule matched');
  const changed = await server.ask({
    method: 'PATCH',
    path: `/v1/alerts/${alert.id}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ state: 'acknowledged', comment: `seen: ${planted.comment}` }),
  });
  assert.equal(changed.status, 200, changed.text);
}

/** That it is all there, or its absence on the disk would prove nothing; and the store has worked with it. */
async function readItBack(server: ServerUnderTest): Promise<void> {
  await server.ask({ path: `/v1/events?q=${planted.searchedFor}` });
  await server.ask({ path: `/v1/events/top?field=raw.User` });
  const everything = JSON.stringify(await searchEverything(server));
  for (const [name, text] of Object.entries(planted))
    if (name !== 'searchedFor') assert.ok(everything.includes(text), `${name} can be found through search`);
  const [alert] = await listAlerts(server);
  const details = await server.ask({ path: `/v1/alerts/${alert?.id ?? ''}` });
  assert.ok(details.text.includes(planted.commandLine), 'the alert shows what matched');
}

function assertNowhere(server: ServerUnderTest, needles: ReadonlyMap<string, Buffer>, when: string): void {
  let files = 0;
  for (const entry of entriesBelow(server.dataDirectory)) {
    const path = join(entry.parentPath, entry.name);
    for (const [name, needle] of needles)
      assert.ok(!Buffer.from(path).includes(needle), `${when}: ${name} is in the name of ${path}`);
    if (!entry.isFile()) continue;
    files += 1;
    const found = fileHolds(path, needles);
    assert.deepEqual(found, [], `${when}: ${path} holds ${found.join(', ')}`);
  }
  // The control database, the vault twice, the ledger, the store.
  assert.ok(files > 20, `only ${files} files were looked at`);
  for (const known of ['control.db', 'vault', 'vault-copy', 'ledger', 'store'])
    assert.ok(statSync(join(server.dataDirectory, known)).size > 0, known);
}

/** Of folders that the store merges away while we look, what was there. */
function entriesBelow(directory: string): Dirent[] {
  let entries: Dirent[] = [];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  return entries.flatMap((entry) =>
    entry.isDirectory() ? [entry, ...entriesBelow(join(directory, entry.name))] : [entry],
  );
}

function fileHolds(path: string, needles: ReadonlyMap<string, Buffer>): string[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    // Merged away by the store while we looked.
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
  return [...needles].flatMap(([name, needle]) => (holds(bytes, needle) ? [name] : []));
}

/** Plain, as UTF-16, in hexadecimal, or in base64 at each of the three places a byte can have in it. Not what is compressed. */
function holds(bytes: Buffer, needle: Buffer): boolean {
  return writings(needle).some((writing) => bytes.includes(writing));
}

function writings(needle: Buffer): Buffer[] {
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), needle]).toString('base64');
    // What depends on the neighbours is left out.
    return Buffer.from(text.slice(before === 0 ? 0 : 4, -4));
  });
  return [needle, Buffer.from(needle.toString('latin1'), 'utf16le'), Buffer.from(needle.toString('hex')), ...base64];
}
