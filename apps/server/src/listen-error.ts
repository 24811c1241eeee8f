import { CodedError, codeOf } from '@sallyport/platform/errors';
import type { ServerConfig } from './config.ts';

type ListenErrorCode = 'address_in_use' | 'address_unusable';

/** What the operating system said about listening, in words and with what to do; any other error as it is. */
export function explainListenError(error: unknown, { host, port }: Pick<ServerConfig, 'host' | 'port'>): unknown {
  if (!(error instanceof Error) || !('syscall' in error) || !['listen', 'getaddrinfo'].includes(String(error.syscall)))
    return error;
  const refuse = (code: ListenErrorCode, why: string, hint: string): CodedError<ListenErrorCode> =>
    new CodedError(code, `Cannot listen on ${host}:${port}: ${why}`, { cause: error, hint });
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return refuse(
        'address_in_use',
        'another program does already',
        `is Sallyport running? Then use that one. Else choose another port: npm start -- --port ${port + 1 > 65_535 ? 8471 : port + 1}\nhint: who it is: ss -ltnp "sport = :${port}"`,
      );
    case 'EACCES':
      return refuse(
        'address_unusable',
        'this user may not use that port',
        'use a port from 1024: npm start -- --port 8470',
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return refuse(
        'address_unusable',
        'this machine has no such address',
        'leave --host away to listen on this machine only',
      );
    default:
      return error;
  }
}
