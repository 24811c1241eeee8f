import type { Confidence, Match } from '../finding.ts';
import { isNoValue, isPlaceholder, isRandomLike } from './likeness.ts';

const longestLabel = 80;
const longestValue = 512;

const nameCharacter = /[\w.-]/;
/** Quickly, before the name is read as words. */
const hint = /pass|pwd|secret|token|cred|key|auth|cookie|session|jwt|bearer|salt|pepper|pin|dsn/i;
/** Names that say that a secret follows: the word stands as a word of the name. */
const secretName =
  /(?:^|[_.-])(?:pass|passwd|password|passphrase|passcode|pwd|secret|secrets|token|tokens|credential|credentials|apikey|api[_.-]?key|auth[_.-]?key|access[_.-]?key|account[_.-]?key|private[_.-]?key|encryption[_.-]?key|signing[_.-]?key|master[_.-]?key|secret[_.-]?key|shared[_.-]?key|service[_.-]?key|client[_.-]?key|license[_.-]?key|session[_.-]?key|key[_.-]?base|auth|authorization|cookie|sessionid|session[_.-]?id|jwt|bearer|salt|pepper|pin|dsn)(?:$|[_.-]?\d{0,3}$)/;
/** Names that say it is one of those and not the secret itself. */
const otherName =
  /(?:[_.-](?:id|name|type|url|uri|path|file|dir|host|port|user|username|email|expiry|expires|expiration|ttl|length|size|count|limit|max|min|policy|format|algorithm|hash|prefix|suffix|header|field|param|regex|pattern|hint|label|version|region|arn|ref|reference|provider|method|mode|status|enabled|required|endpoint|issuer|audience|scope|public|pub))$|^(?:public|pub|csrf|xsrf|next|page|continuation|cancellation|cancel|max|min|num|total|prompt|completion|input|output|cached)[_.-]/;

/** `name = value` in files of settings, code, JSON, YAML, XML and environments; `--name value` of commands. */
export function findAssignments(text: string): Match[] {
  const found: Match[] = [];
  const separators = /[=:>]/g;
  for (let hit = separators.exec(text); hit !== null; hit = separators.exec(text)) {
    const match = matchAt(text, labelBefore(text, hit.index, hit[0] === '>'), hit.index + 1);
    if (match === undefined) continue;
    found.push(match);
    separators.lastIndex = match.end;
  }
  for (let at = text.indexOf('--'); at >= 0; at = text.indexOf('--', at + 2)) {
    const option = /^--([A-Za-z][\w.-]{2,60})[ \t]/.exec(text.slice(at, at + 70));
    const match = option === null ? undefined : matchAt(text, option[1], at + option[0].length);
    if (match !== undefined) found.push(match);
  }
  return found;
}

function matchAt(text: string, label: string | undefined, from: number): Match | undefined {
  if (label === undefined || !isSecretName(label)) return undefined;
  // In a file of an environment a value goes on to the end of its line.
  const isSetting =
    /^[A-Z][A-Z\d_]*$/.test(label) && text[from - 1] === '=' && !/[?&]/.test(text[from - label.length - 2] ?? '');
  const value = valueAfter(text, from, isSetting);
  if (value === undefined) return undefined;
  const judged = judgeValue(label, value.text, value.isQuoted);
  if (judged === undefined) return undefined;
  return { class: 'secret', kind: kindOf(label, value.text), ...judged, start: value.start, end: value.end };
}

/** Of a value whose name stands apart from it, as in JSON: the whole of it, or nothing. */
export function judgeNamed(label: string, text: string): Match | undefined {
  if (text.length > longestValue || !isSecretName(label)) return undefined;
  const judged = /\s/.test(text.trim()) ? undefined : judgeValue(label, text, true);
  return judged === undefined
    ? undefined
    : { class: 'secret', kind: kindOf(label, text), ...judged, start: 0, end: text.length };
}

/** The name that ends before a separator, with blanks, quotes and a bracket between them at most. */
function labelBefore(text: string, at: number, isElement: boolean): string | undefined {
  let end = at;
  while (end > 0 && at - end < 4 && isOneOf(text, end - 1, ' \t')) end -= 1;
  for (let signs = 0; signs < 3 && isOneOf(text, end - 1, '"\'`]\\'); signs += 1) end -= 1;
  let start = end;
  while (start > 0 && end - start < longestLabel && nameCharacter.test(text[start - 1] ?? '')) start -= 1;
  // `<password>` of XML is a name, `<secret:` of a token is none.
  return start === end || (text[start - 1] === '<') !== isElement ? undefined : text.slice(start, end);
}

function isOneOf(text: string, at: number, signs: string): boolean {
  const sign = text[at];
  return sign !== undefined && signs.includes(sign);
}

function valueAfter(
  text: string,
  from: number,
  isSetting: boolean,
): { readonly text: string; readonly start: number; readonly end: number; readonly isQuoted: boolean } | undefined {
  const window = text.slice(from, from + longestValue + 16);
  const lead = /^[=>]{0,2}[ \t]{0,8}(?:[|>][-+]?\s{0,8})?/.exec(window)?.[0].length ?? 0;
  const quote = /^\\?["'`]/.exec(window.slice(lead))?.[0] ?? '';
  const rest = window.slice(lead + quote.length);
  const plain = isSetting ? /^[^\s"'`]{4,512}/ : /^[^\s"'`,;|&<>()[\]{}\\]{4,512}/;
  const value = (quote === '' ? plain : /^[^\r\n"'`\\]{4,512}/).exec(rest)?.[0];
  if (value === undefined || value.length >= longestValue) return undefined;
  const start = from + lead + quote.length;
  return { text: value, start, end: start + value.length, isQuoted: quote !== '' };
}

function isSecretName(label: string): boolean {
  if (!hint.test(label)) return false;
  // `apiKey` is `api_key`.
  const plain = label
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
  return secretName.test(plain) && !otherName.test(plain);
}

function judgeValue(
  label: string,
  value: string,
  isQuoted: boolean,
): { readonly confidence: Confidence; readonly why: string } | undefined {
  const isPassword = /pass|pwd|pin$/i.test(label);
  if (isNoValue(value) || value.length < (isPassword ? 6 : 8)) return undefined;
  const why = `what stands after a name like "${isPassword ? 'password' : 'secret'}"`;
  if (isPlaceholder(value)) return { confidence: 'low', why: `${why}, as documents show one` };
  if (isRandomLike(value)) return { confidence: 'medium', why: `${why}, and reads like nothing else` };
  // A password that a person chose: letters with digits or signs, in quotes or on a line of settings.
  const isChosen =
    isPassword && /\d|[^\w\s.-]/.test(value) && !/\s/.test(value) && (isQuoted || /^[A-Z\d_]+$/.test(label));
  return { confidence: isChosen ? 'medium' : 'low', why };
}

function kindOf(label: string, value: string): string {
  if (/aws/i.test(label) && /^[A-Za-z\d/+=]{40}$/.test(value)) return 'aws-secret';
  if (/pass|pwd|pin$/i.test(label)) return 'password';
  if (/cookie|session/i.test(label)) return 'session';
  return /token|jwt|bearer|auth/i.test(label) ? 'token' : 'secret';
}
