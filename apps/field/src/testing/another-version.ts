import assert from 'node:assert/strict';
import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@sallyport/testing/server-under-test';
import { buildServiceWorker } from '../build/build-field.ts';

/** Where the page lies once a server has built it. */
export const builtPage = join(repositoryRoot, 'apps/field/dist');

/** Writes the page as it was built, with another name for its script, and `name` in a `<meta name="version">`. */
export async function makeVersion(name: string, directory: string): Promise<void> {
  cpSync(builtPage, directory, { recursive: true });
  const file = join(directory, 'index.html');
  const html = readFileSync(file, 'utf8');
  const [, path] = /src="\/field\/(assets\/[^"]+\.js)"/.exec(html) ?? [];
  assert.ok(path !== undefined, html);
  const renamed = `assets/index-${name}.js`;
  renameSync(join(directory, path), join(directory, renamed));
  writeFileSync(file, html.replace(path, renamed).replace('</head>', `<meta name="version" content="${name}"></head>`));
  await buildServiceWorker(directory);
}
