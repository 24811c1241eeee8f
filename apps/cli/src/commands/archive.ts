import { resolve } from 'node:path';
import type { JsonValue } from '@sallyport/contracts';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { createProgress } from '../progress.ts';
import { readBoundedFile } from '../regular-file.ts';
import { asTyped, counted, grouped, jsonLine, shortText, styled } from '../terminal.ts';
import { fetchFromBucket } from './archive-fetch.ts';
import type { FetchOptions } from './archive-fetch.ts';
import { restoreFromDirectory, verifyDirectory } from './archive-offline.ts';
import type { OfflineOptions, RestoreOptions } from './archive-offline.ts';
import { jsonBody, openOperatorClient, withConnection, type ConnectionOptions } from './connection.ts';

type Options = ConnectionOptions & { data?: string; json?: true };
type VerifyOptions = Options & OfflineOptions & { deep?: true };
type SetOptions = Options & { directory?: string; settings?: string };

const lookAgainAfterMs = 200;
const mostSettingsBytes = 64 * 1024;

export function addArchiveCommands(program: Command, needs: CliNeeds): void {
  const archive = program
    .command('archive')
    .description('what of the ledger and its keys is kept elsewhere: how far, checked, brought back')
    .summary('the copy of the ledger elsewhere');
  const add = (name: string): Command =>
    withConnection(archive.command(name))
      .option('--data <dir>', 'data directory of the server on this machine (SALLYPORT_DATA, else ./data)')
      .option('--json', 'print JSON');
  add('status')
    .description('where the ledger is archived, how far, and what was found wrong')
    .action((options: Options) => printStatus(options, needs));
  add('set')
    .description('archive into a directory on another disk, or into the bucket that a file of settings describes')
    .option('--directory <dir>', 'on another disk or a mounted share; locks nothing')
    .option('--settings <file>', 'JSON as PUT /v1/archive/settings takes it; "-" reads it from standard input')
    .action((options: SetOptions) => setPlace(options, needs));
  add('now')
    .description('archive everything recorded so far, without waiting until there is more')
    .action((options: Options) => archiveNow(options, needs));
  // Its --key would be an API key here and a log's there: what is offline asks for none.
  archive
    .command('verify')
    .description('ask the archive for every file anew; with --directory check a downloaded copy of it, offline')
    .option('--deep', 'read every byte, which a store may charge for')
    .option('--directory <dir>', 'a copy of the archive: the directory that has ledger/ in it')
    .option('--key <vkey...>', 'with --directory: verifier keys of the logs, or files holding them')
    .option('--data <dir>', 'data directory of the server on this machine (SALLYPORT_DATA, else ./data)')
    .option('--json', 'print JSON')
    .action((options: VerifyOptions) => verify(options, needs));
  archive
    .command('fetch')
    .description(
      'bring an archive from its bucket to this machine, without a server; run again, it goes on where it stood',
    )
    .requiredOption('--from <s3url>', 's3://bucket/prefix')
    .requiredOption('--to <dir>', 'where the copy goes')
    .option('--region <name>', 'of the bucket (AWS_REGION)')
    .option('--endpoint <url>', 'of a store that is not Amazon’s')
    .option('--ca <file>', 'certificate its own leads to, when no public authority vouches for it')
    .option('--credentials <file>', 'JSON with id and secret of an access key, else as AWS tools find theirs')
    .option('--json', 'print JSON')
    .action((options: FetchOptions) => fetchFromBucket(options, needs));
  archive
    .command('restore')
    .description('bring a downloaded archive back to a data directory that has no ledger, after it was checked')
    .requiredOption('--directory <dir>', 'a copy of the archive: the directory that has ledger/ in it')
    .requiredOption('--to <dir>', 'the data directory')
    .option('--key <vkey...>', 'verifier keys of the logs, or files holding them')
    .option('--beyond', 'also what follows the newest checkpoint, which nothing proves')
    .action(async (options: RestoreOptions) => {
      await restoreFromDirectory(options, needs);
    });
}

async function printStatus(options: Options, needs: CliNeeds): Promise<void> {
  const report = await request(options, needs, { path: '/v1/archive' });
  if (options.json === true) needs.stdout.write(`${jsonLine(report)}\n`);
  else writeStatus(report, needs);
}

function writeStatus(report: JsonValue, { stdout, stderr, configuration }: CliNeeds): void {
  if (field(report, 'on') !== true) {
    stdout.write('No archive: what is on this machine is lost with it\n');
    stderr.write(
      `hint: ${asTyped('sallyport archive set --directory /mnt/elsewhere', configuration.command)}, or a bucket with Object Lock (docs/archive.md)\n`,
    );
    return;
  }
  const lock = textField(report, 'lock') ?? 'none';
  stdout.write(
    `${shortText(textField(report, 'place') ?? '', 300)}  ${lock === 'none' ? 'locks nothing' : `locked (${lock})`}\n`,
  );
  const failure = field(report, 'failure');
  const state = textField(report, 'state') ?? '';
  const words: Readonly<Record<string, string>> = {
    archiving: 'archiving',
    paused: 'waits while much is being recorded',
    waiting: isBegun(report)
      ? 'everything due is archived'
      : `nothing is archived yet: it begins by itself, or at once with ${asTyped('sallyport archive now', configuration.command)}`,
    failing: `FAILS: ${shortText(textField(failure, 'message') ?? '', 300)}`,
  };
  stdout.write(`  ${styled(stdout, state === 'failing' ? 'red' : 'green', words[state] ?? shortText(state, 20))}\n`);
  for (const log of listField(report, 'logs')) {
    const entries = numberField(log, 'entries') ?? 0;
    const archived = numberField(log, 'archived') ?? 0;
    const waiting = textField(log, 'waiting_since');
    const rest = waiting === undefined ? '' : `, the first of the rest from ${shortText(waiting, 30)}`;
    stdout.write(`  log ${numberField(log, 'log') ?? 0}: ${grouped(archived)} of ${grouped(entries)} entries${rest}\n`);
  }
  if (field(report, 'late') === true)
    stdout.write(`  ${styled(stdout, 'red', 'it is further behind than it may be')}\n`);
  const count = (name: string): string => grouped(numberField(report, name) ?? 0);
  stdout.write(
    `  ${counted(numberField(report, 'files') ?? 0, 'file')}, ${count('bytes')} bytes, ${count('held')} under legal hold\n`,
  );
  const checked = textField(report, 'all_checked_since');
  if (checked !== undefined) stdout.write(`  each was asked for since ${shortText(checked, 30)}\n`);
  for (const file of listField(report, 'troubled'))
    stdout.write(`  ${styled(stdout, 'red', '✘')} ${shortText(textField(file, 'problem') ?? '', 400)}\n`);
  for (const gap of listField(report, 'not_promised'))
    if (typeof gap === 'string') stdout.write(`  not promised: ${shortText(gap, 300)}\n`);
}

function isBegun(report: JsonValue): boolean {
  return listField(report, 'logs').some((log) => (numberField(log, 'archived') ?? 0) > 0);
}

async function setPlace(options: SetOptions, needs: CliNeeds): Promise<void> {
  const body = await settingsFrom(options, needs);
  const report = await request(options, needs, {
    method: 'PUT',
    path: '/v1/archive/settings',
    body,
    headers: { 'content-type': 'application/json' },
  });
  if (options.json === true) needs.stdout.write(`${jsonLine(report)}\n`);
  else writeStatus(report, needs);
}

async function settingsFrom({ directory, settings }: SetOptions, needs: CliNeeds): Promise<Buffer> {
  if ((directory === undefined) === (settings === undefined))
    throw new CliError('usage', 'Cannot set the archive: give either --directory or --settings');
  if (directory !== undefined)
    return Buffer.from(JSON.stringify({ place: { kind: 'directory', path: resolve(directory) } }));
  if (settings === '-') return needs.standardInput(mostSettingsBytes);
  return readBoundedFile(settings ?? '', mostSettingsBytes);
}

async function archiveNow(options: Options, needs: CliNeeds): Promise<void> {
  let report = await request(options, needs, { method: 'POST', path: '/v1/archive/rounds' });
  const wanted = new Map(
    listField(report, 'logs').map((log) => [numberField(log, 'log'), numberField(log, 'entries') ?? 0]),
  );
  const isDone = (): boolean =>
    listField(report, 'logs').every(
      (log) => (numberField(log, 'archived') ?? 0) >= (wanted.get(numberField(log, 'log')) ?? 0),
    );
  while (!isDone()) {
    if (textField(report, 'state') === 'failing') {
      const message = shortText(textField(field(report, 'failure'), 'message') ?? 'unknown', 500);
      throw new CliError('request_refused', message, { hint: 'it is tried again by itself' });
    }
    await needs.wait(lookAgainAfterMs, needs.signal);
    report = await request(options, needs, { path: '/v1/archive' });
  }
  if (options.json === true) needs.stdout.write(`${jsonLine(report)}\n`);
  else writeStatus(report, needs);
}

async function verify(options: VerifyOptions, needs: CliNeeds): Promise<void> {
  if (options.directory !== undefined) return verifyDirectory(options.directory, options, needs);
  if (options.key !== undefined)
    throw new CliError('usage', 'Cannot verify with --key alone: it is for a copy named with --directory');
  const progress = createProgress(needs.stderr, needs.clock);
  let report = await request(options, needs, {
    method: 'POST',
    path: '/v1/archive/verifications',
    ...jsonBody({ deep: options.deep === true }),
  });
  let state = field(report, 'verification');
  while (state === null || state === undefined || textField(state, 'state') === 'running') {
    const total = Math.max(1, numberField(state, 'total') ?? 1);
    progress.show((numberField(state, 'done') ?? 0) / total, 'files');
    await needs.wait(lookAgainAfterMs, needs.signal);
    report = await request(options, needs, { path: '/v1/archive' });
    state = field(report, 'verification');
  }
  progress.clear();
  if (options.json === true) needs.stdout.write(`${jsonLine(state)}\n`);
  const done = grouped(numberField(state, 'done') ?? 0);
  const problems = listField(state, 'problems');
  for (const problem of problems) needs.stderr.write(`${shortText(textField(problem, 'message') ?? '', 500)}\n`);
  if (textField(state, 'state') === 'failed')
    throw new CliError(
      'incomplete',
      `Cannot check the archive to its end: ${shortText(textField(state, 'error') ?? '', 500)}`,
    );
  if (problems.length > 0)
    throw new CliError('not_verified', `${problems.length} of ${done} files are not as they were kept`);
  if (options.json !== true)
    needs.stdout.write(
      `${styled(needs.stdout, 'green', '✔')} all ${done} files are as they were kept${options.deep === true ? ', every byte of them read' : ': their sums and locks; --deep reads their bytes too'}\n`,
    );
  const unknown = numberField(state, 'unknown') ?? 0;
  if (unknown > 0) needs.stderr.write(`hint: ${grouped(unknown)} files there are not of this server\n`);
}

type Request = { method?: 'POST' | 'PUT'; path: string; body?: Uint8Array; headers?: Record<string, string> };

async function request(options: Options, needs: CliNeeds, what: Request): Promise<JsonValue> {
  const client = openOperatorClient(options, needs);
  try {
    return await client.json({ ...what, signal: needs.signal });
  } finally {
    client.close();
  }
}
