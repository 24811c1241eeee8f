/** An address, or a network with the number of its fixed bits, as policies write them. */
export type RangeText = string;

type Range = { readonly bits: 32 | 128; readonly first: bigint; readonly last: bigint };

/**
 * One address of each kind that these ranges tell apart, of both families; a kind is in which of them an address is. Where the set of
 * ranges around an address changes, one begins or one has just ended: nothing between two such places is of another kind.
 */
export function cutAddresses(texts: readonly RangeText[]): readonly string[] {
  const ranges = [...new Set(texts)].flatMap((text) => readRange(text) ?? []);
  return ([32, 128] as const).flatMap((bits) => {
    const own = ranges.filter((range) => range.bits === bits);
    const places = [...new Set([0n, ...own.flatMap(({ first, last }) => [first, last + 1n])])];
    const kinds = new Map<string, bigint>();
    for (const place of places.filter((one) => one < 1n << BigInt(bits))) {
      const kind = own.map(({ first, last }) => (place >= first && place <= last ? '1' : '0')).join('');
      if (!kinds.has(kind)) kinds.set(kind, place);
    }
    return [...kinds.values()].map((place) => writeAddress(place, bits));
  });
}

/** In which of the ranges an address is. */
export function kindOfAddress(address: string, ranges: readonly RangeText[]): string {
  const place = readRange(address);
  if (place === undefined) return '';
  const inside = ranges.map((text) => {
    const range = readRange(text);
    return range?.bits === place.bits && place.first >= range.first && place.first <= range.last ? '1' : '0';
  });
  return `${place.bits}${inside.join('')}`;
}

function readRange(text: RangeText): Range | undefined {
  const [address = '', fixed] = text.split('/');
  const bits = address.includes(':') ? 128 : 32;
  const value = bits === 32 ? readDotted(address) : readGroups(address);
  const free = BigInt(bits - Number(fixed ?? bits));
  if (value === undefined || free < 0n) return undefined;
  const first = (value >> free) << free;
  return { bits, first, last: first + (1n << free) - 1n };
}

function readDotted(text: string): bigint | undefined {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return undefined;
  return parts.reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
}

function readGroups(text: string): bigint | undefined {
  const [head = '', tail] = text.split('::');
  const groupsIn = (part: string): readonly string[] => (part === '' ? [] : part.split(':'));
  const [before, after] = [groupsIn(head), groupsIn(tail ?? '')];
  const between = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  const groups = tail === undefined ? before : [...before, ...between, ...after];
  if (groups.length !== 8 || groups.some((group) => !/^[0-9A-Fa-f]{1,4}$/.test(group))) return undefined;
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function writeAddress(value: bigint, bits: 32 | 128): string {
  const size = bits === 32 ? 8 : 16;
  const parts = Array.from({ length: bits / size }, (_none, index) =>
    BigInt.asUintN(size, value >> BigInt(bits - size * (index + 1))),
  );
  return bits === 32 ? parts.join('.') : parts.map((part) => part.toString(16)).join(':');
}
