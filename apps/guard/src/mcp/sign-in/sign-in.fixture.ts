// A remote MCP server that wants a token, made with the protocol's own SDK, and a person who signs in to it.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { TestAuthorizationServer } from '@sallyport/testing/authorization-server';
import { environment as environmentOfTests } from '../../config.ts';
import { runSignIns } from './sign-in-command.ts';

export type ProtectedServer = {
  readonly url: URL;
  /** `Authorization` of each request, in order. */
  readonly authorizations: (string | undefined)[];
  /** What it wants of a token from now on. */
  wants(scopes: readonly string[]): void;
  /** Answers in its place; false: as usual. */
  answerInstead(listener: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined): void;
  close(): void;
};

const metadataPath = '/.well-known/oauth-protected-resource/mcp';

/** Checks tokens as the SDK does: given out for this very server, with the scopes it wants. */
export async function startProtectedServer(authorization: TestAuthorizationServer): Promise<ProtectedServer> {
  const authorizations: (string | undefined)[] = [];
  let wanted: readonly string[] = ['notes:read'];
  let instead: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  let url = new URL('http://127.0.0.1/mcp');
  const app = createMcpExpressApp();
  app.get(metadataPath, (_request, response) => {
    response.json({
      resource: url.href,
      authorization_servers: [authorization.issuer],
      scopes_supported: ['notes:read'],
    });
  });
  const verifier = {
    async verifyAccessToken(token: string) {
      const facts = await authorization.factsOf(token);
      if (facts === undefined) throw new InvalidTokenError('Over');
      const { resource, scopes, expiresAt } = facts;
      return { token, clientId: 'client', scopes: [...scopes], expiresAt, resource: new URL(resource) };
    },
  };
  app.use('/mcp', (request, response, next) => {
    authorizations.push(request.headers.authorization);
    const resourceMetadataUrl = new URL(metadataPath, url).href;
    void requireBearerAuth({ verifier, requiredScopes: [...wanted], resourceMetadataUrl, expectedResource: url })(
      request,
      response,
      next,
    );
  });
  app.all('/mcp', (request, response) => {
    const server = new McpServer({ name: 'notes', version: '1' });
    server.registerTool('list_notes', { description: 'Lists notes' }, () => ({
      content: [{ type: 'text', text: 'milk, bread' }],
    }));
    const transport = new StreamableHTTPServerTransport({});
    response.on('close', () => void server.close());
    void server
      .connect(transport)
      .then(() => transport.handleRequest(request, response, request.body))
      .catch(() => response.destroy());
  });
  const server = createServer((request, response) => {
    if (instead?.(request, response) === true) return;
    app(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('The server has no address');
  url = new URL(`http://127.0.0.1:${bound.port}/mcp`);
  return {
    url,
    authorizations,
    wants: (scopes) => void (wanted = scopes),
    answerInstead: (listener) => void (instead = listener),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A person at a terminal with a browser, and a folder of state of their own. */
export type TestPerson = {
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  /** Everything the terminal showed, and standard error. */
  readonly seen: string[];
  run(...args: string[]): Promise<number>;
  /** What their browser does instead with the address it is sent to. */
  browse(how: (url: URL) => Promise<void>): void;
  types(words: string): void;
  isAway(): void;
  /** All that stands in files. */
  kept(): string;
  close(): void;
};

export function testPerson(browse: (url: URL) => Promise<void>): TestPerson {
  const state = mkdtempSync(join(tmpdir(), 'sallyport-sign-in-'));
  const folder = join(state, 'sallyport', 'mcp-sign-ins');
  const seen: string[] = [];
  let goes = browse;
  let words = 'yes';
  let isThere = true;
  const environment = { XDG_STATE_HOME: state, HOME: state, PATH: environmentOfTests['PATH'] ?? '' };
  return {
    environment,
    folder,
    seen,
    async run(...args) {
      const ended = new AbortController();
      const write = process.stderr.write.bind(process.stderr);
      process.stderr.write = (text: string | Uint8Array) => {
        seen.push(String(text));
        return true;
      };
      try {
        return await runSignIns(args, {
          environment,
          write: (line) => void seen.push(line),
          terminal: {
            isThere,
            ask: (_question, signal) =>
              signal === undefined
                ? Promise.resolve(words)
                : new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('over')))),
          },
          show: (url) =>
            void goes(url).catch((error: unknown) => {
              seen.push(String(error));
              ended.abort();
            }),
          signal: ended.signal,
        });
      } finally {
        process.stderr.write = write;
      }
    },
    browse: (how) => void (goes = how),
    types: (text) => void (words = text),
    isAway: () => void (isThere = false),
    kept: () =>
      readdirSync(folder)
        .map((name) => readFileSync(join(folder, name), 'utf8'))
        .join('\n'),
    close: () => rmSync(state, { recursive: true, force: true }),
  };
}

/** Comes back from the sign-in as a browser does: to this machine. */
export async function comeBack(url: URL): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(url, { redirect: 'manual' });
  return { status: answer.status, text: await answer.text() };
}
