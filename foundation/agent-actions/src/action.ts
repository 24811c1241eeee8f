// What the whole package answers with: plain data, safe to record once its texts are redacted.

/** What a call does to the world, whatever the tool is called. */
export const actionKinds = [
  'read',
  'write',
  'delete',
  'execute',
  'network',
  'secret',
  'message',
  'pay',
  'configure',
  'other',
] as const;
export type ActionKind = (typeof actionKinds)[number];

/** What a path is, beside where it is. A path has several; `workspace` and `outside` exclude each other. */
export const pathClasses = [
  'workspace',
  'outside',
  'home',
  'temporary',
  /** Settings, hooks, policies and credentials of the harness itself, and those of its guard. */
  'harness-settings',
  /** Standing instructions that later sessions read and obey: CLAUDE.md, AGENTS.md, rules, memories. */
  'instructions',
  'git-hooks',
  'git-config',
  'shell-startup',
  /** Files that decide what a build, a package manager or a pipeline runs. */
  'build-config',
  /** Made anew by a build or an installation: dist, node_modules, target. */
  'generated',
  /** Programs and plug-ins that an installation put there, which run and which nobody reads. */
  'installed',
  'secret',
  'system',
  'scheduled',
  'device',
  'process',
] as const;
export type PathClass = (typeof pathClasses)[number];

export const hostClasses = [
  'public',
  'loopback',
  'private',
  'link-local',
  /** Gives credentials of the machine to whoever asks: 169.254.169.254 and its relatives. */
  'metadata',
  /** An address instead of a name. */
  'address',
  /** Written so that a reader takes it for something else: decimal or octal address, user name that looks like a host. */
  'disguised',
  /** Letters of several scripts in one label, or letters that look like Latin ones. */
  'look-alike',
] as const;
export type HostClass = (typeof hostClasses)[number];

export const programClasses = [
  'shell',
  'interpreter',
  'package-manager',
  'build',
  'privilege',
  'container',
  'remote',
  'service',
  'firewall',
  'tool',
  /** Code of the workspace itself: a script in it, a target of its Makefile, a script of its package.json. */
  'project-code',
  'unknown',
] as const;
export type ProgramClass = (typeof programClasses)[number];

export const statementClasses = ['read', 'write', 'definition', 'dangerous', 'unknown'] as const;
export type StatementClass = (typeof statementClasses)[number];

export type ActionTarget =
  /** `path` is absolute and without `.` and `..`; what is only known when it runs stands as `*` in it. */
  | {
      readonly kind: 'path';
      readonly path: string;
      readonly classes: readonly PathClass[];
      /** It stands for several files, or for what is in it: a pattern, or a directory with all below. */
      readonly isMany: boolean;
    }
  /** `host` is lower case and ASCII, an address in its usual form. `*` when it is only known when it runs. */
  | {
      readonly kind: 'host';
      readonly host: string;
      readonly port?: number;
      readonly url?: string;
      readonly classes: readonly HostClass[];
      /** `send` when something beside the request's own address goes out, `look-up` when only the name does. */
      readonly way: 'fetch' | 'send' | 'look-up' | 'listen';
    }
  | { readonly kind: 'recipient'; readonly address: string }
  | {
      readonly kind: 'program';
      readonly name: string;
      readonly classes: readonly ProgramClass[];
      readonly arguments: readonly string[];
    }
  | { readonly kind: 'statement'; readonly class: StatementClass; readonly text: string }
  /** A named thing of a tool that is no path, host or person: an MCP tool, a sub-agent, an environment variable, a setting. */
  | {
      readonly kind: 'name';
      readonly of: 'tool' | 'agent' | 'variable' | 'setting' | 'process';
      readonly name: string;
    };

/** Why it cannot be said for certain what an action does. Closed: policies decide on it. */
export const doubtCodes = [
  'unknown_program',
  'project_code',
  'fetched_code',
  'unknown_until_run',
  'not_parsed',
  'foreign_code',
  'unknown_tool',
  'too_many_ways',
] as const;
export type DoubtCode = (typeof doubtCodes)[number];

/** The part of the call an action comes from, for showing it. */
export type CallPart = {
  /** Name of the tool's argument: `command`, `file_path`, `edits.0.new_string`. */
  readonly argument: string;
  /** Characters of that argument, cut to 200. */
  readonly text: string;
  /** Where in the argument it stands, in UTF-16 units; left out when it is the whole. */
  readonly start?: number;
  readonly end?: number;
};

/** Encodings and disguises that were undone before judging. */
export const disguises = [
  'base64',
  'hex',
  'percent',
  'escapes',
  'rot13',
  'reverse',
  'invisible',
  'look-alike',
] as const;
export type Disguise = (typeof disguises)[number];

export type AgentAction = {
  readonly kind: ActionKind;
  readonly target: ActionTarget;
  readonly by: CallPart;
  /** What it does is exactly this. When not, `doubt` says why, and it counts as the worst that is possible. */
  readonly isCertain: boolean;
  readonly doubt?: DoubtCode;
  /** A sentence for a person. */
  readonly why?: string;
  /** Programs it goes through, the outermost first: `sudo`, `sh`, `curl`. */
  readonly through: readonly string[];
  /** What is sent, of `network` and `message`, as far as it is known: bodies, files (`@path`), names that carry data. */
  readonly sends?: readonly string[];
  readonly disguises?: readonly Disguise[];
};

/** What was not understood. A call with one is never harmless: policy asks or denies. */
export type ActionRefusal = {
  readonly code: 'not_a_call' | 'shell_syntax' | 'not_supported' | 'too_long' | 'too_deep' | 'too_many';
  readonly message: string;
  readonly by: CallPart;
};

export type ActionsOfCall = {
  readonly actions: readonly AgentAction[];
  readonly refusals: readonly ActionRefusal[];
};

export const harnessNames = ['claude-code', 'codex', 'gemini-cli', 'cursor', 'mcp'] as const;
export type HarnessName = (typeof harnessNames)[number];

/** A call as the harness says it. `input` is anything: it is read with suspicion. */
export type ToolCall = {
  readonly tool: string;
  readonly input: unknown;
  /** The MCP server it goes to, when the harness says so. */
  readonly server?: string;
};

/** What the caller knows about where the call runs. Nothing is looked up. */
export type CallContext = {
  readonly harness: HarnessName;
  /** Absolute. */
  readonly cwd: string;
  /** Roots of the workspace, absolute. */
  readonly workspace: readonly string[];
  readonly home?: string;
  /** Variables that are known to be set, beside HOME and PWD. */
  readonly environment?: ReadonlyMap<string, string>;
  /** Symbolic links that are known: where they stand, where they lead (absolute, or relative to where they stand). */
  readonly links?: ReadonlyMap<string, string>;
  /** Further files that hold what guards the agent: they count as `harness-settings`. */
  readonly guardPaths?: readonly string[];
  /** Contents of files of the workspace that decide what runs, by absolute path: package.json. Read when they are there. */
  readonly files?: ReadonlyMap<string, string>;
};
