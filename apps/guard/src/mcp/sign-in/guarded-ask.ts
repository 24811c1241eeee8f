import http from 'node:http';
import https from 'node:https';
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { guardedLookup, isPrivateAddress, kindOfHost } from '@sallyport/platform/guarded-address';

/** Where a host stands, as seen from here. */
export const reaches = ['this-machine', 'private', 'public'] as const;
export type Reach = (typeof reaches)[number];

/** Of an address. Throws for those that nobody who is asked for a sign-in has. */
export function reachOf(address: string): Reach {
  const kind = kindOfHost(address);
  if (kind === 'nowhere') throw new Error(`"${address}" is no address to ask`);
  if (kind === 'this-machine') return 'this-machine';
  return isPrivateAddress(address) ? 'private' : 'public';
}

/**
 * An address a server named, as one that may be asked: https, or http where both are on this machine; without a credential or a fragment.
 * Throws for all else: `javascript:` and `file:` are none, and a server out there names nobody on this machine or in our networks.
 */
export function askableUrl(text: string, { what, from }: { readonly what: string; readonly from: Reach }): URL {
  const shown = JSON.stringify(text.slice(0, 200));
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || text.length > 2000) throw new Error(`${what} ${shown} is no address`);
  const isHere = kindOfHost(url.hostname) === 'this-machine';
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isHere && from === 'this-machine'))
    throw new Error(`${what} ${shown} must begin with https:`);
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    throw new Error(`${what} ${shown} must hold neither credential nor fragment`);
  refuseFarther(url.hostname, from);
  return url;
}

/** Names pass here; what they lead to is looked at when they are looked up. */
function refuseFarther(host: string, from: Reach): void {
  const reach = reachOf(host);
  const allowed = reaches.slice(reaches.indexOf(from));
  if (!allowed.includes(reach))
    throw new Error(
      `"${host}" is ${reach === 'private' ? 'in a network of one’s own' : 'this machine'}, and who named it is not`,
    );
}

export type GuardedAnswer = { readonly status: number; readonly body: JsonObject | undefined };

/** Asks who gives out tokens, and where their metadata are. Rejects with words that hold nothing that was sent or came back. */
export type GuardedAsk = (question: {
  readonly url: URL;
  readonly form?: URLSearchParams;
  readonly json?: JsonObject;
  readonly authorization?: string;
}) => Promise<GuardedAnswer>;

const maxBytes = 64 * 1024;
const askMs = 10_000;

/** Follows nothing, takes at most 64 KiB within ten seconds. `from`: where the server is that named the addresses. */
export function createGuardedAsk({
  from,
  signal,
  waitMs = askMs,
}: {
  readonly from: Reach;
  readonly signal?: AbortSignal;
  readonly waitMs?: number;
}): GuardedAsk {
  return ({ url, form, json, authorization }) => {
    const text = form?.toString() ?? (json === undefined ? undefined : JSON.stringify(json));
    const body = text === undefined ? undefined : Buffer.from(text);
    return new Promise((resolve, reject) => {
      const sent = (url.protocol === 'https:' ? https : http).request(url, {
        method: body === undefined ? 'GET' : 'POST',
        agent: false,
        ...(url.protocol === 'https:' ? { minVersion: 'TLSv1.2' as const, rejectUnauthorized: true } : {}),
        lookup: guardedLookup((address) => refuseFarther(address, from)),
        ...(signal === undefined ? {} : { signal }),
        headers: {
          accept: 'application/json',
          ...(authorization === undefined ? {} : { authorization }),
          ...(body === undefined
            ? {}
            : {
                'content-type': form === undefined ? 'application/json' : 'application/x-www-form-urlencoded',
                'content-length': body.length,
              }),
        },
      });
      const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${waitMs / 1000} s`)), waitMs);
      const fail = (error: Error): void => {
        clearTimeout(timer);
        reject(new Error(`"${url.host}" cannot be asked: ${error.message}`, { cause: error }));
      };
      sent.on('error', fail);
      sent.on('response', (answer) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        answer.on('error', fail);
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > maxBytes) sent.destroy(new Error(`its answer is longer than ${maxBytes} bytes`));
          else chunks.push(chunk);
        });
        answer.on('end', () => {
          clearTimeout(timer);
          resolve({ status: answer.statusCode ?? 0, body: objectIn(Buffer.concat(chunks).toString('utf8')) });
        });
      });
      sent.end(body);
    });
  };
}

function objectIn(text: string): JsonObject | undefined {
  try {
    const value: unknown = parseJson(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
