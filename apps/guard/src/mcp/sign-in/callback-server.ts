import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';

/** Where the browser comes back to, on this machine alone. */
export type CallbackServer = { readonly redirect: string; close(): void };

const byeMs = 1000;
const pages = {
  taken: 'You can close this window: go on at the terminal.',
  foreign: 'This is not the answer to the sign-in that is going on.',
} as const;

/**
 * Listens at 127.0.0.1 for one answer. `take` says whether it is one: what is not is refused and changes nothing, so that nobody ends a
 * sign-in by speaking to the port. What came is never shown. `port` 0: any that is free. Rejects where the port is taken.
 */
export async function listenForAnswer({
  port,
  path,
  take,
}: {
  readonly port: number;
  readonly path: string;
  readonly take: (answer: URLSearchParams) => boolean;
}): Promise<CallbackServer> {
  let bound = '';
  const server = createServer(
    { maxHeaderSize: 32 * 1024, requestTimeout: 5000, headersTimeout: 5000 },
    (request, response) => {
      const text = `http://${bound}${request.url ?? ''}`;
      const url = URL.canParse(text) ? new URL(text) : undefined;
      // A name that points here is somebody's page, not the one we named.
      const isOurs = request.headers.host === bound && url?.host === bound && url.pathname === path;
      if (request.method !== 'GET' || !isOurs || url === undefined) return say(response, 404, pages.foreign);
      return take(url.searchParams) ? say(response, 200, pages.taken) : say(response, 400, pages.foreign);
    },
  );
  server.maxConnections = 20;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  bound = `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : port}`;
  return {
    redirect: `http://${bound}${path}`,
    close() {
      server.close();
      server.closeIdleConnections();
      // The page that says so is on its way; nobody holds the program up.
      setTimeout(() => server.closeAllConnections(), byeMs).unref();
    },
  };
}

function say(response: ServerResponse, status: number, words: string): void {
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      connection: 'close',
    })
    .end(`<!doctype html><title>Sallyport</title><p>${words}</p>\n`);
}
