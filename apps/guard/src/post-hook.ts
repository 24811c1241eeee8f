import http from 'node:http';
import https from 'node:https';

const maxAnswerBytes = 1024 * 1024;

/** Sends a hook. Rejects when the server cannot be reached, is too slow, or answers too much; any status is an answer. */
export function postHook(request: {
  readonly url: URL;
  readonly token: string;
  readonly hook: Buffer;
  readonly waitMs: number;
  readonly ca?: string;
}): Promise<{ readonly status: number; readonly body: string }> {
  const { url, token, hook, waitMs, ca } = request;
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
        clearTimeout(deadline);
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      });
      answer.on('error', reject);
    });
    const deadline = setTimeout(() => sent.destroy(new Error(`no answer within ${waitMs / 1000} s`)), waitMs);
    sent.on('error', (error) => {
      clearTimeout(deadline);
      reject(error);
    });
    sent.end(hook);
  });
}
