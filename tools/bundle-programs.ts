// The programs that tests start, each bundled into a few files, once a run: Node needs half a millisecond of processor
// time for every module, the server has 2,600 and a run starts it more than a hundred times (decisions/0096-what-tests-start.md).
// Packages from npm are bundled as well, but for those that bring more than scripts.
import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildOptions, OnLoadResult, OutputFile, Plugin } from 'esbuild';

/** What one start of a program may load is built together: it shares what its parts have in common. */
type Programs = {
  /** By their path in the repository, as patterns. */
  readonly entries: readonly string[];
  /** Where entries are named by `new URL('./x.ts', import.meta.url)`: threads and children of those above. */
  readonly parts?: readonly string[];
};

const testedPrograms: readonly Programs[] = [
  {
    entries: ['apps/server/src/{main,server}.ts'],
    parts: ['apps/server/src/*.ts', 'modules/*/src/**/*.ts'],
  },
  { entries: ['apps/cli/src/main.ts'] },
];

/** Stands for the folder until it is known: its name is of what is in it. */
const placeholder = 'file:///sallyport-programs/';
const besideItself = /new URL\(\s*'([\w./-]+\.ts)',\s*import\.meta\.url,?\s*\)/g;
/** In CommonJS, as an argument. */
const folderOfItself = /(?<=[(,]\s*)__dirname(?=\s*[,)])/g;
/** With native parts or WebAssembly beside them, or taken in by a few programs late: imported from where they are installed. */
const stayOutside = [
  '@cedar-policy',
  '@cyclonedx',
  '@tensorflow',
  'acme-client',
  'chdb',
  'koffi',
  'onnxruntime-node',
  'sharp',
  'werift',
];
/** A facade for imports reads all that a module of Node's has: of this one that loads a client nobody needs (60 ms). */
const withoutFacade = 'node:http';
/** Written last, and looked for: a folder without it is what somebody left of one. */
const wholeMark = 'whole';
const keptMs = 24 * 60 * 60 * 1000;

/**
 * Leaves the programs as `<folder>/<path in the repository>.mjs` and returns the folder. What is there already is not
 * written again; what nobody used for a day goes. Rejects when something cannot be bundled.
 */
export async function bundlePrograms(root: string, programs: readonly Programs[] = testedPrograms): Promise<string> {
  const { build, stop } = await import('esbuild');
  try {
    const built = await Promise.all(
      programs.map(async (program) => (await build(await optionsOf(root, program))).outputFiles ?? []),
    );
    return keep(root, built.flat());
  } finally {
    await stop();
  }
}

async function optionsOf(root: string, { entries, parts = [] }: Programs): Promise<BuildOptions> {
  const named = await Promise.all(
    sourcesOf(root, parts).map(async (file) => partsNamedIn(file, await readFile(file, 'utf8'))),
  );
  const all = new Set([...sourcesOf(root, entries), ...named.flat()]);
  if (all.size === 0) throw new Error(`Cannot bundle "${entries.join(', ')}": there is nothing to bundle`);
  return {
    entryPoints: [...all],
    outbase: root,
    // Nothing is written there; paths below it are what counts.
    outdir: join(root, 'node_modules'),
    outExtension: { '.js': '.mjs' },
    chunkNames: 'shared-[hash]',
    bundle: true,
    splitting: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // As Node resolves, which knows no condition "module".
    conditions: [],
    // CommonJS asks Node for what is Node's.
    banner: {
      js: "import { createRequire as requireFor } from 'node:module'; const require = requireFor(import.meta.url);",
    },
    sourcemap: 'linked',
    sourcesContent: false,
    plugins: [asWritten(all), packages(root)],
    logLevel: 'silent',
  };
}

function sourcesOf(root: string, patterns: readonly string[]): string[] {
  return globSync([...patterns], { cwd: root })
    .filter((file) => !/\.(?:test|fixture)\.ts$/.test(file))
    .map((file) => join(root, file))
    .toSorted();
}

function partsNamedIn(file: string, text: string): string[] {
  return [...text.matchAll(besideItself)].map(([, name = '']) => join(dirname(file), name));
}

/** A module knows its own place, threads and children are found, and a class keeps its name, which is that of its errors. */
function asWritten(entries: ReadonlySet<string>): Plugin {
  const load = async (path: string): Promise<OnLoadResult> => {
    const text = await readFile(path, 'utf8');
    const found = text.replaceAll(besideItself, (whole, name: string) => {
      const part = join(dirname(path), name);
      return entries.has(part) ? `new URL(${JSON.stringify(`${placeholder}${part}`)})` : whole;
    });
    const contents = withPlace(found, path)
      .replaceAll('import.meta.main', entries.has(path) ? 'import.meta.main' : 'false')
      .replaceAll(
        /^(?:export )?(?:abstract )?class (\w+)[^{]*\{/gm,
        (head, name: string) => `${head} static { Object.defineProperty(this, 'name', { value: '${name}' }); }`,
      );
    return { contents, loader: 'ts' };
  };
  return { name: 'as-written', setup: (build) => build.onLoad({ filter: /\.ts$/ }, ({ path }) => load(path)) };
}

/** What stays outside is imported from where it is installed; what only one of our packages has, by its path. */
function packages(root: string): Plugin {
  const own = { ours: true };
  return {
    name: 'packages',
    setup(build) {
      build.onResolve({ filter: /^(?:node:)?http$/ }, () => ({ path: withoutFacade, namespace: 'node' }));
      build.onLoad({ filter: /^/, namespace: 'node' }, ({ path }) => ({
        contents: `module.exports = process.getBuiltinModule('${path}');`,
      }));
      build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
        if (kind === 'entry-point' || pluginData === own || path.startsWith('@sallyport/')) return undefined;
        if (isBuiltin(path)) return { path, external: true };
        const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: own });
        if (found.errors.length > 0 || found.external) return { path, external: true };
        if (!stayOutside.some((name) => path === name || path.startsWith(`${name}/`))) return found;
        const isForAll = found.path.startsWith(join(root, 'node_modules') + sep);
        return { path: isForAll ? path : found.path, external: true };
      });
      build.onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        const placed = withPlace(text, path).replaceAll(folderOfItself, () => JSON.stringify(dirname(path)));
        return placed === text ? undefined : { contents: placed, loader: 'js' };
      });
    },
  };
}

/** A file knows its own place. */
function withPlace(text: string, path: string): string {
  return text
    .replaceAll('import.meta.dirname', () => JSON.stringify(dirname(path)))
    .replaceAll('import.meta.filename', () => JSON.stringify(path))
    .replaceAll('import.meta.url', () => JSON.stringify(pathToFileURL(path).href));
}

/** Whole or not at all: other runs look for it as well. */
function keep(root: string, files: readonly OutputFile[]): string {
  const sum = createHash('sha256').update(wholeMark);
  for (const { path, text } of files) sum.update(`${path}\n${text}\n`);
  const all = join(root, 'node_modules', '.cache', 'test-programs');
  const folder = join(all, sum.digest('hex').slice(0, 16));
  mkdirSync(all, { recursive: true });
  if (!isUsable(folder)) {
    const staging = `${folder}-${process.pid}`;
    for (const { path, text } of files) {
      const file = join(staging, relative(join(root, 'node_modules'), path));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(
        file,
        text.replaceAll(/file:\/\/\/sallyport-programs\/(.*?)\.ts"/g, (_, part: string) => {
          const url = pathToFileURL(join(folder, relative(root, part)));
          return `${url.href}.mjs"`;
        }),
      );
    }
    writeFileSync(join(staging, wholeMark), '');
    try {
      if (existsSync(folder)) remove(folder);
      renameSync(staging, folder);
    } catch (error) {
      rmSync(staging, { recursive: true, force: true });
      if (!isUsable(folder)) throw error;
    }
  }
  for (const name of readdirSync(all)) removeUnused(join(all, name));
  return folder;
}

/** Whole, and from now on in use: nobody removes it for a day. */
function isUsable(folder: string): boolean {
  const now = new Date();
  try {
    utimesSync(folder, now, now);
  } catch {
    return false;
  }
  return existsSync(join(folder, wholeMark));
}

/** Other runs remove as well: what is gone by then, or cannot be removed, is no reason to do without the programs. */
function removeUnused(folder: string): void {
  try {
    const found = statSync(folder, { throwIfNoEntry: false });
    if (found !== undefined && Date.now() - found.mtimeMs > keptMs) remove(folder);
  } catch {
    // Who comes next tries again.
  }
}

/** Under another name first: what is removed in part is never found where a whole one is looked for. */
function remove(folder: string): void {
  const gone = `${folder}.gone-${process.pid}`;
  renameSync(folder, gone);
  rmSync(gone, { recursive: true, force: true });
}

if (import.meta.main) process.stdout.write(`${await bundlePrograms(join(import.meta.dirname, '..'))}\n`);
