// A small OpenBao for tests: over TLS, the part of it a keeper of master keys asks, by the rules OpenBao 2.7 enforces.
// That it answers as the real one did is tested against a record of the real one's answers (transit-answers.ts).
import { mkdirSync, writeFileSync } from 'node:fs';
import { nodeHttp } from '@sallyport/platform/node-http';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { createTestAuthority } from './test-authority.ts';
import type { TestCertificate } from './test-authority.ts';
import { createTransitAsking } from './transit-asking.ts';
import type { TransitPlace } from './transit-asking.ts';
import { createTransitRequests } from './transit-requests.ts';

/** Made once in a process: openssl takes its time. */
let authority: { readonly certificatePem: string; readonly certificate: TestCertificate } | undefined;

function makeAuthority(): { readonly certificatePem: string; readonly certificate: TestCertificate } {
  const { certificatePem, issue } = createTestAuthority('Test transit authority');
  return { certificatePem, certificate: issue({ commonName: 'transit', dnsName: 'localhost', use: 'serverAuth' }) };
}

/** Serves without any mount; its certificate's authority is written into `directory`. */
export async function startTransitServer(directory: string): Promise<TransitPlace> {
  authority ??= makeAuthority();
  const { certificate, certificatePem } = authority;
  mkdirSync(directory, { recursive: true });
  const caFile = join(directory, 'transit-ca.pem');
  writeFileSync(caFile, certificatePem);

  const token = 'root-of-the-test';
  const requests = createTransitRequests({ rootToken: token });
  const http = nodeHttp.createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { status, body } = requests.answer(request, Buffer.concat(pieces).toString('utf8'));
      // One request a connection: only the first line of each is looked at below.
      response.writeHead(status, {
        'Cache-Control': 'no-store',
        'Content-Type': 'application/json',
        Connection: 'close',
      });
      response.end(body === undefined ? undefined : `${JSON.stringify(body)}\n`);
    });
  });
  const open = new Set<TLSSocket>();
  const server = createTlsServer(certificate, (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    translateList(socket, () => http.emit('connection', socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, 'localhost', resolve);
  });
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const place = { address: `https://localhost:${port}`, caFile, token };
  return {
    ...place,
    ...createTransitAsking(place),
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** Node's parser refuses the method LIST, which OpenBao takes for GET with `list=true`. */
function translateList(socket: TLSSocket, ready: () => void): void {
  let head = Buffer.alloc(0);
  const read = (piece: Buffer): void => {
    head = Buffer.concat([head, piece]);
    const end = head.indexOf('\r\n');
    if (end === -1) return;
    socket.off('data', read).pause();
    const line = head.toString('latin1', 0, end).replace(/^LIST (\S+?)(\?\S*)? HTTP/, 'GET $1?list=true HTTP');
    socket.unshift(Buffer.concat([Buffer.from(line, 'latin1'), head.subarray(end)]));
    ready();
    socket.resume();
  };
  socket.on('data', read);
}
