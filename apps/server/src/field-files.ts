import { join } from 'node:path';
import type { RoutePlugin } from '@sallyport/platform/http';
import { immutableCaching, readBuiltFiles, sendBuiltFile } from './built-files.ts';

/** Where the built field client is: apps/field/dist of this checkout. */
export const fieldDirectory = join(import.meta.dirname, '..', '..', 'field', 'dist');

const prefix = '/field/';

/**
 * As strict as the console's; and here alone a page may ask for camera, microphone and position, itself and nobody it
 * frames. Workers of the page are files of ours.
 */
const pageHeaders = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy':
    'camera=(self), microphone=(self), geolocation=(self), screen-wake-lock=(self), payment=(), usb=(), display-capture=()',
  'x-frame-options': 'DENY',
} as const;

/** The client of phones that are cameras, below `/field/`: its files, and its page for every other address there. */
export function createFieldFiles(directory: string): RoutePlugin {
  const files = readBuiltFiles(directory, prefix);
  return async (app) => {
    // Relative addresses and the scope of the service worker need the slash. A code in the fragment stays with it.
    app.get('/field', { config: { public: true }, schema: { hide: true } }, async (_request, reply) =>
      reply.redirect(prefix, 308),
    );
    app.get(`${prefix}*`, { config: { public: true }, schema: { hide: true } }, async (request, reply) => {
      const path = request.url.split('?', 1)[0] ?? prefix;
      const file = files.get(path);
      const isNamedByContent = path.startsWith(`${prefix}assets/`);
      if (file !== undefined && isNamedByContent)
        return sendBuiltFile(request, reply, file, { ...pageHeaders, 'cache-control': immutableCaching });
      const shown = file ?? files.get(`${prefix}index.html`);
      if (isNamedByContent || shown === undefined) return reply.callNotFound();
      return sendBuiltFile(request, reply, shown, { ...pageHeaders, 'cache-control': 'no-cache' });
    });
  };
}
