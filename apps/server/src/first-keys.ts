import { allActions } from '@sallyport/access-policy';
import type { ApiKeys } from '@sallyport/identity';
import type { Secret } from '@sallyport/platform/secret';

/** Made on the first run and shown once: one to send events with, one for everything. */
export type FirstKeys = { readonly ingest: Secret; readonly operator: Secret };

/** Undefined unless there never was a key: a lost key is replaced through the operator's socket, not by a restart. */
export async function createFirstKeys(
  apiKeys: Pick<ApiKeys, 'createKey' | 'listKeys'>,
): Promise<FirstKeys | undefined> {
  if ((await apiKeys.listKeys()).length > 0) return undefined;
  const by = { kind: 'operator', id: 'first-run', name: 'first run', scopes: allActions } as const;
  const ingest = await apiKeys.createKey({ name: 'first ingest key', scopes: ['events:write'], by });
  const operator = await apiKeys.createKey({ name: 'first operator key', scopes: [...allActions], by });
  return { ingest: ingest.token, operator: operator.token };
}
