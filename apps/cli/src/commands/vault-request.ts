import { jsonBody } from './connection.ts';
import type { JsonValue } from '@sallyport/contracts';

/** `isSilent`: a success has nothing to say. */
export type VaultRequest = {
  isSilent?: true;
  method?: 'POST';
  path: string;
  body?: Uint8Array;
  headers?: Record<string, string>;
};

export function post(path: string, body: JsonValue): VaultRequest {
  return {
    method: 'POST',
    path,
    ...jsonBody(body),
  };
}
