// Killed by kill -9 in every state a hunt has: it ends as one that was left alone. SALLYPORT_KILLS adds random places, SALLYPORT_SEED says which.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createSeededRandom } from '@sallyport/testing/seeded-random';

const kills = Number(process.env['SALLYPORT_KILLS'] ?? '0');
const seed = Number(process.env['SALLYPORT_SEED'] ?? '20261122');
const program = fileURLToPath(new URL('./dying-hunt.fixture.ts', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'sallyport-hunting-kill-'));
after(() => rmSync(root, { recursive: true, force: true }));

const environment = { ...process.env, NODE_COMPILE_CACHE: join(root, 'compiled') };
const run = (directory: string, dieAt: number | string) =>
  spawnSync(process.execPath, [program, directory, `${dieAt}`], { encoding: 'utf8', env: environment });

type Told = {
  readonly found: { readonly audit: string[]; readonly rules: { matches: number }[] };
  readonly places: number;
};

/** What a hunt found that came to its end. */
function toldBy(ended: ReturnType<typeof run>): Told {
  assert.equal(ended.status, 0, ended.stderr);
  return JSON.parse(ended.stdout);
}

/** In the order of a hunt's life; each dies behind what the one before left. */
const states = {
  'it is being written down': 'InsertQueryNode hunt_rules',
  'it is planned': 'open',
  'a part is read': 'part 2',
  'a part is being confirmed': 'InsertQueryNode hunt_matches',
  'correlations were counted': 'DeleteQueryNode hunt_groups',
  'what they found is being kept': 'InsertQueryNode hunt_groups',
  'it is being ended': 'DeleteQueryNode hunt_counted',
  'its end is to be told': 'append',
} as const;

test('killed in each state, a hunt finds what one that was left alone finds, and is recorded once', (context) => {
  const calm = toldBy(run(mkdtempSync(join(root, 'calm-')), 0));
  assert.deepEqual(calm.found.audit, ['hunt.start', 'hunt.end']);
  assert.ok(calm.found.rules.every(({ matches }) => matches > 0));
  const directory = mkdtempSync(join(root, 'states-'));
  for (const [state, place] of Object.entries(states)) {
    const { signal, stderr } = run(directory, place);
    assert.equal(signal, 'SIGKILL', `killed while ${state}: ${stderr}`);
  }
  assert.deepEqual(toldBy(run(directory, 0)).found, calm.found);

  const random = createSeededRandom(seed);
  let killed = 0;
  while (killed < kills) {
    const round = mkdtempSync(join(root, 'round-'));
    for (;;) {
      const ended = run(round, killed < kills ? random.between(1, calm.places) : 0);
      if (ended.signal === 'SIGKILL') {
        killed += 1;
        continue;
      }
      assert.deepEqual(toldBy(ended).found, calm.found);
      break;
    }
  }
  context.diagnostic(`${calm.places} places, ${Object.keys(states).length} states, ${killed} more kills`);
});
