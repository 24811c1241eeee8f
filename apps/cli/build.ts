// Makes the command line installable on its own: one bundled file for Node 20 and later, packed as an npm tarball.
import { nodeVersionFirst } from '@sallyport/platform/node-version-first';
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import packageJson from './package.json' with { type: 'json' };

const root = resolve(import.meta.dirname, '../..');

/** Writes `sallyport.mjs` and the tarball that installs it. Needs npm on PATH, and no network. Returns their paths. */
export async function buildPackage(outputDirectory: string): Promise<{ bundle: string; tarball: string }> {
  const staging = join(outputDirectory, 'package');
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  const bundle = join(staging, 'sallyport.mjs');
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, 'src/main.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    ...nodeVersionFirst({ major: 20, minor: 0 }),
    metafile: true,
    logLevel: 'error',
    absWorkingDir: root,
  });
  chmodSync(bundle, 0o755);
  writeFileSync(join(staging, 'LICENSES.txt'), licencesOf(Object.keys(metafile.inputs)));
  writeFileSync(
    join(staging, 'README.md'),
    '# sallyport\n\nThe command line of Sallyport. `sallyport help` lists the commands.\n',
  );
  const manifest = {
    name: packageJson.name,
    version: packageJson.version,
    description: 'Send events to a Sallyport server, see what it found, and check what it proves',
    license: 'UNLICENSED',
    type: 'module',
    bin: { sallyport: 'sallyport.mjs' },
    files: ['sallyport.mjs', 'LICENSES.txt'],
    engines: { node: '>=20' },
  };
  writeFileSync(join(staging, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const packed = spawnSync(
    'npm',
    ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', outputDirectory],
    {
      cwd: staging,
      encoding: 'utf8',
    },
  );
  if (packed.status !== 0) throw new Error(`Cannot pack the command line: ${packed.error?.message ?? packed.stderr}`);
  return { bundle, tarball: join(outputDirectory, packed.stdout.trim().split('\n').at(-1) ?? '') };
}

/** The licence texts of every package whose code is in the bundle. */
function licencesOf(inputs: readonly string[]): string {
  // By where it lies: a package that only one workspace uses may stand in a folder of its own.
  const packages = new Map(
    inputs.flatMap((input) => {
      const [, directory, name] = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(input) ?? [];
      return directory === undefined || name === undefined ? [] : [[name, join(root, directory)] as const];
    }),
  );
  const sorted = [...packages].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const texts = sorted.map(([name, directory]) => {
    const own = licenceText(directory);
    if (own !== undefined) return `${name}\n\n${own}\n`;
    // Some packages of a large project leave out the text the project's others carry.
    const kin = sorted.find(
      ([other, there]) =>
        name.startsWith('@') &&
        other.split('/')[0] === name.split('/')[0] &&
        declaredLicence(there) === declaredLicence(directory) &&
        licenceText(there) !== undefined,
    );
    const text = kin === undefined ? undefined : licenceText(kin[1]);
    if (kin === undefined || text === undefined) throw new Error(`Cannot bundle "${name}": it carries no licence text`);
    return `${name} (${declaredLicence(directory)}, as ${kin[0]})\n\n${text}\n`;
  });
  return texts.join(`\n${'-'.repeat(72)}\n\n`);
}

function licenceText(directory: string): string | undefined {
  const file = existsSync(directory) ? readdirSync(directory).find((entry) => /^licen[cs]e/i.test(entry)) : undefined;
  return file === undefined ? undefined : readFileSync(join(directory, file), 'utf8').trim();
}

function declaredLicence(directory: string): string {
  return /"license": *"([^"]+)"/.exec(readFileSync(join(directory, 'package.json'), 'utf8'))?.[1] ?? '';
}

if (import.meta.main) {
  const { bundle, tarball } = await buildPackage(join(import.meta.dirname, 'dist'));
  process.stdout.write(`${bundle}\n${tarball}\n`);
}
