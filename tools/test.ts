// Runs every *.test.ts of the repository, or those whose path contains one of the given words.
// node:test counts an empty file, or one that calls process.exit(0), as passed; this runner does not:
// a file in which no test ran fails, and under CI a skipped test fails.
import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import { run } from 'node:test';
import { prepareTestTools } from './test-tools.ts';

const root = resolve(import.meta.dirname, '..');
const words = process.argv.slice(2);
const strict = process.env['CI'] === 'true';

await prepareTestTools(root, { strict });

const files = globSync('{apps,modules,foundation,platform,contracts,content,testing,bench,tools}/**/*.test.ts', {
  cwd: root,
  exclude: (name) => name === 'node_modules' || name === 'dist',
})
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .toSorted();

let passed = 0;
let failed = 0;
let skipped = 0;
const ranIn = new Map<string, number>(files.map((file) => [resolve(root, file), 0]));

if (files.length === 0) {
  process.stdout.write('no test file matches\n');
  failed = 1;
} else {
  const stream = run({ files: files.map((file) => resolve(root, file)), cwd: root, concurrency: 2, timeout: 600_000 });
  stream.on('test:pass', (event) => {
    if (event.details.type === 'suite' || isFileLevel(event)) return;
    count(event.file);
    if (event.skip !== undefined || event.todo !== undefined) {
      skipped += 1;
      process.stdout.write(`not run  ${event.name}${typeof event.skip === 'string' ? `: ${event.skip}` : ''}\n`);
    } else passed += 1;
  });
  stream.on('test:fail', (event) => {
    count(event.file);
    if (event.details.type === 'suite' && event.details.error.cause === undefined) return;
    failed += 1;
    process.stdout.write(`\nFAILED   ${relative(event.file)}: ${event.name}\n${describe(event.details.error)}\n`);
  });
  stream.on('test:stderr', (event) => process.stderr.write(event.message));
  if (process.env['VERBOSE'] !== undefined) stream.on('test:stdout', (event) => process.stdout.write(event.message));
  for await (const event of stream) {
    if (event.type === 'test:complete' && isFileLevel(event.data)) process.stdout.write(`ran      ${relative(event.data.name)}\n`);
  }
  for (const [file, ran] of ranIn) {
    if (ran > 0) continue;
    failed += 1;
    process.stdout.write(`FAILED   ${relative(file)}: no test ran in it\n`);
  }
}
if (strict && skipped > 0) {
  process.stdout.write(`${skipped} not run, which fails under CI=true\n`);
  failed += skipped;
}
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 && !strict ? `, ${skipped} skipped` : ''}\n`);
process.exit(failed === 0 ? 0 : 1);

function count(file: string | undefined): void {
  if (file !== undefined) ranIn.set(file, (ranIn.get(file) ?? 0) + 1);
}

/** node:test reports each file as a test of its own, named by its path. */
function isFileLevel(event: { name: string; nesting: number }): boolean {
  return event.nesting === 0 && event.name.endsWith('.test.ts');
}

function relative(file: string | undefined): string {
  return (file ?? 'unknown file').replace(`${root}/`, '');
}

function describe(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.stack ?? cause.message;
}
