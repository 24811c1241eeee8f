import { isJsonObject, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { MasterKeyName, Presence } from '../../key-provider.ts';
import { isNameOf, refused, unavailable, vaultOf } from '../provider-failure.ts';
import type { TransitAnswer, TransitRequest } from './transit-client.ts';

/** A key as the server describes it. */
export type TransitKey = {
  /** When version 1 was made, as the server writes it: a key made anew under the same name has another. */
  readonly created: string;
  readonly softDeleted: boolean;
  /** Why it is not to be trusted with anything. */
  readonly fault: string | undefined;
  readonly requestId: string;
};

/** What must stand in a key's description. A key that can be exported, or was imported, is in other hands too. */
const required: readonly (readonly [string, boolean | string | number])[] = [
  ['type', 'aes256-gcm96'],
  ['exportable', false],
  ['allow_plaintext_backup', false],
  ['derived', false],
  ['imported_key', false],
  ['latest_version', 1],
];

/** The keys of a transit mount. */
export function createTransitKeys(needs: { readonly ask: TransitRequest; readonly mount: string }) {
  const { ask, mount } = needs;

  const read = async (name: MasterKeyName, signal: AbortSignal): Promise<TransitKey | undefined> => {
    const answer = await ask('GET', `${mount}/keys/${name}`, { signal });
    if (answer.status === 404) {
      if (answer.errors.length > 0)
        throw refused(`There is no transit engine at "${mount}": ${answer.errors.join('; ')}`);
      return undefined;
    }
    requireDone(answer, `read key "${name}"`);
    return parseTransitKey(answer);
  };

  const list = async (vault: string, signal: AbortSignal): Promise<readonly MasterKeyName[]> => {
    const answer = await ask('LIST', `${mount}/keys`, { signal });
    if (answer.status === 404) return [];
    requireDone(answer, 'list keys');
    return textsOf(answer.data['keys']).filter((name) => isNameOf(vault, name));
  };

  return {
    read,
    list,
    async presenceOf(name: MasterKeyName, key: TransitKey | undefined, signal: AbortSignal): Promise<Presence> {
      if (key?.softDeleted === true) return { kind: 'pending', untilMs: undefined, cancellable: true };
      if (key?.fault !== undefined) return { kind: 'disabled', why: key.fault };
      if (key !== undefined) return { kind: 'usable' };
      for (const other of await list(vaultOf(name), signal)) {
        const found = await read(other, signal);
        if (found === undefined || found.softDeleted || found.fault !== undefined) continue;
        return {
          kind: 'absent',
          shownBy: `"${mount}" holds "${other}" and no key of this name (request ${found.requestId})`,
        };
      }
      return { kind: 'unknown', why: `"${mount}" holds no key of this vault that would show it is the right one` };
    },
    /**
     * Encrypting with a name that is not there makes a key of that name, for a token that may: a destroyed key would come
     * back under its name. Throws `provider_refused` unless the server or the token's policy forbids it.
     */
    async requireNoUpsert(name: MasterKeyName, signal: AbortSignal): Promise<void> {
      try {
        const answer = await ask('GET', `${mount}/config/keys`, { signal });
        if (answer.data['disable_upsert'] === true) return;
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'provider_refused')) throw error;
      }
      const path = `${mount}/encrypt/${name}`;
      const answer = await ask('POST', 'sys/capabilities-self', { body: { paths: [path] }, signal });
      requireDone(answer, 'tell what the token may do');
      const capabilities = textsOf(answer.data[path]);
      if (capabilities.length > 0 && !capabilities.includes('create') && !capabilities.includes('root')) return;
      throw refused(
        `Cannot use "${mount}": encrypting could make a key that was destroyed`,
        `bao write ${mount}/config/keys disable_upsert=true`,
      );
    },
  };
}

/** Throws `provider_refused` for an answer that is not a success. */
export function requireDone(answer: TransitAnswer, what: string): void {
  if (answer.status >= 200 && answer.status < 300) return;
  throw refused(`The server would not ${what}: status ${answer.status} ${answer.errors.join('; ').slice(0, 300)}`);
}

function parseTransitKey({ data, requestId }: TransitAnswer): TransitKey {
  const versions = data['keys'];
  const first = isJsonObject(versions) ? versions['1'] : undefined;
  const created =
    typeof first === 'number' ? String(first) : textOf(isJsonObject(first) ? first['creation_time'] : first);
  if (created === '') throw unavailable('The server describes a key in a way that cannot be read');
  return { created, softDeleted: data['soft_deleted'] === true, fault: faultOf(data), requestId };
}

function faultOf(data: JsonObject): string | undefined {
  for (const [name, wanted] of required) {
    // Servers that do not know importing do not mention it.
    if (name === 'imported_key' && data[name] === undefined) continue;
    if (data[name] !== wanted) return `The key’s ${name} is not ${String(wanted)}`;
  }
  const rotation = data['auto_rotate_period'];
  if (rotation !== undefined && rotation !== 0 && rotation !== '0' && rotation !== '0s')
    return 'The key rotates by itself';
  return undefined;
}
