import type { Match } from '../finding.ts';
import { isNoValue, isPlaceholder } from './likeness.ts';

const databases = new Set(
  'postgres postgresql mysql mysql2 mariadb mongodb mongodb+srv redis rediss mssql sqlserver oracle clickhouse cockroachdb db2 couchbase neo4j bolt amqp amqps snowflake'.split(
    ' ',
  ),
);

/** Passwords in addresses (`postgres://user:password@host`), bearers and pairs of `Authorization`, and what is given to `-u`. */
export function findPasswords(text: string): Match[] {
  return [...findInAddresses(text), ...findInHeaders(text), ...findWebTokens(text)];
}

function findInAddresses(text: string): Match[] {
  const found: Match[] = [];
  for (let at = text.indexOf('://'); at >= 0; at = text.indexOf('://', at + 3)) {
    const scheme = /[a-z][a-z\d+.-]{0,20}$/i.exec(text.slice(Math.max(0, at - 21), at))?.[0].toLowerCase();
    const authority = /^[^\s"'`<>/?#\\]{1,600}/.exec(text.slice(at + 3, at + 603))?.[0] ?? '';
    const host = authority.lastIndexOf('@');
    const colon = authority.indexOf(':');
    if (scheme === undefined || host < 0 || colon < 0 || colon > host) continue;
    const password = authority.slice(colon + 1, host);
    if (password === '') continue;
    const isNone = isPlaceholder(password) || /^(?:[$<{[%*]|pass(?:word|wd)?$|pwd$|secret$|user$)/i.test(password);
    const isDatabase = databases.has(scheme.split('+')[0] ?? '') || databases.has(scheme);
    found.push({
      class: 'secret',
      kind: isDatabase ? 'database-password' : 'url-password',
      confidence: isNone ? 'low' : 'high',
      why: `the password in an address of ${isDatabase ? 'a database' : 'a server'}`,
      start: at + 3 + colon + 1,
      end: at + 3 + host,
    });
  }
  return found;
}

/** `Authorization: Bearer …`, `Basic …`; `curl -u user:password`. */
function findInHeaders(text: string): Match[] {
  const found: Match[] = [];
  const headers = /\b(bearer|basic|apikey)[ \t]{1,4}([\w.~+/=-]{8,4000})/gi;
  for (const match of text.matchAll(headers)) {
    const [whole, scheme = '', value = ''] = match;
    const isBasic = scheme.toLowerCase() === 'basic';
    const pair = isBasic ? Buffer.from(value, 'base64').toString('latin1') : '';
    if (isBasic ? !/^[\x20-\x7e]{1,200}:[\x20-\x7e]{1,200}$/.test(pair) : value.length < 16 || !/\d/.test(value))
      continue;
    const isNone = isPlaceholder(isBasic ? pair : value) || isNoValue(value);
    found.push({
      class: 'secret',
      kind: isBasic ? 'basic-auth' : 'bearer-token',
      confidence: isNone ? 'low' : 'high',
      why: isBasic ? 'a user and a password for a server' : 'a bearer token',
      start: match.index + whole.length - value.length,
      end: match.index + whole.length,
    });
  }
  const users = /(?:^|\s)(?:-u|--user|--proxy-user)[ \t=]{1,4}(["']?)([^\s:"']{1,100}):([^\s"']{4,200})\1/g;
  for (const match of text.matchAll(users)) {
    const [whole, quote = '', , password = ''] = match;
    if (isNoValue(password) || isPlaceholder(password)) continue;
    const end = match.index + whole.length - quote.length;
    found.push({
      class: 'secret',
      kind: 'password',
      confidence: 'medium',
      why: 'a password beside its user',
      start: end - password.length,
      end,
    });
  }
  return found;
}

/** JSON Web Tokens: signed or encrypted, by a header that reads as one. */
function findWebTokens(text: string): Match[] {
  const found: Match[] = [];
  for (let at = text.indexOf('eyJ'); at >= 0; at = text.indexOf('eyJ', at + 3)) {
    if (/[\w-]/.test(text[at - 1] ?? '')) continue;
    const token = /^eyJ[\w-]{8,2000}\.[\w-]{0,16000}\.[\w-]{0,8000}(?:\.[\w-]{8,8000}\.[\w-]{8,200})?/.exec(
      text.slice(at, at + 20_000),
    )?.[0];
    if (token === undefined || !isHeader(token.split('.')[0] ?? '')) continue;
    found.push({
      class: 'secret',
      kind: 'jwt',
      confidence: 'high',
      why: 'a JSON Web Token by its header',
      start: at,
      end: at + token.length,
    });
    at += token.length - 3;
  }
  return found;
}

function isHeader(part: string): boolean {
  return /"alg"\s{0,4}:/.test(Buffer.from(part, 'base64url').toString('latin1'));
}
