import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { once } from 'node:events';
import http from 'node:http';
import { gunzipSync } from 'node:zlib';
import { isJsonObject, parseJson } from '../json-reading.ts';

export type FakeServer = {
  readonly url: string;
  readonly key: string;
  /** Every event by `source sequence`, as its line; what was sent twice is here once. */
  readonly events: ReadonlyMap<string, string>;
  /** Requests taken, as `METHOD path?query`. */
  readonly requests: readonly string[];
  readonly alerts: JsonObject[];
  readonly found: JsonObject[];
  readonly texts: Map<string, string>;
  readonly documents: Map<string, JsonValue>;
  /** Answers or breaks the next requests instead of the API; undefined lets one through. */
  interfere(how: (request: http.IncomingMessage, body: Buffer) => Interference | undefined): void;
  /** Sends one alert to every open stream. */
  raise(alert: JsonObject): void;
  /** Resolves when a stream is open. */
  streamOpened(): Promise<http.IncomingMessage>;
  /** Breaks every open stream. */
  breakStreams(): void;
  /** Forgets everything, as a new data directory would. */
  wipe(): void;
  close(): Promise<void>;
};

type Interference =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: JsonValue }
  | 'break';

/** A server on loopback that answers as the API's description says; `socketPath` makes it an operator socket, without keys. */
export async function startFakeServer(socketPath?: string): Promise<FakeServer> {
  const key = 'sp_test_key';
  const positions = new Map<string, number>();
  const events = new Map<string, string>();
  const requests: string[] = [];
  const alerts: JsonObject[] = [];
  const found: JsonObject[] = [];
  const texts = new Map<string, string>();
  const documents = new Map<string, JsonValue>();
  const streams = new Set<http.ServerResponse>();
  const opened: http.IncomingMessage[] = [];
  const waiting: ((request: http.IncomingMessage) => void)[] = [];
  const keys: JsonObject[] = [];
  let log = 1;
  let interference: Parameters<FakeServer['interfere']>[0] = () => undefined;

  const take = (query: URLSearchParams, body: Buffer): JsonValue => {
    const source = query.get('source') ?? '';
    const sequence = Number(query.get('sequence'));
    // Headers of Zeek's logs are no events; the records of an audit event are one.
    const text = gunzipSync(body)
      .toString()
      .replaceAll(query.get('format') === 'zeek' ? /^#.*\n/gm : /(?!)/g, '');
    const lines = query.get('format') === 'auditd' ? auditEvents(text) : text.split('\n');
    if (lines.pop() !== '') throw new TypeError('the body must end with a line end');
    const runs: { sequence: number; log: number; index: number; count: number }[] = [];
    let known = 0;
    let raw = 0;
    for (const [at, line] of lines.entries()) {
      const name = `${source} ${sequence + at}`;
      const index = positions.get(name) ?? positions.size;
      if (positions.has(name)) known += 1;
      positions.set(name, index);
      if (!events.has(name)) events.set(name, line);
      if (!isJsonObject(parseJson(line))) raw += 1;
      const last = runs.at(-1);
      if (last !== undefined && last.index + last.count === index) last.count += 1;
      else runs.push({ sequence: sequence + at, log, index, count: 1 });
    }
    return { accepted: lines.length, kept_raw: raw, already_known: known, runs };
  };

  const page = (list: readonly JsonObject[], query: URLSearchParams): { items: JsonObject[]; next?: string } => {
    const from = Number(query.get('after') ?? 0);
    const limit = Number(query.get('limit') ?? 50);
    const items = list.slice(from, from + limit);
    return from + limit < list.length ? { items, next: String(from + limit) } : { items };
  };

  const answer = (request: http.IncomingMessage, reply: http.ServerResponse, body: Buffer): void => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    requests.push(`${request.method} ${url.pathname}${url.search}`);
    const send = (status: number, value: JsonValue, headers: Record<string, string> = {}): void => {
      reply
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(status === 204 ? '' : JSON.stringify(value));
    };
    const interfered = interference(request, body);
    if (interfered === 'break') {
      request.socket.destroy();
      return;
    }
    if (interfered !== undefined) return send(interfered.status, interfered.body ?? {}, interfered.headers);
    if (socketPath === undefined && request.headers.authorization !== `Bearer ${key}`) {
      return send(401, { type: 'about:blank', title: 'Unauthorized', status: 401, code: 'key_unknown' });
    }
    const text = texts.get(url.pathname);
    const document = documents.get(url.pathname);
    if (text !== undefined) reply.writeHead(200, { 'content-type': 'text/plain' }).end(text);
    else if (document !== undefined) send(200, document);
    else if (request.method === 'POST' && url.pathname === '/v1/events') send(200, take(url.searchParams, body));
    else if (url.pathname === '/v1/events') {
      const { items, ...rest } = page(found, url.searchParams);
      send(200, { events: items, elapsed_ms: 3, ...rest });
    } else if (url.pathname === '/v1/alerts') {
      const { items, ...rest } = page(alerts.toReversed(), url.searchParams);
      send(200, { alerts: items, ...rest });
    } else if (url.pathname === '/v1/alerts/stream') {
      reply.writeHead(200, { 'content-type': 'text/event-stream' }).write(': alerts follow\n\n');
      streams.add(reply);
      reply.on('close', () => streams.delete(reply));
      const waiter = waiting.shift();
      if (waiter === undefined) opened.push(request);
      else waiter(request);
    } else if (request.method === 'POST' && url.pathname === '/v1/keys') {
      const made = { id: `k${keys.length}`, ...requestedKey(body), createdAtMs: 0, createdBy: 'operator/local' };
      keys.unshift(made);
      send(201, { ...made, key: `sp_new_${keys.length}` });
    } else if (url.pathname === '/v1/keys') send(200, { keys });
    else if (request.method === 'DELETE' && keys.some(({ id }) => url.pathname === `/v1/keys/${String(id)}`))
      send(204, null);
    else send(404, { title: 'Not found', status: 404, code: 'not_found', detail: `Cannot find ${url.pathname}` });
  };

  const server = http.createServer((request, reply) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, reply, Buffer.concat(chunks)));
  });
  if (socketPath === undefined) server.listen(0, '127.0.0.1');
  else server.listen(socketPath);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;

  return {
    url: `http://127.0.0.1:${port}`,
    key,
    events,
    requests,
    alerts,
    found,
    texts,
    documents,
    interfere(how) {
      interference = how;
    },
    raise(alert) {
      alerts.push(alert);
      for (const stream of streams)
        stream.write(`id: ${String(alert['number'])}\nevent: alert\ndata: ${JSON.stringify(alert)}\n\n`);
    },
    streamOpened: () => {
      const request = opened.shift();
      return request === undefined ? new Promise((resolve) => void waiting.push(resolve)) : Promise.resolve(request);
    },
    breakStreams() {
      for (const stream of streams) stream.destroy();
    },
    wipe() {
      positions.clear();
      events.clear();
      log += 1;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Lines of one serial that stand together, as one. */
function auditEvents(text: string): string[] {
  const serialOf = (line: string | undefined): string | undefined => /audit\([^)]*\)/.exec(line ?? '')?.[0];
  const events: string[] = [];
  for (const line of text.split('\n')) {
    const serial = serialOf(line);
    if (serial !== undefined && serial === serialOf(events.at(-1))) events.push(`${events.pop()}\n${line}`);
    else events.push(line);
  }
  return events;
}

function requestedKey(body: Buffer): JsonObject {
  const value = parseJson(body.toString());
  return isJsonObject(value) ? value : {};
}
