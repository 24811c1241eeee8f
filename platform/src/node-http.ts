// HTTP of Node's, asked for as CommonJS does: an `import` reads all that `node:http` has, among it a client of WebSockets,
// for which Node loads 55 ms of processor time into every process.
import { createRequire } from 'node:module';
import type http from 'node:http';

// oxlint-disable-next-line typescript/no-unsafe-assignment -- what a module of Node's is, its types say
export const nodeHttp: typeof http = createRequire(import.meta.url)('node:http');
