// Makes the guard installable on its own: two bundled files for Node 20.15 and later, which need nothing beside Node.
import { programOptions, refuseForeign } from '@sallyport/platform/bundled-program';
import { build, type Plugin } from 'esbuild';
import { chmodSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const gatewayFile = 'sallyport-guard-mcp.mjs';

/** A hook starts the guard with every call of every tool: reading a gateway that is not asked for costs as much as all it does. */
const gatewayBeside: Plugin = {
  name: 'gateway-beside',
  setup: (builder) => {
    builder.onResolve({ filter: /^\.\/mcp\/gateway-command\.ts$/ }, () => ({
      path: `./${gatewayFile}`,
      external: true,
    }));
  },
};

/** Writes `sallyport-guard.mjs`, and the gateway beside it. Gives the path of the first. */
export async function buildGuard(outputDirectory: string): Promise<string> {
  mkdirSync(outputDirectory, { recursive: true });
  await bundle('src/mcp/gateway-command.ts', join(outputDirectory, gatewayFile));
  const program = join(outputDirectory, 'sallyport-guard.mjs');
  await bundle('src/main.ts', program, [gatewayBeside]);
  chmodSync(program, 0o755);
  return program;
}

async function bundle(entry: string, outfile: string, plugins: readonly Plugin[] = []): Promise<void> {
  const options = programOptions({
    entry: join(import.meta.dirname, entry),
    outfile,
    root,
    node: { major: 20, minor: 15 },
  });
  const { metafile } = await build({ ...options, plugins: [...options.plugins, ...plugins], minify: true });
  refuseForeign(Object.keys(metafile.inputs));
}

if (import.meta.main)
  process.stdout.write(`${await buildGuard(process.argv[2] ?? join(import.meta.dirname, 'dist'))}\n`);
