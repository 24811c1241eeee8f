// Killed by kill -9 at any statement of the control database, before or behind any append: the same findings come out, each once.
// SALLYPORT_KILLS and SALLYPORT_SEED make it longer, or the same again.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createSeededRandom } from '@sallyport/testing/seeded-random';

const kills = Number(process.env['SALLYPORT_KILLS'] ?? '6');
const seed = Number(process.env['SALLYPORT_SEED'] ?? '1');
const program = fileURLToPath(new URL('./dying-detection.fixture.ts', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'sallyport-detection-kill-'));
after(() => rmSync(root, { recursive: true, force: true }));

const environment = { ...process.env, NODE_COMPILE_CACHE: join(root, 'compiled') };
const run = (directory: string, dieAt: number, cuts: number) =>
  spawnSync(process.execPath, [program, directory, `${dieAt}`, `${cuts}`], { encoding: 'utf8', env: environment });

type Told = { readonly findings: readonly string[]; readonly places: number };

/** What was told by one that came to the end of its story. */
function toldBy(ended: ReturnType<typeof run>): Told {
  assert.equal(ended.status, 0, ended.stderr);
  return JSON.parse(ended.stdout);
}

test(
  `killed ${kills} times inside the windows of correlations of every kind, detection ends with the findings of a run that was left alone (seed ${seed})`,
  { timeout: 120_000 + kills * 10_000 },
  (context) => {
    const random = createSeededRandom(seed);
    const calm = toldBy(run(mkdtempSync(join(root, 'calm-')), 0, seed));
    const told = new Set(calm.findings.map((finding) => finding.split(' ')[0] ?? ''));
    assert.deepEqual(
      told,
      new Set(['c-average', 'c-both', 'c-chain', 'c-count', 'c-few', 'c-order', 'c-values', 'r-failed', 'r-ok']),
      'the story makes every correlation come true',
    );
    let killed = 0;
    for (let round = 0; killed < kills; round += 1) {
      const directory = mkdtempSync(join(root, 'round-'));
      for (;;) {
        // A few kills a story: early ones would never let it come to its windows.
        const place = killed < kills ? random.between(10, Math.ceil(calm.places / 3)) : 0;
        const child = run(directory, place, seed + killed);
        if (child.signal === 'SIGKILL') {
          killed += 1;
          continue;
        }
        assert.deepEqual(toldBy(child).findings, calm.findings, `round ${round}`);
        break;
      }
    }
    context.diagnostic(`${calm.findings.length} findings, ${calm.places} places, ${killed} kills`);
  },
);
