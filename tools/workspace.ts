// The packages of a checkout and their source files, as the package.json files describe them.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type WorkspacePackage = {
  readonly name: string;
  /** Relative to the root, with forward slashes: `modules/ledger`. */
  readonly folder: string;
  /** Front doors: `.` or `./clock` → file relative to the package, without the leading `./`. */
  readonly exports: ReadonlyMap<string, string>;
  readonly dependencies: ReadonlyMap<string, string>;
  readonly developmentDependencies: ReadonlyMap<string, string>;
  /** TypeScript and .mjs files, relative to the root. */
  readonly files: readonly string[];
};

export type Workspace = {
  readonly root: string;
  readonly packages: readonly WorkspacePackage[];
  /** The root's devDependencies: tools every test may use. */
  readonly rootDevelopmentDependencies: ReadonlyMap<string, string>;
  readonly rootOptionalDependencies: ReadonlyMap<string, string>;
};

/** Reads the packages named by `workspaces` in the root's package.json. */
export function readWorkspace(root: string): Workspace {
  const manifest = readManifest(join(root, 'package.json'));
  const folders = globSync(textsOf(manifest['workspaces']), { cwd: root })
    .map((folder) => folder.replaceAll('\\', '/'))
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .toSorted();
  return {
    root,
    packages: folders.map((folder) => readPackage(root, folder)),
    rootDevelopmentDependencies: textMap(manifest['devDependencies']),
    rootOptionalDependencies: textMap(manifest['optionalDependencies']),
  };
}

/** Files that only tests and measurements load; they may use development dependencies, and nothing else may load them. */
export function isTestingFile(file: string): boolean {
  return /(\.test|\.fixture|-testing|\/testing)\.ts$|\/testing\/|^(testing|bench|tools)\//.test(file);
}

export function readManifest(file: string): Record<string, unknown> {
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return recordOf(parsed);
}

/** `value` when it is a plain object, else an empty one. */
export function recordOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value));
}

function readPackage(root: string, folder: string): WorkspacePackage {
  const manifest = readManifest(join(root, folder, 'package.json'));
  const name = typeof manifest['name'] === 'string' ? manifest['name'] : folder;
  const files = globSync(`${folder}/**/*.{ts,tsx,mjs}`, {
    cwd: root,
    exclude: (entry) => entry === 'node_modules' || entry === 'dist',
  });
  return {
    name,
    folder,
    exports: new Map([...textMap(manifest['exports'])].map(([door, file]) => [door, file.replace(/^\.\//, '')])),
    // What may be missing on a machine is no less declared, and pinned like the rest.
    dependencies: new Map([...textMap(manifest['dependencies']), ...textMap(manifest['optionalDependencies'])]),
    developmentDependencies: textMap(manifest['devDependencies']),
    files: files.map((file) => file.replaceAll('\\', '/')).toSorted(),
  };
}

function textMap(value: unknown): Map<string, string> {
  const entries = Object.entries(recordOf(value));
  return new Map(entries.flatMap(([name, text]) => (typeof text === 'string' ? [[name, text]] : [])));
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}
