import assert from 'node:assert/strict';
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@sallyport/testing/server-under-test';
import type { Page } from 'playwright-core';

/** Where the page lies once a server has built it. */
export const builtPage = join(repositoryRoot, 'apps/field/dist');

/** Writes the page as it was built, with another name for its script, and `name` in a `<meta name="version">`. */
export function makeVersion(name: string, directory: string): void {
  cpSync(builtPage, directory, { recursive: true });
  const file = join(directory, 'index.html');
  const html = readFileSync(file, 'utf8');
  const [, path] = /src="\/field\/(assets\/[^"]+\.js)"/.exec(html) ?? [];
  assert.ok(path !== undefined, html);
  const renamed = `assets/index-${name}.js`;
  renameSync(join(directory, path), join(directory, renamed));
  writeFileSync(file, html.replace(path, renamed).replace('</head>', `<meta name="version" content="${name}"></head>`));
  const worker = join(directory, 'service-worker.js');
  const source = readFileSync(worker, 'utf8');
  const [, version] = /version:["'`]([0-9a-f]{16})["'`]/.exec(source) ?? [];
  assert.ok(version !== undefined && source.includes(path), 'the service worker names its version and its files');
  writeFileSync(worker, source.replaceAll(version, `${version}-${name}`).replaceAll(path, renamed));
}

/** Takes a file out of a version that was written: it cannot be had whole any more. */
export function tear(directory: string): void {
  rmSync(join(directory, 'camera.svg'));
}

/** The same files, and another service worker for them. */
export function changeServiceWorker(directory: string): void {
  const worker = join(directory, 'service-worker.js');
  writeFileSync(worker, `${readFileSync(worker, 'utf8')}\n// another\n`);
}

/** Asks for a new version now, as the page does every hour; tells whether one waits or none could be had. */
export function lookForUpdate(page: Page): Promise<string> {
  return page.evaluate(`(async () => {
    const registration = await navigator.serviceWorker.getRegistration('/field/');
    const found = new Promise((done) => registration.addEventListener('updatefound', () => {
      const { installing } = registration;
      installing.addEventListener('statechange', () => done(installing.state));
    }));
    await registration.update();
    return found;
  })()`);
}
