import { readFileSync, readdirSync, statSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';

const types = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.webmanifest', 'application/manifest+json'],
]);

/** A file of a page that was built, as it is sent. */
export type BuiltFile = { readonly body: Buffer; readonly compressed: Buffer; readonly type: string };

/** What stands under a name with a hash of its content never changes. */
export const immutableCaching = 'public, max-age=31536000, immutable';

/**
 * Every file of a type we know, by its address below `prefix`, which ends in a slash. Nothing when it was not built. They
 * are read once: a path is looked up among these names, never on the disk.
 */
export function readBuiltFiles(directory: string, prefix: string): ReadonlyMap<string, BuiltFile> {
  const found = statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true;
  const names = found ? readdirSync(directory, { recursive: true, encoding: 'utf8' }) : [];
  return new Map(
    names.flatMap((name) => {
      const type = types.get(extname(name));
      const path = join(directory, name);
      if (type === undefined || !statSync(path).isFile()) return [];
      return [[`${prefix}${relative(directory, path).split(sep).join('/')}`, contentOf(path, type)] as const];
    }),
  );
}

/**
 * Nothing in these files is secret or chosen by a caller: compressing them tells nobody anything. Done when first asked
 * for: a start need not wait for it.
 */
function contentOf(path: string, type: string): BuiltFile {
  const body = readFileSync(path);
  let compressed: Buffer | undefined;
  return {
    type,
    body,
    get compressed() {
      return (compressed ??= gzipSync(body));
    },
  };
}

export function sendBuiltFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: BuiltFile,
  headers: Readonly<Record<string, string>>,
): FastifyReply {
  const isCompressed = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  return reply
    .headers({ ...headers, 'content-type': file.type, vary: 'accept-encoding' })
    .headers(isCompressed ? { 'content-encoding': 'gzip' } : {})
    .send(isCompressed ? file.compressed : file.body);
}
