import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { encodeJournalExport } from '@sallyport/log-formats/senders-testing';
import fc from 'fast-check';
import { followChunks } from '../send/follow-chunks.ts';
import type { FilePlace } from '../send/follow-chunks.ts';
import { createTextSplitter } from '../read-events/text-records.ts';
import type { SplitRecord } from '../read-events/record-splitter.ts';
import { startFakeServer } from '../testing/fake-server.ts';
import { run, startMs, type CliRun } from '../testing/run-cli.ts';

const directory = await mkdtemp(join(tmpdir(), 'sallyport-send-logs-'));
const server = await startFakeServer();
after(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});
const file = join(directory, 'some.log');
const state = join(directory, 'state');

beforeEach(async () => {
  server.wipe();
  server.interfere(() => undefined);
  await rm(state, { recursive: true, force: true });
});

function send(args: readonly string[], options: { input?: string; signal?: AbortSignal } = {}): Promise<CliRun> {
  const environment = {
    SALLYPORT_SERVER: server.url,
    SALLYPORT_KEY: server.key,
    XDG_STATE_HOME: state,
    XDG_CONFIG_HOME: directory,
  };
  return run(['send', ...args], { ...options, environment });
}

const failed = 'Oct 11 22:14:15 web-1 sshd[9]: Failed password for root from 203.0.113.7 port 4022 ssh2';

test('a log of lines is guessed, said, and sent line by line; --format and --zone say otherwise', async () => {
  await writeFile(file, gzipSync(`${failed}\r\n\n  \n${failed} again\n`));
  const guessed = await send([file]);
  assert.equal(guessed.exitCode, 0, guessed.stderr);
  assert.match(guessed.stderr, /some\.log: taken as lines, the first is syslog_rfc3164: begins with a time/);
  assert.deepEqual([...server.events.values()], [failed, `${failed} again`]);
  assert.match(server.requests.at(-1) ?? '', /format=lines/);
  const told = await send([file, '--source', 'web', '--format', 'syslog', '--zone', '+05:30']);
  assert.equal(told.exitCode, 0, told.stderr);
  assert.match(server.requests.at(-1) ?? '', /format=syslog&zone=%2B05%3A30/);
  assert.doesNotMatch(told.stderr, /taken as/);
  assert.equal((await send([file, '--zone', 'CET'])).exitCode, 2);
});

test('rows of Zeek go with their headers in every request, and records of an audit event go together', async () => {
  const head = '#separator \\x09\n#path\tdns\n#fields\tts\tquery\n#types\ttime\tstring\n';
  await writeFile(file, `${head}1.0\ta\n1.1\tb\n1.2\tc\n#close\t2025\n`);
  const zeek = await send([file, '--batch', '2']);
  assert.equal(zeek.exitCode, 0, zeek.stderr);
  assert.match(zeek.stderr, /taken as zeek/);
  assert.deepEqual([...server.events.values()], ['1.0\ta', '1.1\tb', '1.2\tc']);
  server.wipe();
  const record = (type: string, serial: number): string => `type=${type} msg=audit(1.0:${serial}): a=b`;
  const lines = [
    record('SYSCALL', 1),
    record('SYSCALL', 2),
    record('PATH', 1),
    record('PROCTITLE', 1),
    record('PROCTITLE', 2),
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const audit = await send([file, '--batch', '1']);
  assert.equal(audit.exitCode, 0, audit.stderr);
  assert.deepEqual(
    [...server.events.values()],
    [[lines[0], lines[2], lines[3]].join('\n'), [lines[1], lines[4]].join('\n')],
  );
});

test('an export of the journal goes as JSON, binary fields and all', async () => {
  const entry = encodeJournalExport([
    ['__CURSOR', 's=1'],
    ['MESSAGE', 'two\nlines'],
    ['B', Uint8Array.of(255)],
  ]);
  await writeFile(file, Buffer.concat([entry, entry]));
  const { exitCode, stderr } = await send([file]);
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual([...server.events.values()], Array(2).fill('{"__CURSOR":"s=1","MESSAGE":"two\\nlines","B":[255]}'));
});

test('however a text is cut into chunks, its records are the same, and no line is lost', () => {
  const line = fc.constantFrom(
    'a b',
    '',
    ' ',
    'type=SYSCALL msg=audit(1.0:1): a=b',
    'type=PROCTITLE msg=audit(1.0:1): x',
    '#fields\tts',
    '1\t2',
    '<Event>',
    '</Event>',
  );
  const texts = (records: readonly SplitRecord[]): string[] =>
    records.map((record) => (record.kind === 'oversize' ? 'oversize' : record.bytes.toString()));
  fc.assert(
    fc.property(
      fc.constantFrom('lines', 'auditd', 'zeek', 'windows_event_xml', 'journal_export'),
      fc.array(line),
      fc.array(fc.nat(20)),
      (format, lines, cuts) => {
        const body = Buffer.from(lines.join('\n'));
        const split = (pieces: readonly number[]): string[] => {
          const splitter = createTextSplitter(format, 1 << 20);
          const records: SplitRecord[] = [];
          let at = 0;
          for (const cut of [...pieces, body.length]) {
            records.push(...splitter.push(body.subarray(at, at + cut)));
            at = Math.min(body.length, at + cut);
          }
          return texts([...records, ...splitter.end()]);
        };
        assert.deepEqual(split(cuts), split([]));
        if (format === 'lines' || format === 'auditd')
          assert.deepEqual(
            split(cuts)
              .flatMap((text) => text.split('\n'))
              .toSorted(),
            lines.filter((text) => text.trim() !== '').toSorted(),
          );
      },
    ),
  );
});

test('standard input is sent to its end, under numbers of its own', async () => {
  const { exitCode, stdout, stderr } = await send(['-', '--batch', '2'], { input: `${failed}\n${failed}\nlast` });
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^sent 3 events.* from standard input as stdin\n$/);
  assert.deepEqual([...server.events.values()], [failed, failed, 'last']);
  // The time in microseconds: a later run shares none.
  assert.deepEqual([...server.events.keys()][0], `stdin ${startMs * 1000}`);
});

/** What was followed, while `steps` happen one after another, each when there is nothing more to read. */
async function followed(
  place: FilePlace | undefined,
  steps: readonly (() => Promise<unknown>)[],
): Promise<{ text: string; place: FilePlace }> {
  let text = '';
  let last: FilePlace = place ?? { file: '', offset: 0 };
  const waiting = [...steps];
  const done = new Error('done');
  try {
    for await (const part of followChunks(file, place, async () => {
      const step = waiting.shift();
      if (step === undefined) throw done;
      await step();
    })) {
      if (part.kind === 'chunk') {
        text += part.bytes.toString();
        last = { file: part.file, offset: part.offset + part.bytes.length };
      } else if (part.kind === 'ended') text += '|';
    }
  } catch (error) {
    if (error !== done) throw error;
  }
  return { text, place: last };
}

test('a file is followed as it grows, over renaming and cutting short, and from where it was left', async () => {
  await rm(file, { force: true });
  const first = await followed(undefined, [
    () => writeFile(file, 'one\n'),
    () => appendFile(file, 'two\n'),
    async () => {
      await appendFile(file, 'three\n');
      await rename(file, `${file}.1`);
    },
    () => writeFile(file, 'four\n'),
    () => truncate(file, 0),
    () => appendFile(file, 'five\n'),
  ]);
  assert.equal(first.text, 'one\ntwo\nthree\n|four\n|five\n');
  await appendFile(file, 'six\n');
  await rename(file, `${file}.2`);
  await writeFile(file, 'seven\n');
  assert.equal((await followed(first.place, [])).text, 'six\n|seven\n');
});

test('send --follow sends what is written, and goes on behind it the next time', async () => {
  await writeFile(file, `${failed}\n${failed} 2\nhalf`);
  const interrupt = new AbortController();
  const following = send([file, '--follow', '--source', 'web'], { signal: interrupt.signal });
  while (server.events.size < 2) await new Promise((resolve) => setImmediate(resolve));
  interrupt.abort();
  assert.equal((await following).exitCode, 130);
  await appendFile(file, ' a line\n');
  const again = new AbortController();
  const second = send([file, '--follow', '--source', 'web'], { signal: again.signal });
  while (![...server.events.values()].includes('half a line')) await new Promise((resolve) => setImmediate(resolve));
  again.abort();
  await second;
  assert.deepEqual([...server.events.values()], [failed, `${failed} 2`, 'half a line']);
  assert.equal((await send([file, '--follow'])).exitCode, 2);
});
