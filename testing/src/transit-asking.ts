// Asking a server of the transit engine, ours or a real one, as its administrator.
import { readFileSync } from 'node:fs';
import { request } from 'node:https';

export type TransitQuestion = {
  readonly token?: string;
  readonly namespace?: string;
  readonly body?: object;
};
export type RawAnswer = { readonly status: number; readonly body: unknown };

/** A server of the transit engine that a test may do anything to. */
export type TransitPlace = {
  readonly address: string;
  readonly caFile: string;
  /** May do everything. */
  readonly token: string;
  /** Asks as root; answers the body. Throws for what is not a success. */
  ask(method: string, path: string, body?: object): Promise<unknown>;
  /** Asks as anybody; answers whatever comes. */
  exchange(method: string, path: string, question: TransitQuestion): Promise<RawAnswer>;
  stop(): Promise<void>;
};

export function createTransitAsking(
  server: Pick<TransitPlace, 'address' | 'caFile' | 'token'>,
): Pick<TransitPlace, 'ask' | 'exchange'> {
  const exchange = async (method: string, path: string, question: TransitQuestion): Promise<RawAnswer> => {
    const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
    const headers = {
      ...(question.token === undefined ? {} : { 'X-Vault-Token': question.token }),
      ...(question.namespace === undefined ? {} : { 'X-Vault-Namespace': question.namespace }),
    };
    const outgoing = request(
      `${server.address}/v1/${path}`,
      { method, ca: readFileSync(server.caFile), headers, agent: false },
      (incoming) => {
        const pieces: Buffer[] = [];
        incoming.on('data', (piece: Buffer) => pieces.push(piece));
        incoming.once('error', reject);
        incoming.once('end', () => {
          const text = Buffer.concat(pieces).toString('utf8');
          resolve({ status: incoming.statusCode ?? 0, body: text.trim() === '' ? undefined : JSON.parse(text) });
        });
      },
    );
    outgoing.once('error', reject);
    outgoing.end(question.body === undefined ? undefined : JSON.stringify(question.body));
    return promise;
  };
  return {
    exchange,
    async ask(method, path, body) {
      const question = { token: server.token, ...(body === undefined ? {} : { body }) };
      const answer = await exchange(method, path, question);
      if (answer.status < 300) return answer.body ?? {};
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    },
  };
}
