import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';

/** What the server answered; `unreachable` when nothing or nothing of ours came back. */
export type Answer =
  | { readonly kind: 'ok'; readonly body: JsonObject }
  | { readonly kind: 'refused'; readonly status: number; readonly code: string }
  | { readonly kind: 'unreachable' };

export type Question = {
  readonly path: string;
  readonly json?: JsonObject;
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly token?: string;
};

/** POSTs, and never throws. */
export type ServerApi = (question: Question) => Promise<Answer>;

const timeoutMs = 20_000;
const answerLimit = 65_536;

export function createServerApi(needs: {
  readonly fetch: typeof fetch;
  readonly deadline: (ms: number) => AbortSignal;
}): ServerApi {
  return async ({ path, json, bytes, token }) => {
    try {
      const response = await needs.fetch(path, {
        method: 'POST',
        // Whoever is signed in to the console with this browser has no part in it.
        credentials: 'omit',
        cache: 'no-store',
        redirect: 'error',
        signal: needs.deadline(timeoutMs),
        headers: {
          'x-sallyport': '1',
          'content-type': bytes === undefined ? 'application/json' : 'application/octet-stream',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: bytes ?? JSON.stringify(json ?? {}),
      });
      const body = readObject(await response.text());
      if (response.ok) return { kind: 'ok', body };
      return { kind: 'refused', status: response.status, code: textOf(body['code']) };
    } catch {
      return { kind: 'unreachable' };
    }
  };
}

function readObject(text: string): JsonObject {
  if (text.length > answerLimit || !text.startsWith('{')) return {};
  try {
    const value = parseJson(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
