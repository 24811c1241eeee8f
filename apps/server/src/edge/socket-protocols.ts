import type { IncomingMessage } from 'node:http';
import { asksForSocket } from './http-server.ts';

/** A page cannot give a WebSocket an Authorization header, so the token comes as one more subprotocol it offers. */
const tokenPrefix = 'bearer.';

/** The token a WebSocket's handshake carries among its subprotocols; undefined without one, with two, and for any other request. */
export function socketToken(request: Pick<IncomingMessage, 'method' | 'headers'>): string | undefined {
  if (!asksForSocket(request)) return undefined;
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim());
  const [token, ...more] = offered.filter((protocol) => protocol.startsWith(tokenPrefix));
  if (token === undefined || more.length > 0) return undefined;
  return /^[\w.~+-]{1,512}$/.exec(token.slice(tokenPrefix.length))?.[0];
}

/** The subprotocol the reply names: the first that is no token, which is never said back. */
export function chooseProtocol(offered: ReadonlySet<string>): string | false {
  return [...offered].find((protocol) => !protocol.startsWith(tokenPrefix)) ?? false;
}
