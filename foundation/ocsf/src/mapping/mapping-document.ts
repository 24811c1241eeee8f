import { parseAllDocuments } from 'yaml';
import { isObject } from '../fields.ts';
import type { JsonObject, JsonValue } from '../event.ts';
import { RefusedMapping } from './mapping-refusal.ts';

/** A mapping as its author wrote it; `README.md` beside the mappings in `content/mappings` describes the language. */
export type MappingDocument = {
  readonly name: string;
  /** Counted up with every change of meaning; events carry the version they were mapped with. */
  readonly version: number;
  /** The parser that made the record: `json`, `linux-auth`, `cef`. */
  readonly format: string;
  readonly when: JsonObject;
  /** Where Sigma rules look for such records. */
  readonly sigma: { readonly product?: string; readonly category?: string; readonly service?: readonly string[] };
  readonly class: number;
  readonly activity: JsonValue;
  readonly severity: JsonValue | undefined;
  readonly time: JsonValue | undefined;
  /** Attribute paths to expressions, in the order written. */
  readonly set: JsonObject;
};

const maxFileCharacters = 256 * 1024;
const known = new Set(['name', 'version', 'format', 'when', 'sigma', 'class', 'activity', 'severity', 'time', 'set']);

/** The mappings of a YAML file, one a document. Aliases are not allowed. Throws RefusedMapping. */
export function readMappingDocuments(text: string): readonly MappingDocument[] {
  if (text.length > maxFileCharacters)
    throw new RefusedMapping(
      'file',
      `Cannot read a file of ${text.length} characters: must be at most ${maxFileCharacters}`,
    );
  const documents = parseAllDocuments(text, { prettyErrors: false, logLevel: 'silent' });
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => {
    const fault = document.errors[0];
    if (fault !== undefined) throw new RefusedMapping('file', `Cannot read the YAML: ${fault.message}`);
    let value: unknown;
    try {
      value = document.toJS({ maxAliasCount: 0 });
    } catch {
      throw new RefusedMapping('file', 'Cannot read the YAML: aliases are not allowed');
    }
    return readDocument(value);
  });
}

function readDocument(value: unknown): MappingDocument {
  if (!isObject(value)) throw new RefusedMapping('file', 'Cannot read the mapping: must be a map');
  const unknown = Object.keys(value).find((key) => !known.has(key));
  if (unknown !== undefined)
    throw new RefusedMapping(unknown, `Cannot understand "${unknown}": must be one of ${[...known].join(', ')}`);
  const { class: classUid, version, activity, when = {}, set } = value;
  if (typeof classUid !== 'number')
    throw new RefusedMapping('class', 'Cannot do without "class": must be the number of an OCSF class');
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1)
    throw new RefusedMapping('version', 'Cannot do without "version": must be a whole number from 1');
  if (activity === undefined)
    throw new RefusedMapping('activity', 'Cannot do without "activity": must be a number or an expression');
  if (!isObject(when)) throw new RefusedMapping('when', 'Cannot read "when": must be a map of fields to conditions');
  if (!isObject(set))
    throw new RefusedMapping('set', 'Cannot do without "set": must be a map of attributes to expressions');
  return {
    name: identifier(value, 'name'),
    version,
    format: identifier(value, 'format'),
    when,
    sigma: readSigma(value['sigma']),
    class: classUid,
    activity,
    severity: value['severity'],
    time: value['time'],
    set,
  };
}

function identifier(from: JsonObject, name: string): string {
  const value = from[name];
  if (typeof value !== 'string' || !/^[a-z][a-z0-9-]{0,63}$/.test(value))
    throw new RefusedMapping(
      name,
      `Cannot do without "${name}": must be lower-case letters, digits and hyphens, at most 64`,
    );
  return value;
}

function readSigma(value: JsonValue | undefined): MappingDocument['sigma'] {
  if (value === undefined) return {};
  if (!isObject(value))
    throw new RefusedMapping('sigma', 'Cannot read "sigma": must be a map of product, category and service');
  const { product, category, service, ...rest } = value;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    throw new RefusedMapping(
      `sigma.${unknown}`,
      `Cannot understand "${unknown}": must be product, category or service`,
    );
  const services = typeof service === 'string' ? [service] : service;
  return {
    ...(typeof product === 'string' && { product }),
    ...(typeof category === 'string' && { category }),
    ...(isTexts(services) && { service: services }),
  };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
