import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';

export type Asked = { readonly status: number; readonly text: string; readonly cookie: string | undefined };
export type Ask = (
  method: string,
  path: string,
  headers?: Readonly<Record<string, string>>,
  body?: object,
) => Promise<Asked>;

/** A route of Fastify and nothing else, in a process of its own: what everything else is measured beside. */
export async function startBareRoute(): Promise<{ readonly address: string; stop(): void }> {
  const child = fork(new URL('bare-route.ts', import.meta.url), { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const printed: unknown[] = child.stdout === null ? [] : await once(child.stdout, 'data');
  return { address: String(printed[0]).trim(), stop: () => child.disconnect() };
}

/** How many a second, so many at once. */
export async function perSecond(count: number, atOnce: number, act: () => Promise<unknown>): Promise<number> {
  let left = count;
  const beganMs = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (; left > 0;) {
        left -= 1;
        await act();
      }
    }),
  );
  return (count / (performance.now() - beganMs)) * 1000;
}

/** Asks on kept connections, as many as are asked for at once; `localAddress` where requests of one address would be too many. */
export function asker(origin: string, from: { readonly localAddress?: string } = {}): Ask {
  const agent = new Agent({ keepAlive: true, maxSockets: 256, ...from });
  return (method, wanted, headers = {}, body?) =>
    new Promise((resolve, reject) => {
      const sent = body === undefined ? undefined : JSON.stringify(body);
      const json =
        sent === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) };
      const asked = request(
        `${origin}${wanted}`,
        { agent, method, headers: { origin, 'x-sallyport': '1', ...json, ...headers } },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () => {
            const cookie = response.headers['set-cookie']?.[0]?.split(';')[0];
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8'), cookie });
          });
        },
      );
      asked.on('error', reject);
      asked.end(sent);
    });
}
