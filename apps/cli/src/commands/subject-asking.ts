import type { JsonValue } from '@sallyport/contracts';
import { CliError } from '../errors.ts';
import type { CliNeeds } from '../needs.ts';
import { openOperatorClient, type ConnectionOptions } from './connection.ts';

export type Options = ConnectionOptions & { data?: string; json?: true };
export type Names = {
  userName?: string[];
  email?: string[];
  phone?: string[];
  ip?: string[];
  custom?: string[];
  shared?: string[];
};

export function namesIn(names: Names): JsonValue[] {
  const given: readonly (readonly [string, readonly string[] | undefined])[] = [
    ['user-name', names.userName],
    ['email', names.email],
    ['phone', names.phone],
    ['ip', names.ip],
    ['custom', names.custom],
    ['shared', names.shared],
  ];
  const about = given.flatMap(([kind, values]) => (values ?? []).map((value) => ({ kind, value })));
  if (about.length > 0) return about;
  throw new CliError('usage', 'Cannot tell who it is about: must be given a name they go by', {
    hint: 'for example --user-name ada, or --email ada@example.com',
  });
}

export async function ask(
  options: Options,
  needs: CliNeeds,
  what: { readonly method?: 'POST' | 'PUT'; readonly path: string; readonly body?: JsonValue },
): Promise<JsonValue> {
  const { body, ...rest } = what;
  const headers = { 'content-type': 'application/json' };
  const sent = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)), headers };
  const client = openOperatorClient(options, needs);
  try {
    return await client.json({ ...rest, ...sent, signal: needs.signal });
  } finally {
    client.close();
  }
}
