import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import { compactVerify, createLocalJWKSet, decodeProtectedHeader, errors } from 'jose';
import type { JSONWebKeySet, JWK } from 'jose';
import { ProviderError } from '../errors.ts';
import { acceptedAlgorithms } from '../provider.ts';

/**
 * The keys of one provider, as its `jwks_uri` has them. Kept for ten minutes; a token under a key that is not among them has
 * them fetched anew, once in five seconds at most, so that a new key counts at once and a flood of nonsense costs the provider nothing.
 */
export type KeySet = {
  /**
   * The payload, when one of the keys signed it with an algorithm we believe. Throws `provider_answer_refused`, and
   * `provider_unreachable` when the keys cannot be had.
   */
  verify(token: string, algorithms?: readonly string[]): Promise<string>;
  /** How many there are, fetched now. */
  count(): Promise<number>;
};

const keptMs = 10 * 60_000;
const refetchMs = 5000;
const maxKeys = 100;
const maxTokenLength = 32_768;

export function createKeySet(needs: { readonly clock: Clock; readonly fetchKeys: () => Promise<Buffer> }): KeySet {
  const { clock } = needs;
  let held: { readonly find: ReturnType<typeof createLocalJWKSet>; readonly atMs: number; size: number } | undefined;
  let underWay: Promise<NonNullable<typeof held>> | undefined;

  const fetchNow = (): Promise<NonNullable<typeof held>> => {
    underWay ??= (async () => {
      const keys = parseKeys(await needs.fetchKeys());
      held = { find: createLocalJWKSet({ keys }), atMs: clock.nowMs(), size: keys.length };
      return held;
    })().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };

  const keysNow = async (): Promise<NonNullable<typeof held>> =>
    held !== undefined && clock.nowMs() - held.atMs < keptMs ? held : fetchNow();

  return {
    async count() {
      return (await fetchNow()).size;
    },

    async verify(token, algorithms = acceptedAlgorithms) {
      if (token.length > maxTokenLength) throw refused('it is too long');
      checkHeader(token, algorithms);
      const check = async (keys: NonNullable<typeof held>): Promise<string> => {
        const { payload } = await compactVerify(token, keys.find, { algorithms: [...algorithms] });
        return Buffer.from(payload).toString('utf8');
      };
      const keys = await keysNow();
      try {
        return await check(keys);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || clock.nowMs() - keys.atMs < refetchMs)
          throw refused('none of the provider’s keys signed it', error);
      }
      const anew = await fetchNow();
      try {
        return await check(anew);
      } catch (error) {
        throw refused('none of the provider’s keys signed it', error);
      }
    },
  };
}

/** Before any key is looked for: what names another way of signing is refused whatever it carries. */
function checkHeader(token: string, algorithms: readonly string[]): void {
  let alg: string | undefined;
  try {
    ({ alg } = decodeProtectedHeader(token));
  } catch (error) {
    throw refused('it is no signed token', error);
  }
  if (alg === undefined || !algorithms.includes(alg))
    throw refused(`it is signed with ${JSON.stringify((alg ?? 'nothing').slice(0, 20))}, which is not accepted`);
}

/** Public keys alone; symmetric and private ones in a set that anybody can read are worth nothing. */
function parseKeys(body: Buffer): JWK[] {
  let set: unknown;
  try {
    set = parseJson(body.toString('utf8'));
  } catch {
    set = undefined;
  }
  if (!isKeySet(set))
    throw new ProviderError('provider_answer_refused', 'Cannot read the provider’s keys: not a key set');
  const keys = set.keys.slice(0, maxKeys).filter((key) => key.kty !== 'oct' && key.d === undefined);
  if (keys.length === 0)
    throw new ProviderError('provider_answer_refused', 'Cannot use the provider’s keys: it has none');
  return keys;
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return isJsonObject(value) && Array.isArray(value['keys']) && value['keys'].every((key) => isJsonObject(key));
}

function refused(why: string, cause?: unknown): ProviderError {
  return new ProviderError('provider_answer_refused', `Cannot accept the provider’s token: ${why}`, { cause });
}
