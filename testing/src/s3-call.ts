import type { IncomingMessage } from 'node:http';

/** A request to S3 whose signature was verified. */
export type S3Call = {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly mayBypass: boolean;
  readonly nowMs: number;
};
export type S3Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
};
