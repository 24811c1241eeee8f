// Where the programs are that tests start: in the repository, or where the runner of the tests has bundled them, which
// start in half the time (decisions/0096-what-tests-start.md). A file of tests that runs alone starts the sources.
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';

export const repositoryRoot = resolve(import.meta.dirname, '..', '..');

/** Empty when nothing was bundled, or shall not be used. */
const bundled = process.env['SALLYPORT_TEST_PROGRAMS'] ?? '';

/** The file to start for a program, named by its source: `apps/server/src/main.ts`. */
export function programFile(source: string): string {
  const file = bundled === '' ? '' : join(bundled, source.replace(/\.ts$/, '.mjs'));
  return existsSync(file) ? file : join(repositoryRoot, source);
}

/** What is compiled once, in one run and in those after it: of what is bundled beside it, and goes with it. */
export function compileCache(): string {
  const common = process.env['NODE_COMPILE_CACHE'] ?? join(repositoryRoot, 'node_modules', '.cache', 'compile');
  return bundled === '' ? common : join(bundled, 'compile');
}

/** Makes a folder with `sallyport` as a command: the checkout's own, or what was bundled without its launcher. */
export function placeSallyport(folder: string): void {
  const own = join(repositoryRoot, 'sallyport');
  const command = join(folder, 'sallyport');
  mkdirSync(folder, { recursive: true });
  const program = programFile('apps/cli/src/main.ts');
  if (program.endsWith('.ts')) return symlinkSync(own, command);
  const lines = [
    '#!/bin/sh',
    // The witness is another program.
    `if [ "\${1-}" = witness ]; then exec '${own}' "$@"; fi`,
    'export SALLYPORT_COMMAND="$0"',
    `export NODE_COMPILE_CACHE='${compileCache()}'`,
    `exec '${process.execPath}' --disable-warning=ExperimentalWarning '${program}' "$@"`,
  ];
  writeFileSync(command, `${lines.join('\n')}\n`);
  return chmodSync(command, 0o755);
}

/** Places in what was bundled become those in the sources, for people to read. */
export function inSources(text: string): string {
  if (bundled === '') return text;
  return text.replaceAll(
    /(?:file:\/\/)?(\/[^\s():]+\.mjs):(\d+):(\d+)/g,
    (whole, file: string, line: string, column: string) => {
      const map = `${file}.map`;
      if (!file.startsWith(`${bundled}/`) || !existsSync(map)) return whole;
      const payload: SourceMapPayload = JSON.parse(readFileSync(map, 'utf8'));
      const origin = new SourceMap(payload).findOrigin(Number(line), Number(column));
      if (!('fileName' in origin)) return whole;
      // The map was made for a folder right in `node_modules`, which is three above this one.
      const made = join(bundled, '../../..', relative(bundled, dirname(file)));
      return `${resolve(made, origin.fileName)}:${origin.lineNumber}:${origin.columnNumber}`;
    },
  );
}
