import { nodeHttp } from '@sallyport/platform/node-http';

export type HttpTarget = { readonly address: string } | { readonly socketPath: string };

export type HttpQuestion = {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  readonly timeoutMs?: number;
};

export type HttpAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
};

const maxAnswerBytes = 256 * 1024 * 1024;

/**
 * One request on a connection of its own, over TCP or a Unix socket. Rejects when the connection breaks or the time is
 * over: then the caller does not know whether the server did it, as in life.
 */
export function httpAsk(target: HttpTarget, question: HttpQuestion): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const where =
    'address' in target
      ? { hostname: new URL(target.address).hostname, port: new URL(target.address).port }
      : { socketPath: target.socketPath };
  const { body } = question;
  const outgoing = nodeHttp.request({
    ...where,
    agent: false,
    method: question.method ?? (body === undefined ? 'GET' : 'POST'),
    path: question.path,
    headers: {
      ...('socketPath' in target ? { host: 'localhost' } : {}),
      ...(typeof body === 'string' || body instanceof Uint8Array ? { 'content-length': Buffer.byteLength(body) } : {}),
      ...question.headers,
    },
    signal: AbortSignal.timeout(question.timeoutMs ?? 60_000),
  });
  outgoing.on('error', reject);
  outgoing.on('response', (incoming) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxAnswerBytes) incoming.destroy(new Error('The answer is too long'));
      else chunks.push(chunk);
    });
    incoming.on('error', reject);
    incoming.on('end', () =>
      resolve({
        status: incoming.statusCode ?? 0,
        headers: incoming.headers,
        text: Buffer.concat(chunks).toString('utf8'),
      }),
    );
  });
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) outgoing.end(body);
  else void writeAll(outgoing, body);
  return promise;
}

async function writeAll(outgoing: ReturnType<typeof nodeHttp.request>, body: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of body) {
      if (outgoing.destroyed) return;
      if (outgoing.write(chunk)) continue;
      // Either the peer takes more, or the connection is gone and nothing will be taken any more.
      const { promise, resolve } = Promise.withResolvers<void>();
      outgoing.once('drain', resolve).once('close', resolve);
      await promise;
      outgoing.off('drain', resolve).off('close', resolve);
    }
    outgoing.end();
  } catch (error) {
    outgoing.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}
