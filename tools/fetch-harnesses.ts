// Brings real harnesses of AI agents here, for the tests that run them against a model of ours. They come as packages of npm (Claude Code
// 175 MB, Codex 167 MB, Gemini CLI 21 MB), packed and never installed: unpacked beside the dependencies once the tarball has the hash that
// stands in testing/src/harnesses/harness-programs.ts.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { folderOf, harnessNames, harnessProgram } from '@sallyport/testing/harness-programs';
import type { HarnessProgram } from '@sallyport/testing/harness-programs';

/** One that is slower than this is not waited for. */
const fetchDeadlineMs = 300_000;

/** Throws when npm fails or what came is not the known file. One there is none of for this kind of machine is passed over. */
export function fetchHarnesses(say: (line: string) => void): void {
  for (const name of harnessNames) {
    const program = harnessProgram(name);
    if (program === undefined || existsSync(join(folderOf(program), program.inside))) continue;
    say(`Fetching ${program.package} ${program.version} for the tests with real harnesses…`);
    fetchHarness(program);
  }
}

function fetchHarness(program: HarnessProgram): void {
  const folder = folderOf(program);
  mkdirSync(dirname(folder), { recursive: true });
  const partial = mkdtempSync(`${folder}.partial-`);
  try {
    const wanted = `${program.package}@${program.version}`;
    const quietly = ['--ignore-scripts', '--workspaces=false', '--fetch-retries=1', '--loglevel=error'];
    run('npm', ['pack', wanted, ...quietly, `--pack-destination=${partial}`], partial);
    const tarball = readdirSync(partial).find((name) => name.endsWith('.tgz')) ?? '';
    const hash = createHash('sha512')
      .update(readFileSync(join(partial, tarball)))
      .digest('base64');
    if (`sha512-${hash}` !== program.integrity) throw new Error(`"${tarball}" is not the known ${wanted}`);
    const unpacked = join(partial, 'unpacked');
    mkdirSync(unpacked);
    run('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1', '--no-same-owner'], partial);
    chmodSync(join(unpacked, program.inside), 0o755);
    rmSync(folder, { recursive: true, force: true });
    renameSync(unpacked, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

function run(command: string, parameters: readonly string[], directory: string): void {
  const result = spawnSync(command, parameters, { cwd: directory, encoding: 'utf8', timeout: fetchDeadlineMs });
  if (result.status === 0) return;
  throw new Error(`${command} ${parameters.join(' ')}: ${result.error?.message ?? result.stderr.slice(-1000)}`);
}

if (import.meta.main) fetchHarnesses((line) => process.stderr.write(`${line}\n`));
