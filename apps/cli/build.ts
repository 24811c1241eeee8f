// Makes the command line installable on its own: one bundled file for Node 20.15 and later, packed as an npm tarball.
import { agentPolicyFiles } from '@sallyport/content/agent-policies';
import { nodeVersionFirst } from '@sallyport/platform/node-version-first';
import { build, type Plugin } from 'esbuild';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import packageJson from './package.json' with { type: 'json' };

const root = resolve(import.meta.dirname, '../..');
const cedarModule = '@cedar-policy/cedar-wasm/nodejs';

/** The policies for agents are files in a checkout, and part of the program here. */
const policiesInside: Plugin = {
  name: 'policies-inside',
  setup: (builder) => {
    builder.onLoad({ filter: /[/\\]content[/\\]src[/\\]agent-policies\.ts$/ }, () => ({
      contents: `export const agentPolicyFiles = () => ${JSON.stringify(agentPolicyFiles())};`,
      loader: 'js',
    }));
  },
};

/** Cedar reads its WebAssembly from the file beside it, and only the command that needs it loads it: it stays a file of its own. */
const cedarBeside: Plugin = {
  name: 'cedar-beside',
  setup: (builder) => {
    builder.onResolve({ filter: /^@cedar-policy\/cedar-wasm\/nodejs$/ }, () => ({
      path: './cedar_wasm.cjs',
      external: true,
    }));
  },
};

/** Writes `sallyport.mjs` and the tarball that installs it. Needs npm on PATH, and no network. Returns their paths. */
export async function buildPackage(outputDirectory: string): Promise<{ bundle: string; tarball: string }> {
  const staging = join(outputDirectory, 'package');
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  const bundle = join(staging, 'sallyport.mjs');
  const versionFirst = nodeVersionFirst({ major: 20, minor: 15 });
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, 'src/main.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    ...versionFirst,
    plugins: [...versionFirst.plugins, policiesInside, cedarBeside],
    metafile: true,
    logLevel: 'error',
    absWorkingDir: root,
  });
  chmodSync(bundle, 0o755);
  const cedar = dirname(createRequire(join(root, 'modules/agent-guard/package.json')).resolve(cedarModule));
  copyFileSync(join(cedar, 'cedar_wasm.js'), join(staging, 'cedar_wasm.cjs'));
  copyFileSync(join(cedar, 'cedar_wasm_bg.wasm'), join(staging, 'cedar_wasm_bg.wasm'));
  writeFileSync(
    join(staging, 'LICENSES.txt'),
    licencesOf([...Object.keys(metafile.inputs), `node_modules/${cedarModule}/cedar_wasm.js`]),
  );
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
    files: ['sallyport.mjs', 'cedar_wasm.cjs', 'cedar_wasm_bg.wasm', 'LICENSES.txt'],
    engines: { node: '>=20.15' },
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
    const from = kin ?? standardText(declaredLicence(directory));
    const text = from === undefined ? undefined : licenceText(from[1]);
    if (from === undefined || text === undefined)
      throw new Error(`Cannot bundle "${name}": it carries no licence text`);
    return `${name} (${declaredLicence(directory)}, as ${from[0]})\n\n${text}\n`;
  });
  return texts.join(`\n${'-'.repeat(72)}\n\n`);
}

/** Of a licence whose text is the same for everybody, a package that carries it. */
function standardText(licence: string): readonly [string, string] | undefined {
  return licence === 'Apache-2.0' ? ['typescript', join(root, 'node_modules/typescript')] : undefined;
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
