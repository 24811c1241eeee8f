import { createCipheriv, createDecipheriv, createHmac, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isJsonObject, itemsOf, parseJson } from '@sallyport/contracts';
import type { JsonValue } from '@sallyport/contracts';
import type { ChainedCount, GroupName, GroupState } from '@sallyport/sigma-rules';

type Sealed = Pick<GroupState, 'rows' | 'told' | 'folded' | 'chained' | 'otherChained' | 'bases'>;

/** How groups of correlations lie in the control database: whoever reads it learns neither numbers nor positions, and whoever writes to it can move no group. */
export type StateSeal = {
  seal(state: GroupState): string;
  /** Undefined: it was not sealed with this key, for this group, or it was changed. */
  open(text: string, of: GroupName): Sealed | undefined;
};

const tagBytes = 16;

/** AES-256-GCM; the nonce is an HMAC of what is sealed and of its place, so that equal nonces mean equal texts and no random numbers are needed. */
export function createStateSeal(key: Uint8Array): StateSeal {
  const derived = (purpose: string): KeyObject =>
    createSecretKey(createHmac('sha256', key).update(`correlation state: ${purpose}`).digest());
  const cipherKey = derived('cipher');
  const nonceKey = derived('nonce');
  const placeOf = ({ correlationId, group }: GroupName): Buffer => Buffer.from(`${correlationId}\n${group}`);

  return {
    seal(state) {
      const { rows, told, folded, chained, otherChained = [], bases } = state;
      const packed = [
        rows.map(({ timeMs, log, index, rule, value }) => [timeMs, log, index, rule, value]),
        told,
        folded === undefined ? null : [folded.startMs, folded.count, folded.sum],
        chained,
        bases.map(({ of, rests }) => [of.log, of.index, ...rests.flatMap(({ log, index }) => [log, index])]),
        ...(otherChained.length === 0 ? [] : [otherChained.map(({ of, chained }) => [of.log, of.index, chained])]),
      ];
      const plain = Buffer.from(JSON.stringify(packed));
      const place = placeOf(state);
      const nonce = createHmac('sha256', nonceKey)
        .update(`${place.byteLength}\n`)
        .update(place)
        .update(plain)
        .digest()
        .subarray(0, 12);
      const cipher = createCipheriv('aes-256-gcm', cipherKey, nonce);
      cipher.setAAD(place);
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64url');
    },
    open(text, of) {
      const bytes = Buffer.from(text, 'base64url');
      if (bytes.byteLength < 12 + tagBytes) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', cipherKey, bytes.subarray(0, 12), { authTagLength: tagBytes });
      decipher.setAAD(placeOf(of));
      decipher.setAuthTag(bytes.subarray(-tagBytes));
      try {
        const plain = Buffer.concat([decipher.update(bytes.subarray(12, -tagBytes)), decipher.final()]);
        return unpack(parseJson(plain.toString()));
      } catch {
        return undefined;
      }
    },
  };
}

function unpack(packed: JsonValue | undefined): Sealed | undefined {
  const [rows, told, folded, chained, bases, others] = itemsOf(packed);
  if (bases === undefined) return undefined;
  const [startMs = 0, count = 0, sum = 0] = numbersOf(folded);
  return {
    rows: itemsOf(rows).map((row) => {
      const [timeMs = 0, log = 0, index = 0, rule = 0, value = 0] = numbersOf(row);
      return { timeMs, log, index, rule, value };
    }),
    told: numbersOf(told),
    folded: isJsonList(folded) ? { startMs, count, sum } : undefined,
    chained: chainedOf(chained),
    ...(others === undefined ? {} : { otherChained: itemsOf(others).map(otherChainedOf) }),
    bases: itemsOf(bases).map((entry) => {
      const [log = 0, index = 0, ...rests] = numbersOf(entry);
      return { of: { log, index }, rests: pairs(rests) };
    }),
  };
}

function otherChainedOf(entry: JsonValue) {
  const [log = 0, index = 0] = numbersOf(entry);
  return { of: { log, index }, chained: chainedOf(itemsOf(entry)[2]) };
}

function chainedOf(value: JsonValue | undefined): ChainedCount[] {
  return itemsOf(value).flatMap((entry) => {
    if (!isJsonObject(entry)) return [];
    const { correlationId, group, member, value: counted, chained } = entry;
    if (typeof correlationId !== 'string' || typeof group !== 'string') return [];
    if (typeof member !== 'number' || typeof counted !== 'number') return [];
    return [{ correlationId, group, member, value: counted, chained: chainedOf(chained) }];
  });
}

function pairs(numbers: readonly number[]): { log: number; index: number }[] {
  return numbers.flatMap((log, at) => (at % 2 === 0 ? [{ log, index: numbers[at + 1] ?? 0 }] : []));
}

function numbersOf(value: JsonValue | undefined): number[] {
  return itemsOf(value).flatMap((entry) => (typeof entry === 'number' ? [entry] : []));
}

function isJsonList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
