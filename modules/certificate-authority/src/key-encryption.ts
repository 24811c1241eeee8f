import { elements } from './der-elements.ts';

const sequenceTag = 0x30;
const integerTag = 0x02;
const objectTag = 0x06;
/** 1.3.6.1.4.1.11591.4.11 (RFC 7914). */
const scryptOid = '2b06010401da47040b';
/** About a second of one processor, and eight times what openssl writes by itself. */
const maxIterations = 5_000_000;
const maxScryptWork = 2 ** 21;
const maxDepth = 8;

/**
 * Whether opening this `ENCRYPTED PRIVATE KEY` (RFC 5958, in DER) costs a sane amount of work. The file says itself how often
 * the passphrase is hashed, up to two thousand million times, and the whole process would wait for it.
 */
export function isOpenedSoon(der: Uint8Array): boolean {
  const [info, moreInfo] = elements(der) ?? [];
  if (info?.tag !== sequenceTag || moreInfo !== undefined) return false;
  const [algorithm] = elements(info.content) ?? [];
  if (algorithm?.tag !== sequenceTag) return false;
  const numbers: number[] = [];
  const objects: string[] = [];
  if (!collect(algorithm.content, numbers, objects, maxDepth)) return false;
  if (!objects.includes(scryptOid)) return numbers.every((number) => number <= maxIterations);
  // Cost, block size and parallelism, after the salt.
  const [cost = Infinity, blockSize = Infinity, parallelism = Infinity] = numbers;
  return cost * blockSize * parallelism <= maxScryptWork;
}

/** Every number and object identifier, in order; false when the bytes are no DER. */
function collect(der: Uint8Array, numbers: number[], objects: string[], depth: number): boolean {
  const found = depth === 0 ? undefined : elements(der);
  if (found === undefined) return false;
  for (const { tag, content } of found) {
    if (tag === integerTag) numbers.push(content.reduce((sum, byte) => sum * 256 + byte, 0));
    else if (tag === objectTag) objects.push(Buffer.from(content).toString('hex'));
    else if ((tag & 0x20) !== 0 && !collect(content, numbers, objects, depth - 1)) return false;
  }
  return true;
}
