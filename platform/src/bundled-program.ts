// What programs that are installed on their own have in common: one file, from this repository alone.
import { nodeVersionFirst } from './node-version-first.ts';

/** Options of esbuild for a program in one file, which asks for its Node before anything else. */
export function programOptions(program: {
  readonly entry: string;
  readonly outfile: string;
  /** Of the repository. */
  readonly root: string;
  readonly node: { readonly major: number; readonly minor: number };
}) {
  const { entry, outfile, root, node } = program;
  return {
    entryPoints: [entry],
    outfile,
    bundle: true as const,
    platform: 'node' as const,
    format: 'esm' as const,
    ...nodeVersionFirst(node),
    metafile: true as const,
    logLevel: 'error' as const,
    absWorkingDir: root,
  } satisfies object;
}

/** The licence of what is bundled has to go with it: what is not ours is refused, but for packages that are `known`. */
export function refuseForeign(inputs: readonly string[], known: readonly string[] = []): void {
  const ours = ['@sallyport/', ...known].map((name) => `node_modules/${name}`);
  const foreign = inputs.find((input) => input.includes('node_modules/') && !ours.some((name) => input.includes(name)));
  if (foreign !== undefined) throw new Error(`Cannot bundle "${foreign}": must come from this repository`);
}
