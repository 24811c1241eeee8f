/** Of a parameter, in characters; longer ones are not decoded. */
const maxEncodedLength = 16_384;
const maxDecoded = 3;

/**
 * What PowerShell would run: the Base64 of UTF-16LE beside `-EncodedCommand`, in any of the shortened forms it takes. Only
 * text comes out, at most three parts; what decodes to anything else is left alone. Not safe to show before `printable`.
 */
export function decodeCommands(commandLine: string): string[] {
  const found: string[] = [];
  const parts = commandLine.slice(0, 4 * maxEncodedLength).split(/[\s"']+/);
  for (const [at, part] of parts.entries()) {
    const next = parts[at + 1];
    if (next === undefined || !isFlag(part)) continue;
    const text = decoded(next);
    if (text !== undefined) found.push(text);
    if (found.length === maxDecoded) break;
  }
  return found;
}

function isFlag(part: string): boolean {
  const name = /^[-/\u2013\u2014](e[a-z]{0,13})$/i.exec(part)?.[1]?.toLowerCase();
  return name !== undefined && (name === 'ec' || 'encodedcommand'.startsWith(name));
}

function decoded(encoded: string): string | undefined {
  if (encoded.length < 8 || encoded.length > maxEncodedLength || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded))
    return undefined;
  try {
    const bytes = Uint8Array.from(atob(encoded), (sign) => sign.charCodeAt(0));
    const text = new TextDecoder('utf-16le', { fatal: true }).decode(bytes);
    // Any bytes of even length are UTF-16 of something: a command is mostly of the letters commands are written in.
    const plain = text.replaceAll(/[^\t\n\r\u0020-\u007e]/g, '').length;
    return text !== '' && plain * 2 >= text.length ? text : undefined;
  } catch {
    return undefined;
  }
}
