import type { IncomingMessage } from 'node:http';
import { EdgeError } from './errors.ts';
import { asksForSocket } from './http-server.ts';

/** Only a script of our own origin can set it: on another's, the browser would ask us first, and we do not answer. */
const ownHeader = 'x-sallyport';

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

type BrowserRequest = Pick<IncomingMessage, 'method' | 'headers' | 'headersDistinct'>;

/**
 * Refuses a request that a web page may have had a browser send here:
 * - under a host name that is not ours. A page whose own name resolves to a loopback address (DNS rebinding) is
 *   same-origin with us as far as the browser knows, and could read the replies.
 * - from another origin, when it would change something.
 * - with a session cookie, which the browser adds by itself, unless it is sure that our own page asked: to change something
 *   it must carry the header `x-sallyport: 1` and say where it comes from.
 * - as a WebSocket, which any page may open without asking and could read, under the same rules but for the header, which
 *   no page can set there: with a cookie it must say that it comes from our own origin.
 * Throws `EdgeError` `host_not_allowed`, `cross_origin`, `csrf_refused`.
 */
export function createBrowserGuard(options: {
  hostNames: readonly string[];
  secure: boolean;
}): (request: BrowserRequest, hasSession: boolean) => void {
  const allowed = new Set([...loopbackNames, ...options.hostNames.map(toHostName)]);
  const scheme = options.secure ? 'https' : 'http';
  return ({ method = '', headers, headersDistinct }, hasSession) => {
    // Two of them would let each reader of the request see another.
    const host = headersDistinct['host']?.length === 1 ? (headers.host ?? '') : '';
    const [, found, port = '0'] = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+?)\.?(?::(\d{1,5}))?$/i.exec(host) ?? [];
    const name = found?.toLowerCase();
    if (name === undefined || !allowed.has(name) || Number(port) > 65_535) {
      throw new EdgeError(
        'host_not_allowed',
        // The names it does answer to are nobody's business who does not know them.
        `Cannot answer to host ${JSON.stringify(host.slice(0, 255))}: must be a name of this server`,
        { hint: 'add the name to the configuration if it is this server’s own' },
      );
    }
    const isSocket = asksForSocket({ method, headers });
    if (safeMethods.has(method) && !isSocket) return;
    const site = headers['sec-fetch-site'];
    const { origin } = headers;
    const foreignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
    const foreignOrigin = origin !== undefined && origin.toLowerCase() !== `${scheme}://${host.toLowerCase()}`;
    if (foreignSite || foreignOrigin) {
      throw new EdgeError(
        hasSession ? 'csrf_refused' : 'cross_origin',
        `Cannot ${method} from origin ${JSON.stringify((origin ?? String(site)).slice(0, 255))}: must come from this server or from no web page`,
      );
    }
    if (isSocket) {
      if (hasSession && origin === undefined)
        throw new EdgeError('csrf_refused', 'Cannot open a socket with a session: must say which page opens it');
      return;
    }
    if (hasSession && (headers[ownHeader] !== '1' || (origin === undefined && site !== 'same-origin'))) {
      throw new EdgeError(
        'csrf_refused',
        `Cannot ${method} with a session: must carry the header "${ownHeader}: 1" and come from a page of this server`,
      );
    }
  };
}

/** A session is no good for a request that a page of another origin made, not even to read: throws `csrf_refused`. */
export function refuseForeignReader({ headers }: Pick<IncomingMessage, 'headers'>): void {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  throw new EdgeError('csrf_refused', 'Cannot use a session for a request of another web site');
}

/** As it stands in a Host header: IPv6 addresses in brackets. */
function toHostName(name: string): string {
  return name.includes(':') && !name.startsWith('[') ? `[${name.toLowerCase()}]` : name.toLowerCase();
}
