// What a newcomer does, exactly as README.md has it: a fresh clone, an empty HOME, two terminals.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { availableMemory } from 'node:process';
import { test } from 'node:test';
import { verifyEvidence } from '@sallyport/ledger/evidence';
import { runCommand } from './command-line.ts';
import type { CommandResult } from './command-line.ts';
import { killNow, processesOfGroup } from './process-group.ts';
import { repositoryRoot } from './server-under-test.ts';
import { eventually } from './waiting.ts';

const dataSets = [
  'atomic/windows/credential_access/host/cmd_sam_copy_esentutl.zip',
  'atomic/windows/credential_access/host/empire_mimikatz_logonpasswords.zip',
].map((path) => join(repositoryRoot, '..', 'shared', 'data', 'security-datasets', path));
const missing = dataSets.filter((path) => !existsSync(path));

test(
  'in a fresh clone with an empty HOME the commands of README.md start the server, send two recorded attacks, show alerts, find every event and prove one offline',
  { timeout: 400_000, skip: missing.length > 0 && `the recorded attacks are not here: ${missing.join(', ')}` },
  async (context) => {
    const directory = mkdtempSync(join(roomyDirectory(), 'sallyport first run '));
    const groups: number[] = [];
    const running = (): ReturnType<typeof processesOfGroup> => groups.flatMap((group) => processesOfGroup(group));
    context.after(() => {
      for (const { pid } of running()) killNow(pid);
      rmSync(directory, { recursive: true, force: true });
    });
    const clone = join(directory, 'sallyport');
    const cloned = spawnSync('git', ['clone', '--quiet', repositoryRoot, clone], { encoding: 'utf8' });
    assert.equal(cloned.status, 0, cloned.stderr);
    const home = join(directory, 'home');
    mkdirSync(home);
    const environment = await newcomersEnvironment(home);

    const readme = readFileSync(join(clone, 'README.md'), 'utf8');
    const commands = [...readme.matchAll(/```sh\n([^]*?)```/g)].flatMap((block) =>
      (block[1] ?? '').split('\n').flatMap((line) => line.replace(/ *#.*$/, '') || []),
    );
    /** The README's command, with the reader's own words put in. */
    const command = (start: string, ...replacements: readonly (readonly [string, string])[]): string[] => {
      const found = commands.find((line) => line === start || line.startsWith(`${start} `));
      assert.ok(found !== undefined, `README.md has no command "${start}"`);
      return found.split(/ +/).map((word) => replacements.find(([from]) => from === word)?.[1] ?? word);
    };
    const run = async (words: readonly string[]): Promise<CommandResult> => {
      const [program = '', ...rest] = words;
      const result = await runCommand(program, rest, { cwd: clone, environment });
      assert.equal(result.code, 0, `${words.join(' ')}\n${result.stdout}\n${result.stderr}`);
      return result;
    };

    const [npm = '', ...start] = command('npm start');
    const server = spawn(npm, start, {
      cwd: clone,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    if (server.pid !== undefined) groups.push(server.pid);
    let printed = '';
    for (const stream of [server.stdout, server.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed += text;
      });
    await eventually({
      what: 'the first run prints its keys',
      timeoutMs: 240_000,
      look: () => {
        if (server.exitCode !== null || printed.includes('The server ended'))
          throw new Error(`The first start fails:\n${printed.slice(-4000)}`);
        return printed.includes('Alerts appear below') && /everything +sp_\S+/.test(printed) ? true : undefined;
      },
      describe: () => printed.slice(-4000),
    });
    context.diagnostic('the server is up');

    let acknowledged = 0;
    for (const file of dataSets) {
      const sent = await run([...command('./sallyport send', ['FILE', file]), '--json']);
      const summary: { sent: number; already_known: number; left_out: number } = JSON.parse(sent.stdout);
      assert.ok(
        summary.sent > 100 && summary.already_known === 0 && summary.left_out === 0,
        `${basename(file)}: ${sent.stdout}`,
      );
      acknowledged += summary.sent;
    }

    const alertsCommand = command('./sallyport alerts').filter((word) => word !== '--follow');
    const alert = await eventually({
      what: 'the attacks raise alerts',
      timeoutMs: 60_000,
      everyMs: 1000,
      look: async () => {
        const [line] = (await run([...alertsCommand, '--json'])).stdout.split('\n');
        if (line === undefined || line === '') return undefined;
        const found: { title: string; finding: string; input: string } = JSON.parse(line);
        return found;
      },
    });
    assert.match(printed.slice(printed.indexOf('Alerts appear below')), /finding \d+\/\d+ +event \d+\/\d+/);
    assert.ok(printed.includes(alert.title), 'the terminal of the server shows it too');
    const shown = await run(alertsCommand);
    assert.ok(shown.stdout.includes(alert.title) && shown.stdout.includes(alert.finding), shown.stdout);

    // Whatever came from outside has its original text; what the server recorded of itself has none.
    const received = await eventually({
      what: 'every acknowledged event is found',
      timeoutMs: 60_000,
      everyMs: 1000,
      look: async () => {
        const found = await run(['./sallyport', 'search', '--json', '--limit', '100000']);
        const events = found.stdout
          .split('\n')
          .filter((line) => line !== '')
          .map((line): Found => JSON.parse(line))
          // The sensor of this machine sends as well, from the first minute on.
          .filter(({ event }) => event.raw_data !== undefined && event.metadata.product?.name !== 'Sallyport sensor');
        return events.length >= acknowledged ? events : undefined;
      },
    });
    assert.equal(received.length, acknowledged);
    assert.equal(new Set(received.map(({ position }) => position)).size, acknowledged);
    const search = await run(command('./sallyport search'));
    assert.match(search.stdout, /powershell/i);

    const proof = join(clone, 'event.proof');
    await run(command('./sallyport proof export', ['1/42', alert.input]));
    // No shell stands here between the command and its words, to write what comes after `>`.
    const toFile = command('./sallyport ledger key');
    const key = await run(toFile.slice(0, toFile.indexOf('>')));
    writeFileSync(join(clone, toFile.at(-1) ?? ''), key.stdout);
    const verified = await run(command('./sallyport proof verify'));
    assert.match(verified.stdout, /^✔ verified with the key you gave$/m);
    const bytes = readFileSync(proof);
    assert.ok(verifyEvidence(bytes).ok);
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.equal(verifyEvidence(changed).ok, false, `byte ${at} of ${bytes.length} does not count`);
    }
    const [program = '', ...verify] = command('./sallyport proof verify');
    for (const at of [0, 100, Math.floor(bytes.length / 2), bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      writeFileSync(proof, changed);
      const refused = await runCommand(program, verify, { cwd: clone, environment });
      assert.equal(refused.code, 1, `byte ${at}: ${refused.stdout}`);
      assert.match(refused.stderr, /hint:/);
    }

    assert.ok(running().length >= 4, 'npm, supervisor, server, sealer and store run');
    // What a terminal or an init system sends; npm passes it on.
    server.kill('SIGTERM');
    await eventually({
      what: 'everything has ended',
      timeoutMs: 30_000,
      everyMs: 100,
      look: () => (running().length === 0 ? true : undefined),
      describe: () => JSON.stringify(running()),
    });
  },
);

type Found = {
  readonly position: string;
  readonly event: { readonly raw_data?: string; readonly metadata: { readonly product?: { readonly name?: string } } };
};

/** Temporary files may be in memory, and an install is two gigabytes: on a disk where that is not to spare. Npm's 55,000 files take a third less processor time in memory. */
function roomyDirectory(): string {
  const { bavail, bsize } = statfsSync(tmpdir());
  const gibibyte = 1024 ** 3;
  return bavail * bsize >= 6 * gibibyte && availableMemory() >= 12 * gibibyte ? tmpdir() : '/var/tmp';
}

/** This one's, as far as it is about reaching the network; an empty HOME, and nothing of ours. Npm may use what it fetched before. */
async function newcomersEnvironment(home: string): Promise<Record<string, string>> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !/^(npm_|XDG_|SALLYPORT_|NODE_(?!EXTRA_CA_CERTS)|CI$)/.test(name))
      environment[name] = value;
  }
  return {
    ...environment,
    HOME: home,
    npm_config_cache: process.env['npm_config_cache'] ?? join(homedir(), '.npm'),
    SALLYPORT_STORE_MEMORY_MB: '1024',
    ...(await portSettings()),
  };
}

/** None when the default port is free; else this machine's other user of it is left alone. The commands find the server by its folder. */
async function portSettings(): Promise<Record<string, string>> {
  if ((await freePort(8470)) === 8470) return {};
  return { SALLYPORT_PORT: String(await freePort(0)) };
}

function freePort(wanted: number): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const probe = createServer();
  probe.once('error', () => resolve(undefined));
  probe.listen(wanted, '127.0.0.1', () => {
    const address = probe.address();
    const port = typeof address === 'object' && address !== null ? address.port : undefined;
    probe.close(() => resolve(port));
  });
  return promise;
}
