import { readFileSync, readdirSync, statSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { RoutePlugin } from '@sallyport/platform/http';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Where the built console is: apps/console/dist of this checkout. */
export const consoleDirectory = join(import.meta.dirname, '..', '..', 'console', 'dist');

const types = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
]);

/**
 * Scripts and styles of this server alone, none inside the page; nothing from elsewhere, nothing framed. Style
 * attributes are set through the object model, which needs no exception.
 */
const pageHeaders = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "font-src 'self'",
    "worker-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'x-frame-options': 'DENY',
} as const;

type ConsoleFile = { readonly body: Buffer; readonly compressed: Buffer; readonly type: string };

/**
 * The web console: its files, and its page for every address that is no file and not the API's. Only what the build
 * made is served: the files are read once, and a path is looked up among their names, never on the disk.
 */
export function createConsoleFiles(directory: string): RoutePlugin {
  const files = readFiles(directory);
  return async (app) => {
    app.get('/*', { config: { public: true }, schema: { hide: true } }, async (request, reply) => {
      const path = request.url.split('?', 1)[0] ?? '/';
      if (path === '/v1' || path.startsWith('/v1/')) return reply.callNotFound();
      const file = files.get(path);
      // The name holds a hash of the content: what stands there never changes.
      if (file !== undefined && path.startsWith('/assets/'))
        return send(request, reply, file, 'public, max-age=31536000, immutable');
      const shown = file ?? files.get('/index.html');
      if (path.startsWith('/assets/') || shown === undefined) return reply.callNotFound();
      return send(request, reply, shown, 'no-cache');
    });
  };
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { body, compressed, type }: ConsoleFile,
  caching: string,
): FastifyReply {
  const isCompressed = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  return reply
    .headers({ ...pageHeaders, 'content-type': type, 'cache-control': caching, vary: 'accept-encoding' })
    .headers(isCompressed ? { 'content-encoding': 'gzip' } : {})
    .send(isCompressed ? compressed : body);
}

/** Every file of a type we know, by its address. Nothing when the console was not built. */
function readFiles(directory: string): ReadonlyMap<string, ConsoleFile> {
  const found = statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true;
  const names = found ? readdirSync(directory, { recursive: true, encoding: 'utf8' }) : [];
  return new Map(
    names.flatMap((name) => {
      const type = types.get(extname(name));
      const path = join(directory, name);
      if (type === undefined || !statSync(path).isFile()) return [];
      return [[`/${relative(directory, path).split(sep).join('/')}`, { ...contentOf(path), type }] as const];
    }),
  );
}

/** Nothing in these files is secret or chosen by a caller: compressing them tells nobody anything. */
function contentOf(path: string): Pick<ConsoleFile, 'body' | 'compressed'> {
  const body = readFileSync(path);
  return { body, compressed: gzipSync(body) };
}
