import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { isJsonObject, parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { messageOf } from '@sallyport/platform/errors';
import type { Secret } from '@sallyport/platform/secret';
import { refused, unavailable } from '../provider-failure.ts';

export type TransitAnswer = {
  readonly status: number;
  readonly data: JsonObject;
  /** The whole body; `data` is a part of it. */
  readonly body: JsonObject;
  readonly errors: readonly string[];
  readonly requestId: string;
  readonly serverTimeMs: number | undefined;
};

export type TransitRequest = (
  method: 'GET' | 'POST' | 'DELETE' | 'LIST',
  path: string,
  options: { readonly body?: JsonObject; readonly namespaced?: boolean; readonly signal: AbortSignal },
) => Promise<TransitAnswer>;

const maxAnswerBytes = 256 * 1024;
const timeoutMs = 15_000;

/**
 * Asks an OpenBao or Vault server over TLS: no redirects (they would carry the token elsewhere), bounded in size and time.
 * Answers of 200–299, 400, 404 and 405 are returned; 401 and 403 are `provider_refused`, all else `provider_unavailable`.
 */
export function createTransitClient(needs: {
  readonly address: string;
  readonly namespace: string | undefined;
  readonly caFile: string | undefined;
  readonly readToken: () => Secret;
}): TransitRequest {
  return async (method, path, { body, namespaced = true, signal }) => {
    const url = new URL(`/v1/${path}`, needs.address);
    const { promise, resolve, reject } = Promise.withResolvers<TransitAnswer>();
    const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const outgoing = request(
      url,
      {
        method,
        minVersion: 'TLSv1.2',
        ...(needs.caFile === undefined ? {} : { ca: readCertificates(needs.caFile) }),
        agent: false,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        headers: {
          'X-Vault-Request': 'true',
          'X-Vault-Token': needs.readToken().reveal(),
          ...(needs.namespace !== undefined && namespaced ? { 'X-Vault-Namespace': needs.namespace } : {}),
          ...(sent === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': sent.length }),
        },
      },
      (incoming) => {
        const pieces: Buffer[] = [];
        let bytes = 0;
        incoming.on('data', (piece: Buffer) => {
          bytes += piece.length;
          if (bytes > maxAnswerBytes) incoming.destroy(new Error(`The answer is longer than ${maxAnswerBytes} bytes`));
          else pieces.push(piece);
        });
        incoming.once('error', (error) => reject(unavailable(`Cannot ask ${url.host}`, error)));
        incoming.once('end', () => {
          try {
            resolve(
              parseAnswer(incoming.statusCode ?? 0, Buffer.concat(pieces).toString('utf8'), incoming.headers.date, url),
            );
          } catch (error) {
            reject(error);
          }
        });
      },
    );
    outgoing.once('error', (error) => reject(unavailable(`Cannot ask ${url.host}`, error)));
    outgoing.end(sent);
    return promise;
  };
}

function parseAnswer(status: number, text: string, date: string | undefined, url: URL): TransitAnswer {
  const body = ((): JsonObject => {
    if (text.trim() === '') return {};
    try {
      const value = parseJson(text);
      return isJsonObject(value) ? value : {};
    } catch {
      throw unavailable(`Cannot read the answer of ${url.host}: status ${status}, not JSON`);
    }
  })();
  const errors = textsOf(body['errors']);
  const said = errors.length === 0 ? '' : `: ${errors.join('; ').slice(0, 300)}`;
  if (status === 401 || status === 403) {
    throw refused(`${url.host} refused ${url.pathname}${said}`, 'check the token and its policy (docs/keys.md)');
  }
  if (!((status >= 200 && status < 300) || status === 400 || status === 404 || status === 405)) {
    throw unavailable(`${url.host} answered ${status} to ${url.pathname}${said}`);
  }
  const data = body['data'];
  const serverTimeMs = Date.parse(date ?? '');
  return {
    status,
    body,
    data: isJsonObject(data) ? data : {},
    errors,
    requestId: textOf(body['request_id']),
    serverTimeMs: Number.isNaN(serverTimeMs) ? undefined : serverTimeMs,
  };
}

function readCertificates(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unavailable(`Cannot read "${path}"`, messageOf(error));
  }
}
