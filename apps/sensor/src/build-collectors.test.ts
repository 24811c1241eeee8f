import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { createManualClock } from '@sallyport/platform/clock';
import { buildCollectors } from './build-collectors.ts';
import { readSettings } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'sensor-own-'));
after(() => rmSync(folder, { recursive: true }));

test('a build that changed nothing but its note of the sources is no change of the sensor; a changed program is', async () => {
  const dist = join(folder, 'dist');
  mkdirSync(dist);
  for (const name of ['sensor.mjs', '.sources']) writeFileSync(join(dist, name), 'one');
  const clock = createManualClock(Date.now());
  const all = buildCollectors({
    settings: readSettings({ 'only-paths': true, paths: [], state: join(folder, 'state') }),
    clock,
    key: randomBytes(32),
    random: randomBytes,
    position: () => undefined,
    sender: () => ({
      state: 'starting',
      failures: 0,
      lastAnswerMs: undefined,
      lastError: undefined,
      clockOffsetMs: undefined,
      clockUncertaintyMs: undefined,
    }),
    program: join(dist, 'sensor.mjs'),
  });
  const files = all.find(({ name }) => name === 'files');
  assert.ok(files !== undefined);
  const changed = async (): Promise<unknown[]> => {
    clock.advance(16 * 60_000);
    return (await files.collect()).records
      .filter(({ fields }) => fields['Concerns'] === 'sensor')
      .map(({ fields }) => fields['TargetFilename']);
  };
  try {
    await files.collect();
    writeFileSync(join(dist, '.sources'), 'another');
    assert.deepEqual(await changed(), []);
    writeFileSync(join(dist, 'sensor.mjs'), 'another');
    assert.deepEqual(await changed(), [join(dist, 'sensor.mjs')]);
  } finally {
    for (const collector of all) collector.close?.();
  }
});
