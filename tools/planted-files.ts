// A temporary checkout for tests of the checks: files by path, removed when the test ends.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export type TestEnd = { after(action: () => void): void };

/** Writes the files into a new folder and returns it. */
export function plantFiles(t: TestEnd, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-planted-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

/** The package.json of a package `@sallyport/<last part of folder>` with its dependencies and one front door. */
export function manifest(folder: string, dependencies: Readonly<Record<string, string>> = {}): string {
  const name = `@sallyport/${folder.split('/').at(-1) ?? folder}`;
  return JSON.stringify({ name, type: 'module', exports: { '.': './src/index.ts' }, dependencies });
}
