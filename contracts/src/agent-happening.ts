import type { JsonObject } from './ocsf.ts';

/** What a tool call does to the world, whatever the tool is called. */
export const agentActions = ['read', 'write', 'execute', 'network', 'secret', 'message', 'pay', 'configure'] as const;
export type AgentAction = (typeof agentActions)[number];

/** Whose words a value is: the person's own, those of a tool that is trusted, or anybody's. */
export const agentOrigins = ['person', 'trusted', 'untrusted'] as const;
export type AgentOrigin = (typeof agentOrigins)[number];

export type AgentVerdict = 'allow' | 'ask' | 'deny';

/** What became of a person's sign-in to a remote tool server. */
export const agentSignInChanges = ['signed_in', 'signed_out', 'refresh_failed'] as const;
export type AgentSignInChange = (typeof agentSignInChanges)[number];

/** What became of a call that goes on as a task of its tool server; what it brought is told as of any call. */
export const agentTaskChanges = ['began', 'resumed', 'said', 'cancelled', 'expired', 'abandoned'] as const;
export type AgentTaskChange = (typeof agentTaskChanges)[number];

/** Whether a task goes on after this: all else is of one that does not. */
export function isLiveTask(change: AgentTaskChange): boolean {
  return change === 'began' || change === 'resumed' || change === 'said';
}

/** What comes faster than it may: calls through a gateway, calls of one tool there, definitions that a server tells anew. */
export const agentRates = ['calls', 'tool_calls', 'definitions'] as const;
export type AgentRate = (typeof agentRates)[number];

/** Who it is and for whom it acts: the same for all events of a session. */
export type AgentSession = {
  readonly id: string;
  /** The session that started it: a sub-agent has never more rights than its parent. */
  readonly parent?: string;
  readonly agent: { readonly id: string; readonly name: string };
  /** The program that runs it: `claude-code`, `codex`. */
  readonly harness: { readonly name: string; readonly version?: string };
  readonly model?: { readonly name: string; readonly provider: string };
  /** The person or the service that it belongs to. */
  readonly owner: { readonly id: string; readonly name: string };
  /** Whether somebody sits in front of it. */
  readonly isAttended: boolean;
  readonly host?: string;
  /** Address that its credential was used from. */
  readonly address?: string;
  readonly repository?: string;
  readonly branch?: string;
};

/** A tool, with the MCP server it is from if it is from one. */
export type AgentTool = {
  readonly name: string;
  readonly server?: {
    readonly name: string;
    /** Who set it up, as the harness says: `user`, `project`, `managed`. Open: harnesses add words. */
    readonly source?: string;
    /** Nobody has approved it yet. */
    readonly isNew?: boolean;
  };
};

/** What was found in a text by its form, counted by kind. Never what it was. */
export type AgentContent = {
  readonly secrets?: readonly AgentKindCount[];
  readonly personal?: readonly AgentKindCount[];
  /** Weak evidence of words that are meant for a machine: `role-marker`. */
  readonly signals?: readonly string[];
  /** Replaced by tokens before the agent read it. */
  readonly redacted?: number;
  /** Tokens put back to what they stand for before the call ran. */
  readonly restored?: number;
  /** There was more than was looked at. */
  readonly isCut?: boolean;
};

/** `aws-key`, 2. */
export type AgentKindCount = { readonly kind: string; readonly count: number };

/** A call as it was judged. What policy could not tell is left out, never guessed. */
export type AgentCall = {
  readonly id: string;
  readonly tool: AgentTool;
  readonly action: AgentAction;
  /** Path, command or object, after it was resolved. */
  readonly target?: string;
  /** Where it would send something: a host name, or who is written to. */
  readonly destination?: { readonly name: string; readonly isNew?: boolean };
  /** Arguments as text, with secrets already redacted. */
  readonly arguments?: string;
  /** What its arguments carry. */
  readonly found?: AgentContent;
  /** Encodings that were undone before judging: `base64`, `percent`, `homoglyphs`. */
  readonly encodings?: readonly string[];
  /** Whose words its arguments are. */
  readonly origins?: readonly AgentOrigin[];
  /** Calls through which untrusted words came to it, the first first; empty or left out when none did. */
  readonly taintPath?: readonly string[];
  /** Something came into the run from outside the project before it, or by what it does itself; left out when nobody knows. */
  readonly sawForeign?: boolean;
  /** It asked for what the parent session may not. */
  readonly isBeyondParent?: boolean;
  /** What holds the agent itself that it would change. */
  readonly guards?: 'hooks' | 'settings' | 'policy';
  /** Each action with the facts it was judged by, so that it can be judged again; no words of anybody. */
  readonly judged?: readonly JsonObject[];
  /** Whether its person is usually at work at this time; left out when nobody knows. */
  readonly personHours?: 'inside' | 'outside';
};

/** The machine a session began on: how it is kept, and whose word that is. */
export type AgentMachine = {
  readonly posture: string;
  readonly weaknesses: readonly string[];
  /** The sensor that vouches for it. */
  readonly sensor?: string;
  /** What was handed over as the word of a sensor was none. */
  readonly isProofRefused?: boolean;
};

/** What happened. */
export type AgentHappening =
  | { readonly kind: 'session_started'; readonly reason?: string; readonly machine?: AgentMachine }
  | { readonly kind: 'session_ended'; readonly reason?: string }
  | {
      readonly kind: 'prompt_given';
      readonly prompt: string;
      readonly origin: AgentOrigin;
      readonly text?: string;
      readonly found?: AgentContent;
    }
  | {
      readonly kind: 'tool_decided';
      readonly call: AgentCall;
      readonly verdict: AgentVerdict;
      /** Ids of the policies that decided. */
      readonly policies?: readonly string[];
      readonly reason?: string;
    }
  | {
      readonly kind: 'tool_finished';
      readonly call: Pick<AgentCall, 'id' | 'tool' | 'action' | 'target' | 'destination'>;
      readonly isSuccess: boolean;
      /** What came back, by its origin. */
      readonly content: AgentOrigin;
      readonly found?: AgentContent;
      readonly durationMs?: number;
      /** It went on as this task, and its result was fetched. */
      readonly task?: string;
    }
  | {
      readonly kind: 'tool_task';
      readonly call: Pick<AgentCall, 'id' | 'tool' | 'action'>;
      /** Under which the agent asks for it. */
      readonly task: string;
      readonly change: AgentTaskChange;
      /** Whose words came along, where any did. */
      readonly content?: AgentOrigin;
      readonly found?: AgentContent;
      readonly reason?: string;
    }
  | {
      readonly kind: 'tool_described';
      readonly tool: AgentTool;
      /** What it is, where it is no tool: `prompt`, `resource`, `resource_template`, `instructions`. */
      readonly offer?: string;
      readonly change: 'added' | 'changed' | 'removed';
      /** Digests of name, description and schemas, as they are pinned. */
      readonly before?: string;
      readonly after?: string;
      /** What hides in it from a person (`zero_width`, `tag`), and what in it speaks to the model (`secrecy`, `overrides`). */
      readonly hides?: readonly string[];
      readonly says?: readonly string[];
      /** `server/tool` that its name can be taken for. */
      readonly looksLike?: string;
    }
  | {
      readonly kind: 'server_added';
      readonly server: NonNullable<AgentTool['server']>;
      /** Another server that has this name, or one that can be taken for it. */
      readonly looksLike?: string;
    }
  | {
      /** A person signed in to a remote server on the machine of the run, or out; told by the run that met it next. */
      readonly kind: 'server_sign_in';
      readonly server: NonNullable<AgentTool['server']>;
      readonly change: AgentSignInChange;
      /** When it was on that machine's clock. */
      readonly atMs: number;
      readonly address: string;
      /** Who gives out the tokens. */
      readonly issuer: string;
      readonly scopes: readonly string[];
      /** Why it ended, as OAuth names it. */
      readonly reason?: string;
    }
  | {
      /** More came than may: told at first, and while it goes on as a sum now and then. */
      readonly kind: 'rate_reached';
      readonly server: NonNullable<AgentTool['server']>;
      readonly rate: AgentRate;
      /** How many were refused since it was told last. */
      readonly refused: number;
      /** What was called too often, where it was one thing. */
      readonly of?: string;
    }
  | {
      readonly kind: 'approval_asked';
      readonly approval: string;
      readonly call: AgentCall;
      /** Of the very call: what is let through is what was shown. */
      readonly digest?: string;
    }
  | {
      readonly kind: 'approval_answered';
      readonly approval: string;
      readonly call: Pick<AgentCall, 'id' | 'tool' | 'action'>;
      readonly answer: 'allow' | 'deny' | 'expired';
      readonly answeredBy?: string;
      /** Who said yes before them, where two people must; or whose yes stayed alone. */
      readonly alsoBy?: readonly string[];
      /** Why nobody answered it: the time was over, the run was, somebody stopped it, the server began anew. */
      readonly reason?: string;
      readonly digest?: string;
      readonly afterMs: number;
      readonly scope: 'once' | 'session' | 'policy';
    }
  | {
      /** As the harness tells of itself: nobody else was there. */
      readonly kind: 'model_called';
      /** The prompt it belongs to, as in `prompt_given`. */
      readonly prompt?: string;
      readonly model?: string;
      readonly inputTokens: number;
      readonly outputTokens: number;
      /** Of what went in, read from a cache. */
      readonly cachedTokens: number;
      /** US dollars, as the harness reckons. */
      readonly cost?: number;
      readonly durationMs?: number;
      readonly isSuccess: boolean;
    }
  | {
      readonly kind: 'hook_silent';
      readonly silentMs: number;
      /** What says that the session goes on all the same; left out when nothing does. */
      readonly stillSeen?: 'process' | 'telemetry' | 'gateway';
      /** The call that was seen and never asked about. */
      readonly call?: Pick<AgentCall, 'id' | 'tool' | 'action'>;
    }
  | {
      readonly kind: 'stopped';
      readonly scope: 'session' | 'agent' | 'person' | 'model' | 'all';
      readonly stoppedBy: string;
    };
