import http from 'node:http';
import https from 'node:https';

/** What a tool gave back may come again, with tokens in place of secrets. */
const maxAnswerBytes = 12 * 1024 * 1024;
/** A server that asks a person says every ten seconds that it does. */
const signMs = 15_000;

/** The server went away while a person was being asked: there was somebody to say no. */
export class LostWhileAsked extends Error {}

/**
 * Sends a hook. Rejects when the server cannot be reached, is silent for `waitMs`, or answers too much; any status is an answer. With
 * `askMs` the server may ask a person for so long, and says meanwhile, with `102 Processing`, that it is there; when it goes away then,
 * it rejects with `LostWhileAsked`.
 */
export function postHook(request: {
  readonly url: URL;
  readonly token: string;
  readonly hook: Buffer;
  readonly waitMs: number;
  readonly askMs?: number;
  readonly ca?: string;
}): Promise<{ readonly status: number; readonly body: string }> {
  const { url, token, hook, waitMs, askMs, ca } = request;
  return new Promise((resolve, reject) => {
    if (url.protocol !== 'https:' && !/^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)) {
      reject(new Error('its address must begin with https:'));
      return;
    }
    const options = {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'content-length': hook.length,
        ...(askMs === undefined ? {} : { prefer: `wait=${Math.floor(askMs / 1000)}` }),
      },
      ...(ca === undefined ? {} : { ca }),
    };
    const sent = (url.protocol === 'https:' ? https : http).request(url, options, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxAnswerBytes) sent.destroy(new Error('its answer is too long'));
        else chunks.push(chunk);
      });
      answer.on('end', () => {
        over();
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      });
      answer.on('error', reject);
    });
    let isAsked = false;
    const late = (): void => void sent.destroy(new Error(`no answer within ${waitMs / 1000} s`));
    let deadline = setTimeout(late, waitMs);
    const end = askMs === undefined ? undefined : setTimeout(late, askMs + waitMs);
    const over = (): void => {
      clearTimeout(deadline);
      clearTimeout(end);
    };
    sent.on('information', () => {
      isAsked = true;
      clearTimeout(deadline);
      deadline = setTimeout(late, signMs);
    });
    sent.on('error', (error) => {
      over();
      reject(isAsked ? new LostWhileAsked(error.message, { cause: error }) : error);
    });
    sent.end(hook);
  });
}
