import { defined } from './event.ts';
import type { JsonObject, JsonValue } from './event.ts';
import { integer, text } from './fields.ts';

/** The last component of a Windows or device path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('\\') + 1) || path;
}

const algorithmIds: ReadonlyMap<string, number> = new Map([
  ['MD5', 1],
  ['SHA1', 2],
  ['SHA256', 3],
  ['IMPHASH', 18],
]);

/** Fingerprints out of Sysmon's `SHA1=…,MD5=…`; an all-zero value stands for none. */
export function hashes(written: string | undefined): JsonObject[] | undefined {
  if (written === undefined) return undefined;
  const found: JsonObject[] = [];
  for (const part of written.split(',', 8)) {
    const at = part.indexOf('=');
    const algorithmId = algorithmIds.get(part.slice(0, at));
    const value = part.slice(at + 1);
    if (algorithmId !== undefined && /[1-9a-fA-F]/.test(value)) found.push({ algorithm_id: algorithmId, value });
  }
  return found.length === 0 ? undefined : found;
}

/** An OCSF file of the given type (1 regular file, 6 named pipe). */
export function file(
  path: string | undefined,
  more: Readonly<Record<string, JsonValue | undefined>> = {},
  typeId = 1,
): JsonObject | undefined {
  if (path === undefined) return undefined;
  return defined({ name: baseName(path), path, type_id: typeId, ...more });
}

/** A user written as `DOMAIN\name`, or as separate fields. */
export function user(name: string | undefined, domain?: string, sid?: string): JsonObject | undefined {
  // S-1-0-0 is the null SID: Windows' way to say nobody.
  const uid = sid === 'S-1-0-0' ? undefined : sid;
  if (name === undefined && uid === undefined) return undefined;
  const at = domain === undefined && name !== undefined ? name.indexOf('\\') : -1;
  if (name === undefined || at <= 0) return defined({ name, domain, uid });
  return defined({ name: name.slice(at + 1), domain: name.slice(0, at), uid });
}

/** The user of `SubjectUserName`, `SubjectDomainName`, `SubjectUserSid`, or the same with another prefix. */
export function prefixedUser(fields: JsonObject, prefix: 'Subject' | 'Target'): JsonObject | undefined {
  const sid = text(fields, `${prefix}UserSid`) ?? text(fields, `${prefix}Sid`);
  return user(text(fields, `${prefix}UserName`), text(fields, `${prefix}DomainName`), sid);
}

type ProcessParts = {
  readonly pid?: number | undefined;
  readonly uid?: string | undefined;
  readonly image?: string | undefined;
  readonly file?: JsonObject | undefined;
  readonly more?: Readonly<Record<string, JsonValue | undefined>>;
};

/** An OCSF process, or undefined when neither its number nor its GUID is known. */
export function process(parts: ProcessParts): JsonObject | undefined {
  if (parts.pid === undefined && parts.uid === undefined) return undefined;
  return defined({
    pid: parts.pid,
    uid: parts.uid,
    name: parts.image === undefined ? undefined : baseName(parts.image),
    file: parts.file ?? file(parts.image),
    ...parts.more,
  });
}

/** The process of Sysmon's `<prefix>ProcessId`, `<prefix>ProcessGuid`, `<prefix>Image`. */
export function sysmonProcess(
  fields: JsonObject,
  prefix: '' | 'Parent' | 'Source' | 'Target',
  more: Readonly<Record<string, JsonValue | undefined>> = {},
  image?: JsonObject,
): JsonObject | undefined {
  return process({
    pid: integer(fields, `${prefix}ProcessId`),
    uid: text(fields, `${prefix}ProcessGuid`) ?? text(fields, `${prefix}ProcessGUID`),
    image: text(fields, `${prefix}Image`),
    file: image,
    more,
  });
}

const integrityIds: ReadonlyMap<string, number> = new Map([
  ['Untrusted', 1],
  ['Low', 2],
  ['Medium', 3],
  ['High', 4],
  ['System', 5],
]);

export function integrityId(level: string | undefined): number | undefined {
  return level === undefined ? undefined : (integrityIds.get(level) ?? 99);
}
