import { allActions } from '@sallyport/access-policy';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { ApiKeys } from '@sallyport/identity';
import { createSecret } from '@sallyport/platform/secret';
import type { Secret } from '@sallyport/platform/secret';

/** What the sensor of this host needs to be trusted. */
export type HostSensorSecrets = { readonly keyId: string; readonly token: Secret; readonly spoolKey: Uint8Array };

export type HostSensorKey = {
  /** The API key, made anew when there is none, when somebody revoked it, or when it is three months old. */
  secrets(): Promise<HostSensorSecrets>;
  /** Whether this is the key of the sensor of this host. */
  isOwn(keyId: string): boolean;
};

type Kept = { readonly keyId: string; readonly token: string; readonly spoolKey: string; readonly madeAtMs: number };

const keptForMs = 90 * 86_400_000;
const by = { kind: 'operator', id: 'host-sensor', name: 'sensor of this host', scopes: allActions } as const;

/** The key may send events as this host and nothing else; it is kept sealed by the vault. */
export async function createHostSensorKey(needs: {
  readonly apiKeys: Pick<ApiKeys, 'createKey' | 'authenticate' | 'revokeKey'>;
  readonly secrets: {
    open(name: string): Promise<Uint8Array | undefined>;
    seal(name: string, bytes: Uint8Array): Promise<void>;
  };
  readonly secretName: string;
  readonly hostName: string;
  readonly random: (length: number) => Uint8Array;
  readonly nowMs: () => number;
}): Promise<HostSensorKey> {
  const { apiKeys, secrets, secretName, nowMs } = needs;
  const source = sourceOf(needs.hostName);
  const ownIds = new Set<string>();
  const before = parseKept(await secrets.open(secretName));
  if (before !== undefined) ownIds.add(before.keyId);

  async function isGood(kept: Kept): Promise<boolean> {
    const holder = await apiKeys.authenticate(kept.token);
    return !('refused' in holder) && holder.source === source && nowMs() - kept.madeAtMs < keptForMs;
  }

  async function make(before: Kept | undefined): Promise<Kept> {
    const made = await apiKeys.createKey({ name: 'sensor of this host', scopes: ['events:write'], source, by });
    // The state of the sensor stays readable: only what it is let in with changes.
    const spoolKey = before?.spoolKey ?? Buffer.from(needs.random(32)).toString('base64');
    const kept = { keyId: made.id, token: made.token.reveal(), spoolKey, madeAtMs: nowMs() };
    await secrets.seal(secretName, Buffer.from(JSON.stringify(kept)));
    if (before !== undefined) await apiKeys.revokeKey({ id: before.keyId, by }).catch(() => undefined);
    return kept;
  }

  return {
    async secrets() {
      const known = parseKept(await secrets.open(secretName));
      const { keyId, token, spoolKey } = known !== undefined && (await isGood(known)) ? known : await make(known);
      ownIds.add(keyId);
      return { keyId, token: createSecret(token), spoolKey: Buffer.from(spoolKey, 'base64') };
    },
    isOwn: (keyId) => ownIds.has(keyId),
  };
}

/** As the sensor calls itself, before its installation. */
function sourceOf(hostName: string): string {
  const plain = hostName
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]/g, '-')
    .slice(0, 48);
  return `host-${plain === '' ? 'unnamed' : plain}`;
}

function parseKept(bytes: Uint8Array | undefined): Kept | undefined {
  if (bytes === undefined) return undefined;
  try {
    const value = parseJson(Buffer.from(bytes).toString('utf8'));
    if (!isJsonObject(value)) return undefined;
    const [keyId, token, spoolKey] = [textOf(value['keyId']), textOf(value['token']), textOf(value['spoolKey'])];
    const madeAtMs = value['madeAtMs'];
    if (keyId === '' || token === '' || spoolKey === '' || typeof madeAtMs !== 'number') return undefined;
    return { keyId, token, spoolKey, madeAtMs };
  } catch {
    return undefined;
  }
}
