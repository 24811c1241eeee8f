import { isJsonObject, parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { PersonalDataError } from './errors.ts';
import { parseFieldPath, visitTexts } from './field-paths.ts';
import type { FieldPath } from './field-paths.ts';
import { subjectKinds } from './kinds.ts';
import type { SubjectKind } from './kinds.ts';

/** Which fields of whose events name somebody. */
export type Declaration = {
  readonly kind: SubjectKind;
  /** As `parseFieldPath` reads them. */
  readonly paths: readonly string[];
  /** Names of sources; of all, our own findings and audit records included, when undefined. */
  readonly sources: readonly string[] | undefined;
  /** Values that are nobody's, such as accounts of the system; without regard to case. */
  readonly except: readonly string[];
};

/** The names of accounts that are nobody's on most systems. */
const systemAccounts = [
  'root',
  'system',
  'nt authority\\system',
  'local service',
  'network service',
  'anonymous logon',
  'nobody',
  'daemon',
  'www-data',
];

/** What most want to declare, ready to be declared under these names. */
export const presets: Readonly<Record<string, Omit<Declaration, 'sources'>>> = {
  'user-names': {
    kind: 'user-name',
    paths: ['**.user.name', '**.user.full_name', '**.user.display_name', '**.users.name', '**.actor.invoked_by'],
    except: systemAccounts,
  },
  'email-addresses': {
    kind: 'email',
    paths: ['**.email_addr', '**.email.from', '**.email.to', '**.email.cc', '**.email.reply_to', '**.email.smtp_from'],
    except: [],
  },
  'phone-numbers': { kind: 'phone', paths: ['**.phone_number', '**.user.phone', '**.mobile_number'], except: [] },
  'client-addresses': { kind: 'ip', paths: ['src_endpoint.ip', '**.session.ip'], except: ['127.0.0.1', '::1'] },
};

const mostPaths = 40;
const mostSources = 100;
const mostExceptions = 200;
const mostCharacters = 200;

/** Throws `declaration_invalid`. */
export function parseDeclaration(value: JsonObject): Declaration {
  const kind = subjectKinds.find((one) => one === value['kind']);
  if (kind === undefined)
    throw invalid(`kind is "${textOf(value['kind']).slice(0, 50)}", must be one of ${subjectKinds.join(', ')}`);
  const paths = textsOf(value['paths']);
  if (paths.length === 0 || paths.length > mostPaths)
    throw invalid(`it has ${paths.length} paths, must have 1 to ${mostPaths}`);
  const wrong = paths.find((path) => parseFieldPath(path) === undefined);
  if (wrong !== undefined)
    throw invalid(
      `path "${wrong.slice(0, mostCharacters)}" must be names with dots between, such as "actor.user.name"`,
    );
  const sources = Array.isArray(value['sources']) ? textsOf(value['sources']) : undefined;
  if (sources !== undefined && (sources.length === 0 || sources.length > mostSources))
    throw invalid(`it names ${sources.length} sources, must name 1 to ${mostSources}, or none at all for all of them`);
  const except = textsOf(value['except']);
  if (except.length > mostExceptions)
    throw invalid(`it has ${except.length} exceptions, must have at most ${mostExceptions}`);
  const long = [...paths, ...(sources ?? []), ...except].find((text) => text.length > mostCharacters);
  if (long !== undefined) throw invalid(`"${long.slice(0, 50)}…" must have at most ${mostCharacters} characters`);
  return { kind, paths, sources, except };
}

/** As it stands in the control database. */
export function readDeclaration(text: string): Declaration {
  const value = parseJson(text);
  return parseDeclaration(isJsonObject(value) ? value : {});
}

function invalid(why: string): PersonalDataError {
  return new PersonalDataError('declaration_invalid', `Cannot declare this: ${why}`);
}

/** A value in a declared field, as it stands there. */
export type DeclaredValue = { readonly kind: SubjectKind; readonly written: string };
/** What is declared for the events of one collector; undefined when nothing is. */
export type DeclaredFields = { valuesIn(event: JsonValue): readonly DeclaredValue[] };

const intake = 'intake/';

export function compileDeclarations(
  declarations: readonly Declaration[],
): (collector: string) => DeclaredFields | undefined {
  const compiled = new Map<string, DeclaredFields | undefined>();
  return (collector) => {
    // Collectors come from senders' names: a few are remembered, not all.
    if (compiled.has(collector)) return compiled.get(collector);
    if (compiled.size >= 1000) compiled.clear();
    const source = collector.startsWith(intake) ? collector.slice(intake.length) : undefined;
    const fields = compileFor(
      declarations.filter(({ sources }) => sources === undefined || (source !== undefined && sources.includes(source))),
    );
    compiled.set(collector, fields);
    return fields;
  };
}

function compileFor(declarations: readonly Declaration[]): DeclaredFields | undefined {
  if (declarations.length === 0) return undefined;
  const paths: FieldPath[] = [];
  const of: { readonly kind: SubjectKind; readonly except: ReadonlySet<string> }[] = [];
  for (const { kind, paths: texts, except } of declarations) {
    const excepted = new Set(except.map((text) => text.trim().toLowerCase()));
    for (const text of texts) {
      const path = parseFieldPath(text);
      if (path === undefined) continue;
      paths.push(path);
      of.push({ kind, except: excepted });
    }
  }
  return {
    valuesIn(event) {
      const values: DeclaredValue[] = [];
      visitTexts(paths, event, (path, written) => {
        const declared = of[path];
        if (declared === undefined || declared.except.has(written.trim().toLowerCase())) return;
        values.push({ kind: declared.kind, written });
      });
      return values;
    },
  };
}
