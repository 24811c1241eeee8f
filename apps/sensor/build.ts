// Makes the sensor installable on its own: one bundled file for Node 22 and later, and the engine for YARA rules beside it.
import { programOptions, refuseForeign } from '@sallyport/platform/bundled-program';
import { build } from 'esbuild';
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/**
 * Writes `sallyport-sensor.mjs`, which needs nothing beside Node and holds nothing from outside this repository; and, for hosts
 * with YARA rules, `sallyport-sensor-yara.mjs` with the engine it runs and the licence of that. Gives the path of the first.
 */
export async function buildSensor(outputDirectory: string): Promise<string> {
  rmSync(outputDirectory, { recursive: true, force: true });
  mkdirSync(outputDirectory, { recursive: true });
  const { sensor, scanner } = await bundleSensor(outputDirectory);
  refuseForeign(sensor.inputs);
  refuseForeign(scanner.inputs, [engine]);
  const engineDirectory = join(root, 'node_modules', engine);
  copyFileSync(join(engineDirectory, 'pkg', 'yara_x_js_bg.wasm'), join(outputDirectory, 'yara_x_js_bg.wasm'));
  writeFileSync(join(outputDirectory, 'LICENSES.txt'), `${engine}\n${'='.repeat(engine.length)}\n${engineLicence}`);
  return sensor.outfile;
}

const engine = '@virustotal/yara-x';

/** The programs alone, with what they are made of as paths from the root of the repository. */
export async function bundleSensor(outputDirectory: string) {
  return {
    sensor: await bundle('main.ts', join(outputDirectory, 'sallyport-sensor.mjs')),
    scanner: await bundle('matching/yara-child.ts', join(outputDirectory, 'sallyport-sensor-yara.mjs')),
  };
}

async function bundle(entry: string, outfile: string): Promise<{ outfile: string; inputs: readonly string[] }> {
  const entryPoint = join(import.meta.dirname, 'src', entry);
  const { metafile } = await build(
    programOptions({ entry: entryPoint, outfile, root, node: { major: 22, minor: 13 } }),
  );
  chmodSync(outfile, 0o755);
  return { outfile, inputs: Object.keys(metafile.inputs) };
}

/** The package names it (BSD-3-Clause) and carries no text of it. */
const engineLicence = `
Copyright (c) 2023-2026. The YARA-X Authors. All Rights Reserved.

Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following
conditions are met:

1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following disclaimer.
2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following
   disclaimer in the documentation and/or other materials provided with the distribution.
3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse or promote products derived
   from this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT
NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL
THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES
(INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS
INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE
OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
`;

if (import.meta.main)
  process.stdout.write(`${await buildSensor(process.argv[2] ?? join(import.meta.dirname, 'dist'))}\n`);
