import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { join } from 'node:path';
import { isJsonObject, listField } from '../json-reading.ts';
import { withTelemetry } from './claude-telemetry.ts';

export const scopes = ['user', 'project', 'managed'] as const;
export type SettingsScope = (typeof scopes)[number];
export const settableHarnesses = ['claude-code', 'codex', 'gemini-cli', 'cursor'] as const;
export type SettableHarness = (typeof settableHarnesses)[number];

export type HookSetup = {
  /** Where the server is, as hooks reach it. */
  readonly server: string;
  /** How the guard is started, for harnesses that start a program: `/usr/local/bin/sallyport-guard`. */
  readonly guard: string;
  readonly failsOpen: boolean;
  readonly scope: SettingsScope;
  /** Whether Claude Code posts its hooks itself; otherwise it starts the guard for each, as the others do. */
  readonly posts: boolean;
};

/** The file a harness reads; undefined where it has none of that scope. */
export function settingsFile(
  harness: SettableHarness,
  scope: SettingsScope,
  { home, project }: { readonly home: string; readonly project: string },
): string | undefined {
  const folders: Readonly<Record<SettableHarness, readonly [folder: string, file: string]>> = {
    'claude-code': ['.claude', 'settings.json'],
    codex: ['.codex', 'hooks.json'],
    'gemini-cli': ['.gemini', 'settings.json'],
    cursor: ['.cursor', 'hooks.json'],
  };
  const [folder, file] = folders[harness];
  if (scope === 'user') return join(home, folder, file);
  if (scope === 'project') return join(project, folder, file);
  // Where only an administrator writes. Those of the others are set by a tool of their makers.
  return harness === 'claude-code' ? '/etc/claude-code/managed-settings.json' : undefined;
}

const claudeEvents = [
  'PreToolUse',
  'PostToolUse',
  'PostToolUseFailure',
  'PermissionRequest',
  'UserPromptSubmit',
  'SessionStart',
  'SessionEnd',
  'SubagentStart',
  'SubagentStop',
  'ConfigChange',
];
const codexEvents = ['PreToolUse', 'PermissionRequest', 'PostToolUse', 'SessionStart', 'UserPromptSubmit'];
const geminiEvents = ['BeforeTool', 'AfterTool', 'BeforeAgent', 'SessionStart', 'SessionEnd'];
const cursorEvents = [
  'beforeShellExecution',
  'beforeMCPExecution',
  'beforeReadFile',
  'beforeSubmitPrompt',
  'preToolUse',
  'postToolUse',
  'afterShellExecution',
  'afterMCPExecution',
  'afterFileEdit',
];
/** The event before a call, which asks. */
export const askingEvent: Readonly<Record<SettableHarness, string>> = {
  'claude-code': 'PreToolUse',
  codex: 'PreToolUse',
  'gemini-cli': 'BeforeTool',
  cursor: 'preToolUse',
};
const waitSeconds = 20;
/** A person is asked for so long about a call, where the harness starts a program; it hears while they are asked that they still are. */
const askSeconds = 300;
/** Where it posts its hooks itself nothing is heard meanwhile, and a connection without a byte ends after two minutes. */
const postedAskSeconds = 100;
/** Events about a call, which may wait for a person. */
const callEvents =
  /^(?:PreToolUse|PermissionRequest|BeforeTool|beforeShellExecution|beforeMCPExecution|beforeReadFile|preToolUse)$/;

/** Settings with our hooks in them, and everything else as it was. Hooks of ours from before are replaced. */
export function withHooks(harness: SettableHarness, before: JsonObject, setup: HookSetup): JsonObject {
  const hooks = isJsonObject(before['hooks']) ? before['hooks'] : {};
  const merged = (events: readonly string[], made: (event: string) => JsonValue): JsonObject => ({
    ...hooks,
    ...Object.fromEntries(
      events.map((event) => {
        const others = listField(hooks, event).filter((group) => !isOurs(group));
        return [event, [...others, made(event)]];
      }),
    ),
  });
  switch (harness) {
    case 'claude-code':
      return claudeSettings(
        before,
        merged(claudeEvents, (event) =>
          // How a conversation begins it tells programs alone: whether it goes on from one that we have not seen.
          event === 'SessionStart' || !setup.posts ? commandGroup(harness, setup, event) : claudeHook(setup, event),
        ),
        setup,
      );
    case 'codex':
      // Its file takes nothing beside these two.
      return {
        ...(before['description'] === undefined ? {} : { description: before['description'] }),
        hooks: merged(codexEvents, (event) => commandGroup(harness, setup, event)),
      };
    case 'gemini-cli':
      return { ...before, hooks: merged(geminiEvents, (event) => commandGroup(harness, setup, event)) };
    case 'cursor':
      return {
        ...before,
        version: 1,
        hooks: merged(cursorEvents, (event) => ({
          command: guardCommand(harness, setup, event),
          timeout: secondsOf(event),
          failClosed: !setup.failsOpen,
        })),
      };
  }
}

/** Whether a group of hooks, or a hook, is one that this program wrote. */
export function isOurs(group: JsonValue | undefined): boolean {
  return /sallyport-guard|\/v1\/agent\/hooks\//.test(JSON.stringify(group) ?? '');
}

function claudeHook({ server, failsOpen }: HookSetup, event: string): JsonObject {
  const asks = callEvents.test(event);
  return {
    matcher: '*',
    hooks: [
      {
        type: 'http',
        url: `${server}/v1/agent/hooks/claude-code`,
        headers: {
          authorization: 'Bearer $SALLYPORT_AGENT_TOKEN',
          ...(asks ? { prefer: `wait=${postedAskSeconds}` } : {}),
        },
        allowedEnvVars: ['SALLYPORT_AGENT_TOKEN'],
        timeout: asks ? postedAskSeconds + 10 : waitSeconds,
        ...(failsOpen ? {} : { onFailure: 'block' }),
      },
    ],
  };
}

/** Managed settings also keep others from taking hooks away or pointing them elsewhere. */
function claudeSettings(given: JsonObject, hooks: JsonObject, { server, scope, guard, posts }: HookSetup): JsonObject {
  // Where it posts its hooks itself it needs the credential of a run that was begun for it, and has that for telemetry, too. What a project
  // brings along it asks for no credential.
  const before = withTelemetry(given, { server, guard: quotedProgram(guard), asks: !posts && scope !== 'project' });
  const list = (field: string, entry: string): readonly JsonValue[] => [
    ...new Set([...listField(before, field), entry]),
  ];
  if (scope !== 'managed') return { ...before, hooks };
  const permissions = isJsonObject(before['permissions']) ? before['permissions'] : {};
  return {
    ...before,
    hooks,
    allowManagedHooksOnly: true,
    allowedHttpHookUrls: list('allowedHttpHookUrls', `${server}/v1/agent/hooks/*`),
    httpHookAllowedEnvVars: list('httpHookAllowedEnvVars', 'SALLYPORT_AGENT_TOKEN'),
    permissions: { ...permissions, disableBypassPermissionsMode: 'disable' },
  };
}

function commandGroup(harness: SettableHarness, setup: HookSetup, event: string): JsonObject {
  const timeout = secondsOf(event) * (harness === 'gemini-cli' ? 1000 : 1);
  // Where Claude Code knows it, a guard that cannot be started or is too slow is a no as well.
  const failure = harness === 'claude-code' && !setup.failsOpen ? { onFailure: 'block' } : {};
  const command = guardCommand(harness, setup, event);
  return { matcher: '.*', hooks: [{ type: 'command', command, timeout, ...failure }] };
}

/** More than the guard takes: a hook that is too slow is a yes to most harnesses. */
function secondsOf(event: string): number {
  return callEvents.test(event) ? askSeconds + 2 * waitSeconds : waitSeconds;
}

function guardCommand(harness: SettableHarness, { guard, failsOpen }: HookSetup, event: string): string {
  // A guard that does not start is a no as well: only 2 is one to all of them.
  const started = `${quotedProgram(guard)} ${harness}${callEvents.test(event) ? ` --wait ${askSeconds}` : ''}`;
  return failsOpen ? `${started} --fail open` : `${started} || exit 2`;
}

/** Inside single quotes nothing means anything to a shell but the quote itself. */
function quotedProgram(file: string): string {
  return /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", String.raw`'\''`)}'`;
}
