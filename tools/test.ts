// Runs every *.test.ts of the repository, or those whose path contains one of the given words.
// node:test counts an empty file, or one that calls process.exit(0), as passed; this runner does not:
// a file in which no test ran fails, so does one that ended before its tests did, and under CI a skipped test fails.
// A file that hangs is ended, with all it started, while others go on (`test-watch.ts`): when nothing has happened in it
// for `--idle-ms` (five minutes), or when it still runs `--closing-ms` (two) after its last test. What blocks its whole
// process is ended from here, at four times that. A process that a test leaves behind is ended and fails its file.
// Temporary files are in memory where there is room (`memory-directory.ts`), unless TMPDIR says where.
// What took longest comes first, and more files run at once while the machine has time left (`test-turns.ts`).
// Each is told with its time and the processor time of what it started and waited for; the programs it starts are bundled once a run
// (`bundle-programs.ts`), a file run alone starts the sources.
// Property tests begin anywhere, or with SALLYPORT_FUZZ_SEED; under CI with a seed that is of the tests' text.
// A file that failed beside others runs once more, alone, and is named at the end if it passes then.
// `--root DIR` runs another checkout's tests, as this runner's own test does.
import { createHash } from 'node:crypto';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { availableMemory } from 'node:process';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { parseArgs } from 'node:util';
import { bundlePrograms } from './bundle-programs.ts';
import { createMemoryDirectory } from './memory-directory.ts';
import { endDescendants, endRunning, secondsOfEnded } from './process-tree.ts';
import { prepareTestTools } from './test-tools.ts';
import { createRoomWatch, longestFirst, placesFor, runInTurn, startsProgram } from './test-turns.ts';

const { root, words, idleMs, closingMs } = readArguments(process.argv.slice(2));
const strict = process.env['CI'] === 'true';
/** How many files may have a second run: more is no chance. */
const secondRuns = 3;
/** A counterexample is one whenever it is found. */
const counterexample = 'Property failed after';

const files = globSync('{apps,modules,foundation,platform,contracts,content,testing,bench,tools}/**/*.test.ts', {
  cwd: root,
  exclude: (name) => name === 'node_modules' || name === 'dist',
})
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .map((file) => resolve(root, file))
  .toSorted();

/** Under CI a commit passes or fails each time: property tests begin where the text of the tests says. Elsewhere they begin anywhere. */
const seed = process.env['SALLYPORT_FUZZ_SEED'] ?? (strict ? seedOf(files) : undefined);

const withBrowser = files.some((file) => /\/apps\/(?:console|field)\//.test(file));
const withAcme = files.some((file) => file.includes('/acme'));
const withSenders = files.some((file) => /\/(?:senders|listeners)\/|\/formats\.test/.test(file));
const withHost = files.some((file) => file.includes('/apps/sensor/'));
const withFilms = files.some((file) => /camera|apps\/field|object-detection/.test(file));
const withKeys = files.some((file) => /\/key-vault\/|key-providers|transit-server/.test(file));
const withHarnesses = files.some((file) => file.includes('/harnesses/'));
await prepareTestTools(root, {
  strict,
  withBrowser,
  withAcme,
  withSenders,
  withHost,
  withFilms,
  withKeys,
  withHarnesses,
});

/** What came of the tests of one file. */
type FileResult = { ran: number; passed: number; failed: number; skipped: number; ended: boolean; isCertain: boolean };
const newResult = (): FileResult => ({ ran: 0, passed: 0, failed: 0, skipped: 0, ended: false, isCertain: false });
const results = new Map<string, FileResult>(files.map((file) => [file, newResult()]));
const unsure: string[] = [];
/** Files under way, each with what it said on standard error: its end at least. */
const running = new Map<string, string>();
const keptSigns = 1_000_000;
let outside = 0;
/** Processor time of what has ended, as it was when a file was told last. */
let secondsTold = 0;

if (files.length === 0) {
  outside += 1;
  print('FAILED   no test file matches');
} else {
  if (seed !== undefined) print(`property tests begin with SALLYPORT_FUZZ_SEED=${seed}`);
  const inMemory = process.env['TMPDIR'] === undefined ? createMemoryDirectory() : undefined;
  if (inMemory !== undefined) {
    process.env['TMPDIR'] = inMemory.path;
  }
  // In this order: what still runs would write anew into what is removed.
  process.once('exit', () => void endDescendants(process.pid));
  process.once('exit', tellRunning);
  if (inMemory !== undefined) process.once('exit', () => inMemory.remove());
  // Readable for this user alone: what is there, every PostgreSQL of the tests begins with (`postgres-testing.ts`).
  const clusters = mkdtempSync(join(tmpdir(), 'clusters-'));
  process.env['SALLYPORT_TEST_CLUSTERS'] = clusters;
  process.once('exit', () => rmSync(clusters, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  const inOrder = longestFirst(files, rememberedSeconds(), textOf);
  if (process.env['SALLYPORT_TEST_PROGRAMS'] === undefined && files.some((file) => startsProgram.test(textOf(file))))
    await bundleOnce();
  await runInTurn(inOrder, runFile, {
    places: placesFor(availableParallelism(), availableMemory()),
    hasRoom: createRoomWatch(),
  });
  await runAgain(files.filter((file) => resultOf(file).failed > 0));
  for (const file of files) checkWhole(file);
}
const total = (of: 'passed' | 'failed' | 'skipped'): number =>
  [...results.values()].reduce((sum, result) => sum + result[of], 0);
const skipped = total('skipped');
const failed = total('failed') + outside + (strict ? skipped : 0);
if (strict && skipped > 0) print(`${String(skipped)} not run, which fails under CI=true`);
if (unsure.length > 0)
  print(`passed only alone, at the second time, each a fault to look for: ${unsure.map(relative).join(', ')}`);
const skippedNote = skipped > 0 && !strict ? `, ${String(skipped)} skipped` : '';
print(`${String(total('passed'))} passed, ${String(failed)} failed${skippedNote}`);
// Only once the pipe took everything: an exit at once would cut what a reader sees.
process.stdout.write('', () => process.exit(failed === 0 ? 0 : 1));

function runFile(path: string): Promise<void> {
  const stop = new AbortController();
  const begin = seed === undefined ? '' : `&seed=${seed}`;
  const watch = new URL(`test-watch.ts?idle=${idleMs}&closing=${closingMs}${begin}`, import.meta.url);
  const execArgv = ['--import', watch.href];
  const stream = run({ files: [path], cwd: root, timeout: idleMs * 3, signal: stop.signal, execArgv });
  const idle = setTimeout(() => {
    print(`Nothing happened for ${String((idleMs * 4) / 1000)} s: ending ${relative(path)}`);
    stop.abort();
    // One that never comes to hear of a signal would keep a core for as long as the others run.
    endRunning(path);
  }, idleMs * 4);
  stream.on('data', () => idle.refresh());
  stream.on('test:pass', (event) => {
    if (isFile(event)) return;
    const note = skipNote(event);
    if (note !== undefined) notRun(path, event, note);
    else if (event.details.type !== 'suite') {
      // Whose `file` is a module's that the file has its tests from.
      resultOf(path).ran += 1;
      resultOf(path).passed += 1;
    }
  });
  stream.on('test:fail', (event) => {
    const note = skipNote(event);
    if (note !== undefined) return notRun(path, event, note);
    resultOf(path).ran += isFile(event) ? 0 : 1;
    // The failure of what is inside was told already, and counted.
    if (failureType(event.details.error) === 'subtestsFailed') return undefined;
    const place = event.file === undefined || event.file === path ? '' : `${relative(event.file)}: `;
    return fail(path, `${place}${relative(event.name)}\n${describe(event.details.error)}\n`);
  });
  // A file's own summary comes only when its process came to its end.
  let took: string | undefined;
  stream.on('test:summary', (event) => {
    if (event.file === undefined) return;
    resultOf(event.file).ended = true;
    took = (event.duration_ms / 1000).toFixed(1);
  });
  // Together, beside what else it says: other files run at the same time.
  running.set(path, '');
  stream.on('test:stderr', (event) => {
    running.set(path, `${running.get(path) ?? ''}${event.message}`.slice(-keptSigns));
  });
  if (process.env['VERBOSE'] !== undefined) stream.on('test:stdout', (event) => process.stdout.write(event.message));
  return finished(stream).finally(() => {
    clearTimeout(idle);
    const before = secondsTold;
    secondsTold = secondsOfEnded();
    if (took !== undefined)
      print(
        `ran      ${relative(path)} (${took} s), at least ${(secondsTold - before).toFixed(1)} s of processor time`,
      );
    process.stderr.write(running.get(path) ?? '');
    running.delete(path);
  });
}

/** Only quicker to start: what cannot be bundled is started as it is written. */
async function bundleOnce(): Promise<void> {
  try {
    process.env['SALLYPORT_TEST_PROGRAMS'] = await bundlePrograms(root);
  } catch (error) {
    print(`programs are not bundled, and start later: ${String(error)}`);
  }
  secondsTold = secondsOfEnded();
}

/** What files that are ended with the run have said so far. */
function tellRunning(): void {
  for (const [path, told] of running) process.stderr.write(`still ran ${relative(path)}\n${told}`);
}

/**
 * What failed beside other files runs once more, alone (decisions/0073-a-second-run-of-what-failed.md):
 * of a few files only, and never where what was found stays found.
 */
async function runAgain(suspects: readonly string[]): Promise<void> {
  if (suspects.length > secondRuns || suspects.some((file) => resultOf(file).isCertain)) return;
  for (const file of suspects) {
    print(`again    ${relative(file)}, alone`);
    results.set(file, newResult());
    await runFile(file);
    if (resultOf(file).failed === 0 && resultOf(file).ended) unsure.push(file);
  }
}

/** A file in which nothing failed has also run, and come to its end. */
function checkWhole(file: string): void {
  const { ran, failed: failures, ended } = resultOf(file);
  if (failures > 0) return;
  if (ran === 0) fail(file, 'no test ran in it');
  else if (!ended) fail(file, 'exited before its tests ended');
}

type Arguments = {
  readonly root: string;
  readonly words: readonly string[];
  readonly idleMs: number;
  readonly closingMs: number;
};

function readArguments(given: string[]): Arguments {
  const options = {
    root: { type: 'string' },
    'idle-ms': { type: 'string', default: '300000' },
    'closing-ms': { type: 'string', default: '120000' },
  } as const;
  const { values, positionals } = parseArgs({ args: given, options, allowPositionals: true });
  return {
    root: resolve(values.root ?? join(import.meta.dirname, '..')),
    words: positionals,
    idleMs: Number(values['idle-ms']),
    closingMs: Number(values['closing-ms']),
  };
}

/** Why a test was not run, or undefined when it was. A test marked todo is one not run, whether it fails or not. */
function skipNote(event: { skip?: string | boolean; todo?: string | boolean }): string | undefined {
  const reason = event.skip ?? event.todo;
  if (reason === undefined || reason === false) return undefined;
  return typeof reason === 'string' ? `: ${reason}` : '';
}

function notRun(path: string, event: { name: string }, note: string): void {
  resultOf(path).ran += 1;
  resultOf(path).skipped += 1;
  print(`not run  ${event.name}${note}`);
}

function resultOf(file: string | undefined): FileResult {
  const path = resolve(root, file ?? 'unknown file');
  const result = results.get(path) ?? newResult();
  results.set(path, result);
  return result;
}

/** What files took once, in seconds, those of which it is worth knowing. Only the order depends on it. */
function rememberedSeconds(): Map<string, number> {
  const told: unknown = JSON.parse(readFileSync(join(import.meta.dirname, 'test-seconds.json'), 'utf8'));
  const entries = typeof told === 'object' && told !== null ? Object.entries(told) : [];
  return new Map(entries.map(([file, seconds]) => [resolve(root, file), Number(seconds)]));
}

function seedOf(some: readonly string[]): string {
  const sum = createHash('sha256');
  for (const file of some) sum.update(readFileSync(file));
  return String(sum.digest().readInt32BE());
}

/** node:test reports each file as a test of its own, named by its path. */
function isFile(event: { name: string; nesting: number }): boolean {
  return event.nesting === 0 && results.has(resolve(root, event.name));
}

function textOf(file: string): string {
  return readFileSync(file, 'utf8');
}

function fail(file: string, message: string): void {
  const result = resultOf(file);
  result.failed += 1;
  result.isCertain ||= message.includes(counterexample);
  print(`FAILED   ${relative(file)}: ${message}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function relative(file: string): string {
  return file.replace(`${root}/`, '');
}

function failureType(error: Error): unknown {
  return 'failureType' in error ? error.failureType : undefined;
}

function describe(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.stack ?? cause.message;
}
