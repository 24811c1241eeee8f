// Writes apps/console/src/api/client.generated.ts from the description the real server gives of itself.
// `node tools/launch.mjs tools/generate-client.ts` after a change to any route; a test finds it stale otherwise.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createServerUnderTest } from '@sallyport/testing/server-under-test';
import { formatRoutes } from './openapi-types.ts';

const root = resolve(import.meta.dirname, '..');
export const clientFile = join(root, 'apps', 'console', 'src', 'api', 'client.generated.ts');

/** Starts the server in directories of its own, asks it for its description, and stops it. */
export async function generateClient(): Promise<string> {
  const server = createServerUnderTest();
  try {
    await server.start();
    const answer = await server.ask({ path: '/v1/openapi.json' });
    const description: unknown = JSON.parse(answer.text);
    return formatted(formatRoutes(description));
  } finally {
    await server.end();
  }
}

function formatted(text: string): string {
  const run = spawnSync(join(root, 'node_modules', '.bin', 'oxfmt'), ['--stdin-filepath', clientFile], {
    cwd: root,
    input: text,
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`Cannot format the client: ${run.stderr}`);
  return run.stdout;
}

if (import.meta.main) writeFileSync(clientFile, await generateClient());
