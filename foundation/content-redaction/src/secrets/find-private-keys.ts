import type { Match } from '../finding.ts';

const longestKey = 64_000;
/** Lines of a key as they are, quoted in JSON, commented out or indented. */
const body = /(?:[A-Za-z\d+/=\s"',>#|:;()-]|\\[nrt"\\]){0,64000}/y;
const keyLines = /(?:[A-Za-z\d+/=\s]|\\[nr]){0,64000}/y;

/** Private keys in PEM, OpenSSH, PGP and PuTTY form; also those that are cut off, which give away as much. */
export function findPrivateKeys(text: string): Match[] {
  return [...findArmoured(text), ...findPutty(text), ...findWebKeys(text)];
}

function findArmoured(text: string): Match[] {
  const found: Match[] = [];
  // Looked for once, however many beginnings stand before it.
  let ending = -2;
  for (let at = text.indexOf('-----BEGIN '); at >= 0; at = text.indexOf('-----BEGIN ', at + 11)) {
    const head = /^-----BEGIN (?:[A-Z\d]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----/.exec(text.slice(at, at + 100))?.[0];
    if (head === undefined) continue;
    if (ending !== -1 && ending < at) ending = text.indexOf('-----END ', at);
    const tail =
      ending < 0 || ending - at > longestKey ? undefined : endLine.exec(text.slice(ending, ending + 100))?.[0];
    const start = at + head.length;
    body.lastIndex = start;
    const end = tail === undefined ? start + (body.exec(text)?.[0].trimEnd().length ?? 0) : ending + tail.length;
    // What only speaks of keys has no key behind it.
    const length = (tail === undefined ? end : ending) - start;
    if (length < 40) continue;
    found.push({
      class: 'secret',
      kind: 'private-key',
      confidence: 'high',
      why: tail === undefined ? 'the beginning of a private key' : 'a private key between its lines',
      start: at,
      end,
    });
    at = end - 11;
  }
  return found;
}

const endLine = /^-----END [A-Z\d ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;
const puttyLines = /Private-Lines: \d{1,4}(?:\s|\\[nr]){1,8}/y;

function findPutty(text: string): Match[] {
  const found: Match[] = [];
  for (let at = text.indexOf('Private-Lines: '); at >= 0; at = text.indexOf('Private-Lines: ', at + 15)) {
    puttyLines.lastIndex = at;
    const lines = puttyLines.exec(text)?.[0];
    if (lines === undefined) continue;
    const start = at + lines.length;
    keyLines.lastIndex = start;
    // The name of the next field is letters too.
    const key = (keyLines.exec(text)?.[0] ?? '').replace(/(?:\s|\\[nr])*(?:Private)?$/, '');
    if (key.length < 40) continue;
    found.push({
      class: 'secret',
      kind: 'private-key',
      confidence: 'high',
      why: 'the private lines of a PuTTY key',
      start,
      end: start + key.length,
    });
    at = start + key.length - 15;
  }
  return found;
}

/** `"d"` of a JSON Web Key: the part that is private. */
function findWebKeys(text: string): Match[] {
  const found: Match[] = [];
  for (let at = text.indexOf('"d"'); at >= 0; at = text.indexOf('"d"', at + 3)) {
    const value = /^"d"\s{0,8}:\s{0,8}"([\w-]{40,1400})"/.exec(text.slice(at, at + 1450));
    const near = text.slice(Math.max(0, at - 2000), at + 2500);
    if (value === null || !/"kty"\s{0,8}:/.test(near)) continue;
    const start = at + value[0].length - 1 - (value[1] ?? '').length;
    found.push({
      class: 'secret',
      kind: 'private-key',
      confidence: 'high',
      why: 'the private part of a JSON Web Key',
      start,
      end: start + (value[1] ?? '').length,
    });
  }
  return found;
}
