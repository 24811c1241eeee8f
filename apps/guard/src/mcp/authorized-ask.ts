import type { IncomingMessage } from 'node:http';
import type { HttpAsk } from './http-ask.ts';
import type { Credential } from './sign-in/credential.ts';

/** `headers`: made for each try. `advice`: what the person can do about a refusal. */
export type SendAuthorized = (
  request: Pick<Parameters<HttpAsk['send']>[0], 'method' | 'body' | 'signal'> & {
    readonly headers: () => Record<string, string>;
  },
) => Promise<{ readonly answer: IncomingMessage; readonly advice?: string }>;

/** With the credential there is; once more where the server refused it and there is another by now. */
export function withCredential(ask: Pick<HttpAsk, 'send'>, credential: Credential | undefined): SendAuthorized {
  return async function send(request) {
    for (let isFirst = true; ; isFirst = false) {
      const used = await credential?.bearer();
      const answer = await ask.send({
        ...request,
        headers: { ...request.headers(), ...(used === undefined ? {} : { authorization: `Bearer ${used}` }) },
      });
      const status = answer.statusCode ?? 0;
      if (credential === undefined || (status !== 401 && status !== 403)) return { answer };
      const challenge = answer.headers['www-authenticate'];
      const { isAgain, advice } = await credential.refused({ status, challenge, used });
      if (!isAgain || !isFirst) return { answer, ...(advice === undefined ? {} : { advice }) };
      answer.destroy();
    }
  };
}
