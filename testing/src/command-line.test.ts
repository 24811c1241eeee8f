// The transcripts of apps/cli/testdata, run by a real shell against the real server; and the pages that show commands,
// every one of which stands in a transcript: what is documented is what was tried.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runCommand } from './command-line.ts';
import { placeSallyport } from './programs.ts';
import { createServerUnderTest, repositoryRoot } from './server-under-test.ts';
import { differences, documentedCommands, parseTranscript } from './transcript.ts';
import { eventually } from './waiting.ts';

const folder = join(repositoryRoot, 'apps', 'cli', 'testdata');
const transcripts = readdirSync(folder)
  .filter((name) => name.endsWith('.txt'))
  .toSorted()
  .map((name) => ({ name, ...parseTranscript(readFileSync(join(folder, name), 'utf8')) }));
const pages = ['README.md', 'docs/cli.md', 'docs/first-ten-minutes.md'];
const server = createServerUnderTest();
/** On PATH; `./sallyport` is the checkout's own. */
const commands = join(server.directory, 'commands');

before(async () => {
  // The sensor that is given out to other hosts; a server that runs its own has it already.
  const built = await runCommand(process.execPath, [join(repositoryRoot, 'apps/sensor/build-if-stale.ts')], {
    cwd: repositoryRoot,
    environment: server.environment,
    timeoutMs: 180_000,
  });
  assert.equal(built.code, 0, built.stderr);
  placeSallyport(commands);
  await server.start();
});
after(() => server.end());

for (const { name, files, steps } of transcripts) {
  test(`transcript ${name}`, async () => {
    const directory = join(server.directory, name);
    mkdirSync(join(directory, 'home'), { recursive: true });
    symlinkSync(server.dataDirectory, join(directory, 'data'));
    symlinkSync(join(repositoryRoot, 'sallyport'), join(directory, 'sallyport'));
    for (const [file, content] of files) {
      mkdirSync(join(directory, file, '..'), { recursive: true });
      writeFileSync(join(directory, file), content);
    }
    const environment = {
      PATH: `${commands}:${process.env['PATH'] ?? ''}`,
      HOME: join(directory, 'home'),
      SERVER: server.address(),
      KEY: server.keys().operator,
      INGEST_KEY: server.keys().ingest,
    };
    for (const step of steps) {
      const run = () => runCommand('sh', ['-c', step.command], { cwd: directory, environment, timeoutMs: 120_000 });
      let result = await run();
      if (step.eventually) {
        await eventually({
          what: step.command,
          timeoutMs: 120_000,
          everyMs: 200,
          async look() {
            result = await run();
            return differences(step, result).length === 0 ? true : undefined;
          },
          describe: () => `${result.stdout}${result.stderr}`,
        });
      }
      const wrong = differences(step, result);
      assert.deepEqual(wrong, [], `${name}:${step.line}: $ ${step.command}\n${result.stdout}${result.stderr}`);
    }
  });
}

test('every command the pages show stands in a transcript', () => {
  const tried = new Set(
    transcripts.flatMap(({ steps }) =>
      steps.flatMap(({ command, documented }) => [command, ...documented].map((line) => line.replace(/^\.\//, ''))),
    ),
  );
  for (const page of pages) {
    const shown = documentedCommands(readFileSync(join(repositoryRoot, page), 'utf8'));
    if (page !== 'docs/first-ten-minutes.md') assert.ok(shown.length >= 5, `${page} shows commands`);
    for (const line of shown) assert.ok(tried.has(line), `${page} shows what no transcript runs: ${line}`);
  }
});

test('what a transcript runs in the place of a documented command is the same command', () => {
  for (const { name, steps } of transcripts) {
    for (const { command, documented, line } of steps) {
      for (const shown of documented) {
        const subcommand = /sallyport((?: [a-z]+(?![\w-]))+)/.exec(shown)?.[1] ?? '';
        assert.ok(command.includes(`sallyport${subcommand}`), `${name}:${line}: "${shown}" is not "${command}"`);
        for (const [option] of shown.matchAll(/ --[a-z-]+/g))
          assert.ok(command.includes(option), `${name}:${line}: lacks${option}`);
      }
    }
  }
});
