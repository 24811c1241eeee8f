import { isDeepStrictEqual } from 'node:util';
import { isLiveTask } from '@sallyport/contracts';
import type { AgentOrigin, AgentTaskChange, JsonObject, JsonValue } from '@sallyport/contracts';
import type { VettedTool } from '@sallyport/information-flow';
import { messageOf } from '@sallyport/platform/errors';
import type { Waiting } from '../approvals/ask-person.ts';
import type { HeldBack } from '../hooks/came-back.ts';
import type { HookDesk } from '../hooks/hook-desk.ts';
import type { HookCall } from '../calls/hook-message.ts';

/** What a server was approved for; of what it says, a policy knows only what people vouched for. */
export type ToolServerGate = {
  /** Without `tool`: whether the server is approved at all. `isForgotten`: it has to be told of again, and asked once more. */
  isLet(asked: {
    readonly sessionId: string;
    readonly server: string;
    readonly tool?: string;
    readonly kind?: 'tool' | 'resource' | 'prompt';
    readonly digest?: string;
  }): Promise<
    | { readonly isLet: true; readonly vetted?: VettedTool }
    | { readonly isLet: false; readonly reason: string; readonly isForgotten: boolean }
  >;
};

/**
 * What a call of MCP asks of its server: resources and prompts bring in what others wrote as tools do. The other way round, a question of the
 * server (to the model, the person, about the folders) brings in its words, and the answer of the client is sent to it.
 */
export const gatewayKinds = ['tool', 'resource', 'prompt', 'question', 'answer'] as const;
export type GatewayKind = (typeof gatewayKinds)[number];

/** A call on its way through the gateway. */
export type GatewayCall = {
  /** Made by the gateway: those of the client may be anything, and twice. */
  readonly id: string;
  readonly server: string;
  readonly kind: GatewayKind;
  /** Name of the tool or prompt; the URI of a resource. */
  readonly name: string;
  /** Digest of what it says of itself, as the client was shown it. */
  readonly digest?: string;
  readonly input: JsonObject;
};

export type GatewayAnswer = {
  readonly verdict: 'allow' | 'deny';
  readonly reason: string;
  /** Nothing of this run goes through any more. */
  readonly isOver: boolean;
  /** To be sent in place of the arguments that were asked about. */
  readonly input?: JsonObject;
  /** This server does not know the tools any more: tell them, and ask again. */
  readonly isForgotten: boolean;
};

/** A call that went ahead while nobody could be asked. */
export type MissedCall = {
  readonly server: string;
  readonly kind: GatewayKind;
  readonly name: string;
  readonly atMs: number;
  /** SHA-256 of the arguments, in hexadecimal. */
  readonly inputDigest: string;
  /** The run it belonged to, where that is over by now. */
  readonly session?: string;
};

/** Calls of MCP that came through the gateway: judged by the memory and the policies that judge the hooks of the same run. */
export type GatewayCalls = {
  /** Never throws: what cannot be judged or recorded is denied. */
  judge(asked: {
    readonly sessionId: string;
    readonly call: GatewayCall;
    /** How long a person may be waited for. */
    readonly waiting?: Waiting;
    /** Called before it is answered where the ledger holds what was asked. */
    readonly onRecorded?: () => void;
  }): Promise<GatewayAnswer>;
  /**
   * What came back, and whose words it is. Throws where that cannot be recorded. `task`: the call went on as one, and its result is fetched
   * now; `held`: it may not be had, since the run was stopped or its tool is not let as it was.
   */
  finished(told: {
    readonly sessionId: string;
    readonly call: GatewayCall;
    readonly result: JsonValue;
    readonly isSuccess: boolean;
    readonly durationMs: number;
    readonly task?: string;
  }): Promise<{ readonly content: AgentOrigin; readonly output?: JsonValue; readonly held?: HeldBack }>;
  /** What a call that goes on as a task came to. Throws where that cannot be recorded. */
  task(told: {
    readonly sessionId: string;
    readonly call: GatewayCall;
    readonly task: string;
    readonly change: AgentTaskChange;
    readonly words?: JsonValue;
    readonly reason?: string;
  }): Promise<{ readonly output?: JsonValue; readonly held?: HeldBack }>;
  /** Why nothing of this run may go on as a task, or nothing of this server. */
  standing(asked: { readonly sessionId: string; readonly server: string }): Promise<{
    readonly over?: string;
    readonly held?: string;
  }>;
  /** Writes down what went unasked; what it brought back counts as untrusted from now on. Throws where it cannot be recorded. */
  missed(told: { readonly sessionId: string; readonly calls: readonly MissedCall[] }): Promise<void>;
};

export function createGatewayCalls({
  hooks,
  toolServers,
  log,
}: {
  readonly hooks: Pick<HookDesk, 'decide' | 'cameBack' | 'missed'>;
  readonly toolServers: ToolServerGate;
  readonly log: (message: string, details: JsonObject) => void;
}): GatewayCalls {
  const gateOf = (
    sessionId: string,
    { server, kind, name, digest }: Pick<GatewayCall, 'server' | 'kind' | 'name' | 'digest'>,
  ) =>
    toolServers.isLet({
      sessionId,
      server,
      ...(kind === 'question' || kind === 'answer'
        ? {}
        : { tool: name, kind, ...(digest === undefined ? {} : { digest }) }),
    });
  async function refusalSince(asked: {
    readonly sessionId: string;
    readonly call: GatewayCall;
    readonly vetted: VettedTool | undefined;
  }): Promise<string | undefined> {
    const gate = await gateOf(asked.sessionId, asked.call);
    if (!gate.isLet) return gate.reason;
    return isDeepStrictEqual(gate.vetted, asked.vetted)
      ? undefined
      : 'What people vouched for of this tool changed while the call was decided: ask again';
  }
  return {
    async judge({ sessionId, call, waiting, onRecorded }) {
      try {
        const gate = await gateOf(sessionId, call);
        if (!gate.isLet && gate.isForgotten)
          return { verdict: 'deny', reason: gate.reason, isOver: false, isForgotten: true };
        const vetted = gate.isLet ? gate.vetted : undefined;
        const decided = await hooks.decide({
          sessionId,
          call: hookCallOf(call, vetted),
          ...(gate.isLet ? {} : { refusal: gate.reason }),
          ...(waiting === undefined ? {} : { waiting }),
        });
        if (decided.isRecorded === true) onRecorded?.();
        // A person may have been waited for: what was let when they were asked may be blocked, or be another, by now.
        const refusal = decided.verdict === 'allow' ? await refusalSince({ sessionId, call, vetted }) : undefined;
        const { verdict, reason, isOver, input } =
          refusal === undefined ? decided : await hooks.decide({ sessionId, call: hookCallOf(call), refusal });
        // Nobody sits at the gateway: who could be asked was asked before.
        const isAsked = verdict === 'ask' ? '; somebody would have to say yes first' : '';
        return {
          verdict: verdict === 'allow' ? 'allow' : 'deny',
          reason: `${reason}${isAsked}`,
          isOver,
          isForgotten: false,
          ...(input === undefined || call.kind !== 'tool' ? {} : { input }),
        };
      } catch (error) {
        log('A call of the gateway was refused', { reason: messageOf(error) });
        const reason = 'Sallyport: it cannot be decided or recorded now';
        return { verdict: 'deny', reason, isOver: false, isForgotten: false };
      }
    },

    async finished({ sessionId, call, task, ...rest }) {
      // What people said of a tool counts while the tool may be used: of one that changed or was blocked meanwhile nothing is trusted.
      const gate = await gateOf(sessionId, call);
      const forgotten = task === undefined ? undefined : forgottenBy(gate);
      if (forgotten !== undefined) return { content: 'untrusted', held: forgotten };
      return hooks.cameBack.finished({
        sessionId,
        call: hookCallOf(call, gate.isLet ? gate.vetted : undefined),
        ...rest,
        ...(task === undefined ? {} : { task: { id: task, ...refusalOf(gate) } }),
      });
    },

    async task({ sessionId, call, ...rest }) {
      const gate = await gateOf(sessionId, call);
      const { change } = rest;
      const forgotten = isLiveTask(change) ? forgottenBy(gate) : undefined;
      if (forgotten !== undefined) return { held: forgotten };
      return hooks.cameBack.task({
        sessionId,
        call: hookCallOf(call, gate.isLet ? gate.vetted : undefined),
        ...rest,
        ...refusalOf(gate),
      });
    },

    async standing({ sessionId, server }) {
      const over = await hooks.cameBack.over(sessionId);
      const gate = await toolServers.isLet({ sessionId, server });
      return {
        ...(over === undefined ? {} : { over }),
        // Of a server this process was not told of yet nothing is known: what its task brings is held until it is.
        ...(gate.isLet || gate.isForgotten ? {} : { held: gate.reason }),
      };
    },

    missed: ({ sessionId, calls }) =>
      hooks.missed({
        sessionId,
        calls: calls.map(({ atMs, inputDigest, session, ...call }) => ({
          call: hookCallOf({ ...call, id: inputDigest.slice(0, 32), input: {} }),
          why:
            'Not judged, or what it brought not seen: the server ' +
            `could not be reached at ${new Date(atMs).toISOString()}, and the gateway was set up to go on; ` +
            `arguments ${inputDigest}${session === undefined ? '' : `; run ${session}`}`,
        })),
      }),
  };
}

/** Under which names policies know what is no tool, by what it does: reads, or sends. */
const asTools = {
  resource: { tool: 'read_resource', field: 'uri' },
  prompt: { tool: 'get_prompt', field: 'prompt' },
  question: { tool: 'get_question', field: 'question' },
  answer: { tool: 'send_answer', field: 'question' },
} as const;

/** As the harnesses call tools of servers, so that one name has one policy whichever way a call comes. */
function hookCallOf({ id, server, kind, name, input }: GatewayCall, vetted?: VettedTool): HookCall {
  const { tool, field } = kind === 'tool' ? { tool: name, field: '' } : asTools[kind];
  return {
    id,
    tool: `mcp__${server}__${tool}`,
    // Beside each other an argument could stand under the name of what is asked for, and nobody would have seen it.
    input: kind === 'tool' ? input : { [field]: name, ...argumentsOf(input) },
    server: { name: server, source: 'gateway' },
    rewrites: { input: kind === 'tool', output: true },
    ...(vetted === undefined ? {} : { vetted }),
  };
}

function forgottenBy(gate: Awaited<ReturnType<ToolServerGate['isLet']>>): HeldBack | undefined {
  if (gate.isLet || !gate.isForgotten) return undefined;
  return { reason: `Sallyport: ${gate.reason}`, isOver: false, isForgotten: true };
}

function refusalOf(gate: Awaited<ReturnType<ToolServerGate['isLet']>>): { readonly refusal?: string } {
  return gate.isLet ? {} : { refusal: gate.reason };
}

function argumentsOf(input: JsonObject): JsonObject {
  return Object.keys(input).length === 0 ? {} : { arguments: input };
}
