import type { Match } from '../finding.ts';

/** E-mail addresses, and where they are asked for addresses of machines. */
export function findAddresses(text: string): Match[] {
  const found: Match[] = [];
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    let start = at;
    while (start > 0 && at - start <= 64 && /[\p{L}\d.!#$%&'*+/=?^_{|}~-]/u.test(text[start - 1] ?? '')) start -= 1;
    const domain = /^(?:[\p{L}\d](?:[\p{L}\d-]{0,61}[\p{L}\d])?\.){1,8}\p{L}{2,24}(?![\p{L}\d-])/u.exec(
      text.slice(at + 1, at + 255),
    )?.[0];
    // Signs that end a word before it are not of it.
    const local = text.slice(start, at).replace(/^[^\p{L}\d]+/u, '');
    if (
      domain === undefined ||
      local === '' ||
      local.length > 64 ||
      /^(?:\/|:\S)/.test(text.slice(at + 1 + domain.length, at + 3 + domain.length))
    )
      continue;
    if (/:\/\/\S*$/.test(text.slice(Math.max(0, at - 80), at))) continue;
    found.push({
      class: 'personal',
      kind: 'email',
      confidence: 'high',
      why: 'an e-mail address',
      start: at - local.length,
      end: at + 1 + domain.length,
    });
  }
  return found;
}

/** Version 4 in dotted digits and version 6. Only where it is asked for: most are nobody's. */
export function findMachineAddresses(text: string): Match[] {
  const found: Match[] = [];
  const four = /(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.]*\d)/g;
  const six = /(?<![\w:.])(?:[\da-f]{1,4}:){2,7}(?::?[\da-f]{1,4}){1,6}(?![\w:])/gi;
  for (const pattern of [four, six])
    for (const match of text.matchAll(pattern))
      found.push({
        class: 'personal',
        kind: 'ip-address',
        confidence: 'medium',
        why: 'an address of a machine',
        start: match.index,
        end: match.index + match[0].length,
      });
  return found;
}
