import { queryOptions } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';

export type Vault = Answer<'GET /v1/vault/keys'>;
export type VaultKey = Vault['keys'][number];
export type KeyState = VaultKey['state'];
export type Provider = Vault['providers'][number];
export type ProviderKind = Provider['kind'];
export type ColumnKeys = Vault['columns'][number];
export type Rotation = NonNullable<Vault['rotation']>;

/** Looked at often while keys are being replaced; the work itself goes on at the server, whoever looks. */
export const vaultQuery = queryOptions({
  queryKey: ['vault'],
  queryFn: ({ signal }) => call('GET /v1/vault/keys', { signal }),
  refetchInterval: ({ state }) => (isUnderWay(state.data) ? 400 : 5000),
});

/** Changes when somebody on the machine makes a kit, or an epoch is replaced. */
export const recoveryKitQuery = queryOptions({
  queryKey: ['vault', 'recovery-kit'],
  queryFn: ({ signal }) => call('GET /v1/vault/recovery-kits', { signal }),
  refetchInterval: 30_000,
});

function isUnderWay(vault: Vault | undefined): boolean {
  const rotations = [vault?.rotation, ...(vault?.columns ?? []).map(({ rotation }) => rotation)];
  return rotations.some((rotation) => rotation?.state === 'running');
}
