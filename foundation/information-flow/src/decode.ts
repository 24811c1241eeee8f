import { characterAt, commonNames, decodePercentRun, decodeReference } from '@sallyport/character-escapes';

// What was hidden in an encoding, undone as far as a bound allows.

const maxSegments = 32;
const maxSegmentLength = 64_000;

/** Every text that hides in another: percent, entities, escapes, base64 and hexadecimal, twice over at most. `text` itself is not among them. */
export function decodings(text: string, depth = 2): string[] {
  if (depth === 0) return [];
  const found = new Set<string>();
  const cut = text.slice(0, maxSegmentLength);
  for (const decode of [percent, entities, escapes]) {
    const decoded = decode(cut);
    if (decoded !== cut) found.add(decoded);
  }
  let segments = 0;
  for (const [run] of cut.matchAll(/(?<![A-Za-z\d+/_=-])[A-Za-z\d+/_-]{12,}={0,2}/g)) {
    if ((segments += 1) > maxSegments) break;
    for (const encoding of /^(?:[\da-f]{2})+$/i.test(run) ? (['hex', 'base64'] as const) : (['base64'] as const)) {
      const decoded = Buffer.from(run, encoding).toString('utf8');
      if (isText(decoded)) found.add(decoded);
    }
  }
  const once = [...found].slice(0, maxSegments);
  return [...new Set([...once, ...once.flatMap((inner) => decodings(inner, depth - 1))])].slice(0, maxSegments);
}

/** What decodes to text was meant to be read; noise does not. */
function isText(decoded: string): boolean {
  if (decoded.length < 4) return false;
  const odd = decoded.match(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffd]/g)?.length ?? 0;
  return odd === 0;
}

function percent(text: string): string {
  return text.replaceAll(/(?:%[\da-f]{2})+/gi, (run) => decodePercentRun(run) ?? run);
}

function entities(text: string): string {
  return text.replaceAll(
    /&(?:#x[\da-f]{1,6}|#\d{1,7}|[a-z]{2,6});/gi,
    (reference) => decodeReference(reference, commonNames) ?? reference,
  );
}

function escapes(text: string): string {
  return text
    .replaceAll(
      /\\u([\da-f]{4})|\\x([\da-f]{2})/gi,
      (all: string, long: string | undefined, short: string | undefined) =>
        characterAt(Number.parseInt(long ?? short ?? '', 16)) ?? all,
    )
    .replaceAll(/\\[nrt]/g, ' ')
    .replaceAll(/\\(["'/\\])/g, '$1');
}
