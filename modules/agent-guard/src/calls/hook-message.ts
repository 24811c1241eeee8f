import { isJsonObject } from '@sallyport/contracts';
import type { AgentOrigin, AgentVerdict, JsonObject, JsonValue } from '@sallyport/contracts';
import type { VettedTool } from '@sallyport/information-flow';
import type { Rewrites } from './can-rewrite.ts';
import { AgentGuardError } from '../errors.ts';

/** A tool call in the words of its harness. */
export type HookCall = {
  /** The harness's own id of it, or one made of what it says. */
  readonly id: string;
  readonly tool: string;
  readonly input: JsonObject;
  /** The MCP server it goes to, by the name and origin the harness gives; the origin is what can be trusted of the two. */
  readonly server?: { readonly name: string; readonly source?: string };
  readonly cwd?: string;
  /** Whether the way it came lets its arguments and its answer be replaced; left out, neither. */
  readonly rewrites?: Rewrites;
  /** What people said of the tool when they approved it: for a call that came through the gateway alone. */
  readonly vetted?: VettedTool;
};

/** What a harness tells or asks, whatever its dialect. */
export type HookEvent =
  | { readonly kind: 'session_started'; readonly model?: string; readonly reason?: string }
  | { readonly kind: 'session_ended'; readonly reason?: string }
  | { readonly kind: 'prompt'; readonly id: string; readonly text: string; readonly origin: AgentOrigin }
  | { readonly kind: 'before_call' | 'permission'; readonly call: HookCall }
  | {
      readonly kind: 'after_call';
      readonly call: HookCall;
      readonly result: JsonValue;
      readonly isSuccess: boolean;
      readonly durationMs?: number;
    }
  | { readonly kind: 'settings_changed'; readonly what: string; readonly file?: string }
  | { readonly kind: 'told'; readonly name: string };

export type HookMessage = {
  /** The event in the harness's own words. */
  readonly name: string;
  /** The harness's own id of its session. */
  readonly harnessSession: string;
  /** Inside a sub-agent: which. */
  readonly child?: string;
  readonly event: HookEvent;
};

/** What is answered, before it is put in the words of the harness. */
export type HookOutcome = {
  readonly verdict: AgentVerdict;
  /** For the person and for the model; never holds what was read. */
  readonly reason: string;
  /** The whole run is over. */
  readonly isOver: boolean;
  /** Nobody sits there who could be asked by the harness, or it cannot ask: to be asked is to be refused. */
  readonly canAsk: boolean;
  /** The harness is not to ask its own person either. */
  readonly grants: boolean;
  /** Of a call that goes ahead: the arguments to run it with, in place of its own. */
  readonly input?: JsonObject;
  /** What the agent reads in place of what came back. */
  readonly output?: JsonValue;
  /** For the person alone, where the harness can show it. */
  readonly notice?: string;
  /** The ledger holds what was asked or told. */
  readonly isRecorded?: true;
};

export type Dialect = {
  /** Throws `hook_invalid`. What is new to us is `told`, unless it could be a call. */
  parse(body: JsonObject): HookMessage;
  /** `name`: the event as the harness calls it. */
  answer(name: string, outcome: HookOutcome): JsonObject;
};

const longest = { name: 256, path: 4096, prompt: 200_000 } as const;

export function invalid(message: string): AgentGuardError {
  return new AgentGuardError('hook_invalid', `Cannot read the hook: ${message}`);
}

/** A text that must be there. */
export function textIn(body: JsonObject, field: string, max: number = longest.name): string {
  const value = body[field];
  if (typeof value === 'string' && value !== '' && value.length <= max) return value;
  throw invalid(`"${field}" must be a text of 1 to ${max} characters`);
}

/** A text that may be missing, null or empty. */
export function optionalText(body: JsonObject, field: string, max: number = longest.name): string | undefined {
  const value = body[field];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string' && value.length <= max) return value;
  throw invalid(`"${field}" must be a text of at most ${max} characters`);
}

export function pathIn(body: JsonObject, field: string): string | undefined {
  return optionalText(body, field, longest.path);
}

/** What a person typed may be long; more than this is cut, and its rest is nobody's word. */
export function promptIn(body: JsonObject, field: string): string {
  const value = body[field];
  if (typeof value !== 'string') throw invalid(`"${field}" must be a text`);
  return value.slice(0, longest.prompt).toWellFormed();
}

export function objectIn(body: JsonObject, field: string): JsonObject {
  const value = body[field];
  if (isJsonObject(value)) return value;
  throw invalid(`"${field}" must be an object`);
}

/** `mcp__server__tool`, as several harnesses name tools of MCP servers. */
export function serverOfTool(tool: string): { readonly name: string } | undefined {
  const name = /^mcp__(.+?)__/.exec(tool)?.[1];
  return name === undefined ? undefined : { name };
}

/** How events name the tool of a call. */
export function toolOf({ tool, server }: Pick<HookCall, 'tool' | 'server'>) {
  return { name: tool, ...(server === undefined ? {} : { server }) };
}
