import { nodeHttp } from '@sallyport/platform/node-http';
import { request as secureRequest } from 'node:https';
import { isIP } from 'node:net';
import { messageOf } from '@sallyport/platform/errors';
import { kindOfHost } from '@sallyport/platform/guarded-address';
import { createTransport } from 'nodemailer';
import { IdentityError } from '../errors.ts';
import type { CodeSender } from './code-message.ts';

export type EmailSettings = {
  readonly host: string;
  readonly port: number;
  /** `starttls` begins in the clear and goes no further without TLS. `none` only to this machine. */
  readonly tls: 'implicit' | 'starttls' | 'none';
  readonly user?: string;
  readonly password?: string;
  readonly from: string;
  /** Of an authority of the organisation's own, PEM. */
  readonly authority?: string;
};
export type SmsSettings = { readonly url: string; readonly token?: string };

const timeoutMs = 15_000;
const maxAnswerBytes = 64 * 1024;

/** E-mail by SMTP. Nothing leaves this machine but under TLS with a certificate that verifies. */
export function createEmailSender({ host, port, tls, user, password, from, authority }: EmailSettings): CodeSender {
  if (tls === 'none' && kindOfHost(host) !== 'this-machine')
    throw new IdentityError(
      'code_settings_invalid',
      `Cannot send mail through "${host}" without TLS: must be TLS unless it is this machine`,
    );
  return {
    async send({ to, subject, text }, signal) {
      if (signal.aborted) throw notSent('it was given up');
      const transport = createTransport({
        host,
        port,
        secure: tls === 'implicit',
        requireTLS: tls === 'starttls',
        ignoreTLS: tls === 'none',
        tls: {
          minVersion: 'TLSv1.2',
          rejectUnauthorized: true,
          ...(isIP(host) === 0 ? { servername: host } : {}),
          ...(authority === undefined ? {} : { ca: authority }),
        },
        ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
        connectionTimeout: timeoutMs,
        greetingTimeout: timeoutMs,
        socketTimeout: timeoutMs,
        // At once: a server that goes on talking would keep the connection otherwise.
        socketCloseTimeout: 0,
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      try {
        await transport.sendMail({
          from,
          to: { name: '', address: to },
          subject,
          text,
          headers: { 'Auto-Submitted': 'auto-generated' },
          signal,
        });
      } catch (error) {
        throw notSent(messageOf(error), error);
      } finally {
        transport.close();
      }
    },
  };
}

/** SMS by whatever gateway takes `{"to", "text"}` over HTTPS, with a bearer token. Follows no redirect. */
export function createSmsSender({ url, token }: SmsSettings): CodeSender {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  const isPlain = target?.protocol === 'http:';
  const isAllowed =
    target?.protocol === 'https:' ||
    (isPlain && target !== undefined && kindOfHost(target.hostname) === 'this-machine');
  if (target === undefined || !isAllowed || target.username !== '' || target.password !== '')
    throw new IdentityError(
      'code_settings_invalid',
      'Cannot use this gateway: must be an https address without a password in it, or http on this machine',
    );
  return {
    send: ({ to, text }, signal) =>
      new Promise((resolve, reject) => {
        const body = Buffer.from(JSON.stringify({ to, text }));
        const outgoing = (isPlain ? nodeHttp.request : secureRequest)(target, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'content-length': body.length,
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          },
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
          ...(isPlain ? {} : { minVersion: 'TLSv1.2' as const, rejectUnauthorized: true }),
        });
        outgoing.once('error', (error) => reject(notSent(messageOf(error), error)));
        outgoing.once('response', (answer) => {
          const status = answer.statusCode ?? 0;
          let received = 0;
          answer.on('data', (chunk: Buffer) => {
            received += chunk.length;
            if (received > maxAnswerBytes) outgoing.destroy();
          });
          answer.once('error', () => undefined);
          answer.once('close', () =>
            status >= 200 && status < 300 ? resolve() : reject(notSent(`the gateway answered ${status}`)),
          );
        });
        outgoing.end(body);
      }),
  };
}

function notSent(why: string, cause?: unknown): IdentityError {
  return new IdentityError('code_not_sent', `Cannot send the code: ${why.replaceAll(/[\r\n]+/g, ' ').slice(0, 200)}`, {
    cause,
  });
}
