import { Buffer } from 'node:buffer';
import { endOfDigits, hexBytes } from '../text/characters.ts';
import { accept, quoted, refuse } from '../text/parsed.ts';
import type { Parsed } from '../text/parsed.ts';
import { defaultAuditLimits } from './audit-record.ts';
import type { AuditLimits, AuditRecord, AuditRefusalCode } from './audit-record.ts';

/** Fields the kernel and the tools write as untrusted strings: quoted, or in hexadecimal when they hold odd characters. */
const untrusted = new Set([
  'acct',
  'addr_name',
  'cmd',
  'comm',
  'cwd',
  'data',
  'dev',
  'device',
  'dir',
  'exe',
  'file',
  'grp',
  'hostname',
  'id_name',
  'key',
  'name',
  'new-chardev',
  'new-disk',
  'new-fs',
  'new-log_passwd',
  'new-net',
  'new-rng',
  'ocomm',
  'old-chardev',
  'old-disk',
  'old-fs',
  'old-log_passwd',
  'old-net',
  'old-rng',
  'path',
  'proctitle',
  'root_dir',
  'sw',
  'unit',
  'vm',
  'watch',
  'wd',
]);
const separator = '\u001d';

/** A line of audit.log, with `node=` before it or behind the kernel's `audit: `. Order and repetition of fields are the sender's: the first of a name counts. */
export function parseAudit(
  text: string,
  limits: AuditLimits = defaultAuditLimits,
): Parsed<AuditRecord, AuditRefusalCode> {
  if (text.length > limits.maxCharacters)
    return refuse(
      'audit_too_long',
      limits.maxCharacters,
      `Record has ${text.length} characters, must be at most ${limits.maxCharacters}`,
    );
  const header = readHeader(text);
  if (header === undefined) return refuse('audit_header', 0, `No "type=… msg=audit(time:serial):" in ${quoted(text)}`);
  const { end, ...head } = header;
  const split = text.indexOf(separator, end);
  const bodyEnd = split === -1 ? text.length : split;
  const body = readFields(text, { from: end, to: bodyEnd, type: head.type, limits });
  const inner = body.fields.get('msg');
  body.fields.delete('msg');
  const message =
    inner === undefined
      ? { fields: new Map<string, string>(), words: '', overflowAt: -1 }
      : readFields(inner, { from: 0, to: inner.length, type: head.type, limits });
  const added = readFields(text, {
    from: Math.min(text.length, bodyEnd + 1),
    to: text.length,
    type: 'ENRICHED',
    limits,
  });
  const overflowAt = [body.overflowAt, message.overflowAt, added.overflowAt].find((at) => at >= 0);
  if (overflowAt !== undefined)
    return refuse('audit_too_many_fields', overflowAt, `Record has more than ${limits.maxFields} fields`);
  return accept({
    ...head,
    fields: body.fields,
    message: message.fields,
    interpreted: added.fields,
    words: [body.words, message.words].filter((words) => words !== '').join(' '),
  });
}

/** Which event a record belongs to, without reading it; looks at the first 500 characters of the line. */
export function auditHead(line: string): Pick<AuditRecord, 'type' | 'node' | 'unixMs' | 'serial'> | undefined {
  const header = readHeader(line.slice(0, 500));
  if (header === undefined) return undefined;
  const { end: _end, ...head } = header;
  return head;
}

type Header = Pick<AuditRecord, 'type' | 'node' | 'unixMs' | 'serial'> & { readonly end: number };

/** `[node=N ]type=T msg=audit(SECONDS.MS:SERIAL): ` and the kernel's `audit: type=1400 audit(…): `. */
function readHeader(text: string): Header | undefined {
  let at = text.startsWith('audit: ') ? 7 : 0;
  let node: string | undefined;
  if (text.startsWith('node=', at)) {
    const end = text.indexOf(' ', at);
    if (end === -1 || end > at + 300) return undefined;
    node = text.slice(at + 5, end);
    at = end + 1;
  }
  if (!text.startsWith('type=', at)) return undefined;
  const typeEnd = text.indexOf(' ', at);
  if (typeEnd === -1 || typeEnd > at + 80) return undefined;
  const type = text.slice(at + 5, typeEnd);
  let open = typeEnd + 1;
  if (text.startsWith('msg=', open)) open += 4;
  if (!text.startsWith('audit(', open)) return undefined;
  const seconds = endOfDigits(text, open + 6, 12);
  const fraction = text.charCodeAt(seconds) === 46 ? endOfDigits(text, seconds + 1, 9) : seconds;
  const serialEnd = endOfDigits(text, fraction + 1, 15);
  if (
    seconds === open + 6 ||
    text.charCodeAt(fraction) !== 58 ||
    serialEnd === fraction + 1 ||
    !text.startsWith(')', serialEnd)
  )
    return undefined;
  const ms = Number(text.slice(seconds + 1, Math.min(fraction, seconds + 4)).padEnd(3, '0'));
  const end = text.charCodeAt(serialEnd + 1) === 58 ? serialEnd + 2 : serialEnd + 1;
  return {
    type,
    node,
    unixMs: Number(text.slice(open + 6, seconds)) * 1000 + ms,
    serial: Number(text.slice(fraction + 1, serialEnd)),
    end,
  };
}

type Range = { readonly from: number; readonly to: number; readonly type: string; readonly limits: AuditLimits };

/** `k=v` parted by spaces (or commas and spaces, as some tools do); a value in quotes holds spaces. */
function readFields(
  text: string,
  range: Range,
): { readonly fields: Map<string, string>; readonly words: string; readonly overflowAt: number } {
  const fields = new Map<string, string>();
  const words: string[] = [];
  let count = 0;
  let at = range.from;
  while (at < range.to) {
    const code = text.charCodeAt(at);
    if (code === 32 || code === 10 || code === 13) {
      at += 1;
      continue;
    }
    count += 1;
    if (count > range.limits.maxFields) return { fields, words: '', overflowAt: at };
    let end = at;
    while (end < range.to && !isNameEnd(text.charCodeAt(end))) end += 1;
    if (text.charCodeAt(end) !== 61 || end === at || end >= range.to) {
      const wordEnd = Math.min(range.to, endOfBare(text, end));
      words.push(text.slice(at, wordEnd));
      at = Math.max(wordEnd, at + 1);
      continue;
    }
    const name = text.slice(at, end);
    const quote = text.charCodeAt(end + 1);
    const isQuoted = quote === 34 || quote === 39;
    const close = isQuoted ? endOfQuoted(text, end + 2, quote) : -1;
    const isClosed = close !== -1 && close < range.to;
    const valueEnd = isClosed ? close : Math.min(range.to, endOfBare(text, end + 1));
    const value = isClosed ? text.slice(end + 2, close) : bareValue(name, text.slice(end + 1, valueEnd), range.type);
    if (!fields.has(name)) fields.set(name, value);
    at = isClosed ? close + 1 : Math.max(valueEnd, end + 1);
  }
  return { fields, words: words.join(' '), overflowAt: -1 };
}

function isNameEnd(code: number): boolean {
  return code === 61 || code === 32 || code === 34 || code === 39 || code === 10;
}

function endOfBare(text: string, at: number): number {
  const end = text.indexOf(' ', at);
  return end === -1 ? text.length : end;
}

/** The last apostrophe closes `msg='…'`, for its fields may hold some; a double quote closes at the next. */
function endOfQuoted(text: string, at: number, quote: number): number {
  if (quote === 34) return text.indexOf('"', at);
  const split = text.indexOf(separator, at);
  const end = text.lastIndexOf("'", split === -1 ? text.length : split);
  return end < at ? -1 : end;
}

function bareValue(name: string, value: string, type: string): string {
  // Some tools write `key=value,` inside messages.
  const bare = value.endsWith(',') ? value.slice(0, -1) : value;
  const isArgument = type === 'EXECVE' && /^a\d/.test(name);
  if ((!isArgument && !untrusted.has(name)) || bare.length < 2) return bare;
  const bytes = hexBytes(bare);
  return bytes === undefined
    ? bare
    : Buffer.from(bytes.buffer)
        .toString('utf8')
        .replaceAll('\0', name === 'proctitle' || name === 'cmd' || name === 'data' ? ' ' : '');
}

/** The arguments of an EXECVE record, long ones put together from their pieces (`a1[0]`, `a1[1]`). */
export function execveArguments(record: AuditRecord): readonly string[] {
  const count = Math.min(Number(record.fields.get('argc') ?? 0) || 0, record.fields.size);
  return Array.from({ length: count }, (_, index) => record.fields.get(`a${index}`) ?? joinPieces(record, index));
}

function joinPieces(record: AuditRecord, index: number): string {
  let joined = '';
  let part = record.fields.get(`a${index}[0]`);
  for (let piece = 1; part !== undefined; piece += 1) {
    joined += part;
    part = record.fields.get(`a${index}[${piece}]`);
  }
  return joined;
}
