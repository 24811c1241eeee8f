import type { ActionKind, ActionTarget, DoubtCode, PathClass, ProgramClass } from '../action.ts';
import { readHost } from '../hosts/read-host.ts';
import { streamPaths } from '../paths/path-rules.ts';
import { classifyStatements } from '../sql/classify.ts';
import { placePath } from '../paths/resolve-path.ts';
import type { Around, Invocation, Run } from './run.ts';
import { isKnown, shown } from './text.ts';
import type { Text } from './text.ts';

type Effect = Around & { readonly run: Run };
type PathKind = 'read' | 'write' | 'delete' | 'execute';

/** Writing these changes what guards the agent, or what others run later. */
const configuring: ReadonlySet<PathClass> = new Set([
  'harness-settings',
  'instructions',
  'git-hooks',
  'git-config',
  'shell-startup',
  'scheduled',
]);

export type PathOptions = { readonly isTree?: boolean; readonly doubt?: DoubtCode; readonly why?: string };

/** A path that is read, written or deleted, from every place the script may be in. */
export function addPath(effect: Effect, kind: PathKind, text: Text, options: PathOptions = {}): void {
  const { run, state, where } = effect;
  if (text.text === '' || text.text === '-') return;
  if (!run.mayPlace(text, where)) return;
  for (const cwd of state.cwds) {
    const placed = placePath(text.text, cwd, run.context, state.links);
    if (streamPaths.has(placed.path) || /^\/dev\/(?:fd\/|pts\/|std)/.test(placed.path)) continue;
    const device = /^\/dev\/(?:tcp|udp)\/([^/]*)(?:\/(.*))?$/.exec(placed.path);
    if (device !== null) {
      addHost(effect, { text: `${device[1] ?? ''}:${device[2] ?? ''}` }, { way: kind === 'write' ? 'send' : 'fetch' });
      continue;
    }
    // A pattern that finds it hands it to a program as an option.
    const isOption = kind === 'write' && /\/-[^/]*$/.test(placed.path);
    const doubt = options.doubt ?? (placed.isKnown && !isOption ? undefined : 'unknown_until_run');
    const why = options.why ?? text.why;
    const base = { isCertain: doubt === undefined, doubt, why };
    const target: ActionTarget = {
      kind: 'path',
      path: placed.path,
      classes: placed.classes,
      isMany: placed.isMany || options.isTree === true,
    };
    run.add({ ...base, kind, target }, where);
    if (placed.classes.includes('secret') && kind === 'read') run.add({ ...base, kind: 'secret', target }, where);
    if ((kind === 'write' || kind === 'delete') && placed.classes.some((name) => configuring.has(name))) {
      run.add({ ...base, kind: 'configure', target }, where);
    }
  }
}

export type HostOptions = {
  readonly way: 'fetch' | 'send' | 'look-up' | 'listen';
  readonly scheme?: string;
  readonly sends?: readonly string[];
  readonly doubt?: DoubtCode;
};

/** A host that is reached, by URL or name. */
export function addHost({ run, where }: Effect, text: Text, { way, scheme, sends, doubt }: HostOptions): void {
  const read = readHost(text.text, scheme);
  const code = doubt ?? (read?.isKnown === true && isKnown(text) ? undefined : 'unknown_until_run');
  run.add(
    {
      kind: 'network',
      target: {
        kind: 'host',
        host: read?.host ?? shown(text.text).slice(0, 256),
        ...(read?.port === undefined ? {} : { port: read.port }),
        ...(read?.url === undefined ? {} : { url: read.url }),
        classes: way === 'listen' && isEveryAddress(read?.host) ? ['public', 'address'] : (read?.classes ?? ['public']),
        way,
      },
      isCertain: code === undefined,
      doubt: code,
      why: text.why,
      sends: sends !== undefined && sends.length > 0 ? sends : undefined,
    },
    where,
  );
}

/** To listen there is to listen to everybody, while to reach it is to reach oneself. */
function isEveryAddress(host: string | undefined): boolean {
  return host === '0.0.0.0' || host === '[::]';
}

export function addRecipient({ run, where }: Effect, address: Text, sends: readonly string[] = []): void {
  const isSure = isKnown(address);
  run.add(
    {
      kind: 'message',
      target: { kind: 'recipient', address: shown(address.text) },
      isCertain: isSure,
      doubt: isSure ? undefined : 'unknown_until_run',
      why: address.why,
      sends: sends.length > 0 ? sends : undefined,
    },
    where,
  );
}

/** A program that runs. */
export function addProgram(
  { run, where }: Effect,
  program: { readonly name: string; readonly classes: readonly ProgramClass[]; readonly arguments: readonly Text[] },
  { doubt, why }: { readonly doubt?: DoubtCode | undefined; readonly why?: string | undefined } = {},
): void {
  run.add(
    {
      kind: 'execute',
      target: {
        kind: 'program',
        name: program.name,
        classes: program.classes,
        arguments: program.arguments.slice(0, 64).map(({ text }) => shown(text).slice(0, 512)),
      },
      isCertain: doubt === undefined,
      doubt,
      why,
    },
    where,
  );
}

/** A setting, a variable, a process or a tool that is changed by name. */
export function addName(
  { run, where }: Effect,
  kind: ActionKind,
  target: { readonly of: 'tool' | 'agent' | 'variable' | 'setting' | 'process'; readonly name: string },
  { doubt, why }: { readonly doubt?: DoubtCode | undefined; readonly why?: string | undefined } = {},
): void {
  run.add({ kind, target: { kind: 'name', ...target }, isCertain: doubt === undefined, doubt, why }, where);
}

/** Texts that go out, for `sends`. */
export function sentTexts(texts: readonly Text[]): string[] {
  return texts.map(({ text, why }) => (why === undefined ? shown(text) : `${shown(text)} (${why})`).slice(0, 1024));
}

/** What is piped in, as a sentence of what is sent. */
export function sentStdin({ stdin }: Invocation): string[] {
  return stdin === undefined ? [] : sentTexts(stdin);
}

/** Statements of SQL, each by what it does. */
export function addStatements({ run, where }: Effect, text: Text): void {
  const statements = isKnown(text)
    ? classifyStatements(shown(text.text))
    : [{ class: 'unknown' as const, text: shown(text.text) }];
  for (const statement of statements) {
    const kind = statement.class === 'read' ? 'read' : statement.class === 'write' ? 'write' : 'execute';
    const isSure = statement.class !== 'unknown';
    run.add(
      {
        kind,
        target: { kind: 'statement', ...statement },
        isCertain: isSure,
        doubt: isSure ? undefined : 'unknown_until_run',
        why: text.why,
      },
      where,
    );
  }
}
