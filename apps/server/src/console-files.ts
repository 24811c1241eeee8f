import { join } from 'node:path';
import type { RoutePlugin } from '@sallyport/platform/http';
import { immutableCaching, readBuiltFiles, sendBuiltFile } from './built-files.ts';

/** Where the built console is: apps/console/dist of this checkout. */
export const consoleDirectory = join(import.meta.dirname, '..', '..', 'console', 'dist');

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

/**
 * The web console: its files, and its page for every address that is no file and not the API's. Only what the build
 * made is served: the files are read once, and a path is looked up among their names, never on the disk.
 */
export function createConsoleFiles(directory: string): RoutePlugin {
  const files = readBuiltFiles(directory, '/');
  return async (app) => {
    app.get('/*', { config: { public: true }, schema: { hide: true } }, async (request, reply) => {
      const path = request.url.split('?', 1)[0] ?? '/';
      if (path === '/v1' || path.startsWith('/v1/')) return reply.callNotFound();
      const file = files.get(path);
      if (file !== undefined && path.startsWith('/assets/'))
        return sendBuiltFile(request, reply, file, { ...pageHeaders, 'cache-control': immutableCaching });
      const shown = file ?? files.get('/index.html');
      if (path.startsWith('/assets/') || shown === undefined) return reply.callNotFound();
      return sendBuiltFile(request, reply, shown, { ...pageHeaders, 'cache-control': 'no-cache' });
    });
  };
}
