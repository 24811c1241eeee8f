// What makes a bundled program ask for its Node before anything that an older one does not have.
import { builtinModules } from 'node:module';

/** As much of a plugin of esbuild as is needed. */
type BundlerPlugin = {
  readonly name: string;
  setup(build: {
    onResolve(
      options: { filter: RegExp },
      answer: (asked: {
        path: string;
        namespace: string;
        kind: string;
      }) => { path: string; external?: boolean; namespace?: string } | undefined,
    ): void;
    onLoad(
      options: { filter: RegExp; namespace: string },
      answer: (asked: { path: string }) => { contents: string; loader: 'js' },
    ): void;
  }): void;
};

const virtual = 'node-after-the-check';

/**
 * A banner that ends with the version that is needed and where to get it, and a plugin that loads the modules of Node after
 * it: the imports of an ES module are looked up before its first line runs, and one that is missing would end it with a stack.
 * What is bundled must be in a syntax older versions read: `target` is for that.
 */
export function nodeVersionFirst({ major, minor }: { readonly major: number; readonly minor: number }): {
  readonly banner: { readonly js: string };
  readonly plugins: BundlerPlugin[];
  readonly target: 'node18';
} {
  const wanted = minor === 0 ? `${major}` : `${major}.${minor}`;
  return {
    target: 'node18',
    banner: {
      js: [
        "import { createRequire as __createRequire } from 'node:module';",
        "const [__major, __minor] = process.versions.node.split('.').map(Number);",
        `if (__major < ${major} || (__major === ${major} && __minor < ${minor})) {`,
        '  process.stderr.write(`node_too_old: Cannot run on Node ${process.versions.node}: must be at least ' +
          `${wanted}\\nhint: get it at https://nodejs.org/en/download and start this program with it\\n\`);`,
        '  process.exit(1);',
        '}',
        'const require = __createRequire(import.meta.url);',
      ].join('\n'),
    },
    plugins: [
      {
        name: 'node-version-first',
        setup(build) {
          build.onResolve({ filter: /^(?:node:|[a-z_]+(?:\/[a-z_]+)?$)/ }, ({ path, namespace, kind }) => {
            if (!path.startsWith('node:') && !builtinModules.includes(path)) return undefined;
            // What is loaded later is asked for in the same way: an `import()` of node:http also loads a client of WebSockets that it lists.
            const isImport = kind === 'import-statement' || kind === 'dynamic-import';
            if (namespace === virtual || !isImport) return { path, external: true };
            return { path, namespace: virtual };
          });
          build.onLoad({ filter: /.*/, namespace: virtual }, ({ path }) => ({
            contents: `module.exports = require(${JSON.stringify(path)});`,
            loader: 'js',
          }));
        },
      },
    ],
  };
}
