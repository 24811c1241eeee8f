import { spawn } from 'node:child_process';
import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { JsonObject } from '@sallyport/contracts';
import { objectOf, readObject } from './read-json.ts';
import { profileFlags, repositoryRoot } from './repository.ts';

export type ProcessName = 'server' | 'sealer' | 'store';

/** The whole product over an empty data directory, as `npm start` runs it, spoken to over its own HTTP API. */
export type RunningServer = {
  readonly pids: Readonly<Record<ProcessName, number>>;
  /** Where it listens, by number. */
  readonly address: string;
  /** The one-time link that makes the first administrator. */
  readonly setupLink: string;
  /** The key that may send events. */
  readonly ingestKey: string;
  /** The key that may do everything. */
  readonly operatorKey: string;
  /** Sends a body of any kind to a path that takes events. Rejects on any status but 200. */
  post(path: string, body: Buffer, contentType: string): Promise<JsonObject>;
  /** Sends NDJSON; resolves with the reply when the events are durable. Rejects on any status but 200. */
  send(lines: Buffer, sequence: number, source?: string): Promise<JsonObject>;
  get(path: string): Promise<JsonObject>;
  /** An open response; the caller reads it and destroys it. */
  open(path: string): Promise<IncomingMessage>;
  stop(): Promise<void>;
};

const usualStartLimitMs = 60_000;
const stopLimitMs = 30_000;

export async function startServer(
  directory: string,
  profileDirectory?: string,
  startLimitMs = usualStartLimitMs,
): Promise<RunningServer> {
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      ...profileFlags(profileDirectory),
      join(repositoryRoot, 'apps', 'server', 'src', 'server.ts'),
      '--data',
      join(directory, 'data'),
      '--port',
      '0',
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'], HOME: join(directory, 'home') } },
  );
  let printed = '';
  const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  // What it logs is of use only when it does not start, but an unread pipe would stop it.
  let logged = '';
  child.stderr.on('data', (chunk: Buffer) => (logged = `${logged}${chunk.toString()}`.slice(-4000)));
  const welcome = Promise.withResolvers<{ address: string; ingest: string; operator: string }>();
  child.stdout.on('data', (chunk: Buffer) => {
    if (printed.length > 10_000) return;
    printed += chunk.toString();
    const address = /is up at (http:\S+)/.exec(printed)?.[1];
    const ingest = /send events\s+(sp_\S+)/.exec(printed)?.[1];
    const operator = /everything\s+(sp_\S+)/.exec(printed)?.[1];
    if (address !== undefined && ingest !== undefined && operator !== undefined)
      welcome.resolve({ address, ingest, operator });
  });
  void ended.then(() => welcome.reject(new Error(`The server ended before it was up: ${logged}`)));
  const limit = setTimeout(() => child.kill('SIGKILL'), startLimitMs);
  const { address, ingest, operator } = await welcome.promise;
  clearTimeout(limit);

  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const call = (
    method: string,
    path: string,
    key: string,
    [body, type]: readonly [Buffer?, string?] = [],
  ): Promise<IncomingMessage> => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const headers = {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': type, 'content-length': body.length }),
    };
    const sent = request(new URL(path, address), { method, agent, headers }, resolve);
    sent.on('error', reject);
    sent.end(body);
    return promise;
  };
  const json = async (response: IncomingMessage): Promise<JsonObject> => {
    let text = '';
    response.setEncoding('utf8');
    for await (const chunk of response) text += String(chunk);
    if (response.statusCode !== 200)
      throw new Error(`The server answered ${String(response.statusCode)}: ${text.slice(0, 300)}`);
    // OTLP over protobuf is answered in kind.
    return response.headers['content-type']?.includes('json') === true ? readObject(text) : {};
  };
  const get = async (path: string): Promise<JsonObject> => json(await call('GET', path, operator));
  const processes = objectOf((await get('/v1/health'))['processes']);
  const pidOf = (name: string): number => Number(objectOf(processes[name])['pid']);

  return {
    address,
    setupLink: /http:\/\/localhost:\d+\/setup#\S+/.exec(printed)?.[0] ?? '',
    ingestKey: ingest,
    operatorKey: operator,
    pids: { server: pidOf('server'), sealer: pidOf('sealer'), store: pidOf('store') },
    post: async (path, body, contentType) => json(await call('POST', path, ingest, [body, contentType])),
    send: async (lines, sequence, source = 'bench') =>
      json(
        await call('POST', `/v1/events?source=${source}&sequence=${sequence}`, ingest, [lines, 'application/x-ndjson']),
      ),
    get,
    open: (path) => call('GET', path, operator),
    async stop() {
      agent.destroy();
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
