import type { JsonValue } from '@sallyport/contracts';
import { rpcCodes } from './json-rpc.ts';
import type { GatewayLimits } from './limits.ts';
import type { Upstream } from './upstream.ts';

const maxPages = 100;

/** What the client is refused with, and by which word a program can tell it from another refusal. */
export class ListError extends Error {
  readonly code: 'too_many_listed' | 'list_without_end' | 'listed_twice' | 'list_failed';

  constructor(code: ListError['code'], message: string) {
    super(message);
    this.name = 'ListError';
    this.code = code;
  }
}

/** All pages of a list, read by us. A list the server does not know is empty. Throws `ListError`. */
export async function readPages({
  upstream,
  method,
  field,
  what,
  atMost,
  limits,
}: {
  readonly upstream: Pick<Upstream, 'ask'>;
  readonly method: string;
  /** Of the result. */
  readonly field: string;
  /** For people: `tools`. */
  readonly what: string;
  readonly atMost: number;
  readonly limits: Pick<GatewayLimits, 'requestMs'>;
}): Promise<readonly JsonValue[]> {
  const all: JsonValue[] = [];
  let cursor: string | undefined;
  for (let page = 0; ; page += 1) {
    const outcome = await upstream.ask({
      method,
      params: cursor === undefined ? {} : { cursor },
      waitMs: limits.requestMs,
    });
    if ('error' in outcome) {
      if (outcome.error.code === rpcCodes.noSuchMethod && page === 0) return [];
      throw new ListError('list_failed', `The server does not list its ${what}: ${outcome.error.message}`);
    }
    const { [field]: some, nextCursor } = outcome.result;
    const listed: readonly JsonValue[] = Array.isArray(some) ? some : [];
    all.push(...listed);
    if (all.length > atMost) throw new ListError('too_many_listed', `The server has more than ${atMost} ${what}`);
    if (typeof nextCursor !== 'string' || nextCursor === '') return all;
    if (page >= maxPages || nextCursor.length > 4096)
      throw new ListError('list_without_end', `The list of ${what} has no end`);
    cursor = nextCursor;
  }
}
