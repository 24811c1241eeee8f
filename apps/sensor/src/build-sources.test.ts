import assert from 'node:assert/strict';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { sensorSources } from '../build-if-stale.ts';
import { bundleSensor } from '../build.ts';

const root = resolve(import.meta.dirname, '../../..');

test('whatever the sensor is made of is one of its sources: changed, it is built again', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sensor sources-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const { sensor, scanner } = await bundleSensor(directory);
  const inputs = [...sensor.inputs, ...scanner.inputs].filter((name) => !/^node_modules\/|:node:/.test(name));
  assert.ok(inputs.includes('foundation/log-formats/src/linux-auth/openssh.ts'), inputs.join(' '));
  const named = new Set(globSync([...sensorSources], { cwd: root }));
  assert.deepEqual(
    inputs.filter((name) => !named.has(name)),
    [],
  );
});
