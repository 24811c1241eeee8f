import { isJsonObject, textOf } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { createCalls, takesEither } from './calls.ts';
import type { Gate } from './gate.ts';
import { isHandshakeVersion, letOf, tasksOf, toClient, toServer, type Lettable } from './handshake.ts';
import { failed, rpcCodes } from './json-rpc.ts';
import type { ReadMessage, RpcMessage, RpcNotification, RpcOutcome, RpcRequest } from './json-rpc.ts';
import { letInstructions } from './let-instructions.ts';
import { createRate, type GatewayLimits } from './limits.ts';
import { tasksExtension } from './modern-headers.ts';
import { createOfferList, offerMethods, type OfferList } from './offer-list.ts';
import { judgedMethods, passedNotices } from './passing.ts';
import { createQuestions } from './questions.ts';
import { createServerQuestions } from './server-questions.ts';
import { createTaskCalls, type TaskCalls } from './task-calls.ts';
import type { TaskFile } from './task-file.ts';
import { createToolList, type ToolList } from './tool-list.ts';
import type { ToolServer } from './tool-server.ts';
import { createUnjudged } from './unjudged.ts';
import { createUpstream, wordsOf } from './upstream.ts';
import { createWaitingQuestions } from './waiting-questions.ts';

export type RelayNeeds = {
  /** Under which the harness knows the server. */
  readonly name: string;
  readonly server: ToolServer;
  readonly gate: Gate;
  readonly limits: GatewayLimits;
  readonly lets: ReadonlySet<Lettable>;
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly toClient: (message: RpcMessage) => void;
  readonly say: (line: string) => void;
  /** Where what is under way is kept for the gateway after this one. */
  readonly taskFile?: TaskFile;
  /** The server is gone; nothing more will come. */
  readonly closed: (reason: string) => void;
};

/**
 * One client and one server of MCP with a handshake (2024-11-05 to 2025-11-25), and what stands between them. Every question of the client
 * has one answer. Ids and tokens of progress of one side never reach the other. What is not named here does not pass.
 */
export type Relay = {
  open(): Promise<void>;
  fromClient(message: ReadMessage): void;
  /** Once no question waits for its answer. */
  settled(): Promise<void>;
  close(): Promise<void>;
};

export function createRelay(needs: RelayNeeds): Relay {
  const { name, server, gate, limits, lets, say } = needs;
  const notices = createRate({ aMinute: limits.noticesAMinute, nowMs: needs.nowMs });
  let tools: ToolList | undefined;
  let offers: OfferList | undefined;
  /** There where the server takes calls as tasks. */
  let tasks: TaskCalls | undefined;
  /** What the client can be asked, as far as it is let. */
  let letsOfClient: JsonObject = {};
  /** As it was said last, without asking. */
  let wasApproved = false;
  let isBegun = false;

  const questions = createQuestions(needs);
  const answerServer = createServerQuestions({
    ...needs,
    questions,
    agreed: () => ({ tools, tasks, can: letsOfClient }),
  });
  const upstream = createUpstream({ server, say, closed: needs.closed, answer: answerServer, noticed });
  const calls = createCalls({ ...needs, upstream });
  const { passOn, subscribed } = createUnjudged({ upstream, mayGo: calls.mayGo, limits });
  const waiting = createWaitingQuestions({
    most: limits.maxInFlight * 2,
    answer: answerClient,
    toClient: needs.toClient,
    say,
  });
  const telling: Pick<Gate, 'tell'> = {
    async tell(words) {
      const told = await gate.tell(words);
      wasApproved = told.isApproved;
      return told;
    },
  };

  function noticed({ method, params }: RpcNotification): void {
    if (method === 'notifications/tools/list_changed') tools?.changed();
    if (method === 'notifications/prompts/list_changed') offers?.changed('prompts/list');
    if (method === 'notifications/resources/list_changed')
      for (const list of ['resources/list', 'resources/templates/list'] as const) offers?.changed(list);
    if (method === 'notifications/tasks/status') {
      const status = tasks?.noticed(params);
      if (status !== undefined && notices.take('') === undefined)
        needs.toClient({ kind: 'notification', method, params: status });
      return;
    }
    if (!passedNotices.has(method)) {
      say(`a notice "${method.slice(0, 100)}" of the server is not passed on`);
      return;
    }
    // Nobody has looked at what speaks, and its words may reach the model.
    if (!wasApproved || notices.take('') !== undefined) return;
    const isBare = method.endsWith('/list_changed');
    needs.toClient({ kind: 'notification', method, params: isBare ? {} : withoutOurMeta(params) });
  }

  async function begin(params: JsonObject): Promise<RpcOutcome> {
    if (isBegun) return failed(rpcCodes.invalidRequest, 'This connection has begun already');
    isBegun = true;
    const outcome = await upstream.ask({
      method: 'initialize',
      params: toServer(params, lets),
      waitMs: limits.requestMs,
    });
    if ('error' in outcome) {
      isBegun = false;
      return outcome;
    }
    const { protocolVersion } = outcome.result;
    if (!isHandshakeVersion(protocolVersion)) {
      isBegun = false;
      return failed(
        rpcCodes.invalidParams,
        `The server speaks MCP ${JSON.stringify(protocolVersion ?? null).slice(0, 40)}, which the gateway does not`,
      );
    }
    const shown = toClient(outcome.result);
    const capabilities = isJsonObject(shown['capabilities']) ? shown['capabilities'] : {};
    const words = {
      name,
      transport: server.transport,
      target: server.target,
      protocol: server.protocol?.() ?? protocolVersion,
      serverInfo: isJsonObject(shown['serverInfo']) ? shown['serverInfo'] : {},
    };
    const common = { upstream, gate: telling, server: words, limits, say };
    tools = createToolList({ ...common, hasTools: isJsonObject(capabilities['tools']) });
    offers = createOfferList({ ...common, capabilities });
    const taken = tasksOf(outcome.result);
    if (taken !== undefined)
      tasks = createTaskCalls({
        ...needs,
        upstream,
        ...taken,
        target: server.target,
        transport: server.transport,
        ...(needs.taskFile === undefined ? {} : { file: needs.taskFile }),
      });
    letsOfClient = letOf(isJsonObject(params['capabilities']) ? params['capabilities'] : {}, lets);
    const instructions = await letInstructions(outcome.result['instructions'], { gate: telling, server: words, say });
    return { result: instructions === undefined ? shown : { ...shown, instructions } };
  }

  async function answerClient(request: RpcRequest, signal: AbortSignal): Promise<RpcOutcome> {
    const { method, params } = request;
    if (method === 'ping') return { result: {} };
    if (method === 'initialize') return begin(params);
    if (tools === undefined || offers === undefined)
      return failed(rpcCodes.invalidRequest, 'The first question must be "initialize"');
    const onProgress = progressTo(params);
    const how = {
      signal,
      asker: request.id,
      can: canOf(request),
      ...(onProgress === undefined ? {} : { onProgress }),
    };
    if (method === 'tools/list') {
      tools.changed();
      // MCP wants a schema of each tool.
      const shown = (await tools.shown()).map(({ tool, tasks: support }) => ({
        inputSchema: { type: 'object' },
        ...tool,
        ...(tasks === undefined || support === 'forbidden' ? {} : { execution: { taskSupport: support } }),
      }));
      return { result: { tools: shown.map((tool): JsonObject => ({ ...tool })) } };
    }
    if (method === 'tools/call')
      return calls.tool(params, {
        ...how,
        tools,
        isChosen: server.protocol?.() !== undefined,
        ...(tasks === undefined ? {} : { tasks }),
      });
    if (tasks !== undefined && method.startsWith('tasks/')) return answerAboutTasks(request, { ...how, tools, tasks });
    const list = offerMethods.find((one) => one === method);
    if (list !== undefined) {
      offers.changed(list);
      return { result: await offers.shown(list) };
    }
    const judged = judgedMethods.find((one) => one === method);
    if (judged !== undefined) {
      const outcome = await calls.bringing(judged, params, { ...how, offers });
      if (method === 'resources/subscribe' && 'result' in outcome) subscribed.add(textOf(params['uri']));
      return outcome;
    }
    return passOn(request, { ...how, tools });
  }

  /** What may be asked of who asks this: of each question by itself, or as it was agreed upon at the beginning. */
  function canOf({ can }: RpcRequest): JsonObject {
    if (can === undefined) return letsOfClient;
    return { ...letOf(can, lets), ...(takesEither(can) ? { extensions: { [tasksExtension]: {} } } : {}) };
  }

  function answerAboutTasks(
    { method, params }: RpcRequest,
    how: Parameters<typeof calls.taskResult>[1],
  ): Promise<RpcOutcome> | RpcOutcome {
    switch (method) {
      case 'tasks/get':
        return how.tasks.get(params);
      case 'tasks/result':
        return calls.taskResult(params, how);
      case 'tasks/cancel':
        return how.tasks.cancel(params);
      case 'tasks/list':
        return how.tasks.list(params);
      default:
        return failed(rpcCodes.noSuchMethod, `Sallyport does not pass on "${method.slice(0, 100)}"`);
    }
  }

  function progressTo(params: JsonObject): ((progress: JsonObject) => void) | undefined {
    const meta = params['_meta'];
    const progressToken = isJsonObject(meta) ? meta['progressToken'] : undefined;
    if (typeof progressToken !== 'string' && typeof progressToken !== 'number') return undefined;
    return (progress) => {
      if (notices.take('') !== undefined) return;
      needs.toClient({
        kind: 'notification',
        method: 'notifications/progress',
        params: { ...withoutOurMeta(progress), progressToken },
      });
    };
  }

  function tellServer({ method, params }: RpcNotification): void {
    if (method === 'notifications/cancelled') {
      const id = params['requestId'];
      if (typeof id === 'string' || typeof id === 'number') waiting.takeBack(id);
      return;
    }
    if (method === 'notifications/initialized')
      tasks?.tellLeft().catch((error: unknown) => say(`what was left cannot be told: ${wordsOf(error)}`));
    if (method === 'notifications/tasks/status') {
      const status = questions.tasks.noticed(params);
      if (status !== undefined)
        upstream.tell({ method, params: status }).catch((error: unknown) => say(wordsOf(error)));
      return;
    }
    const isOn =
      method === 'notifications/initialized' || (method === 'notifications/roots/list_changed' && lets.has('roots'));
    if (isOn) upstream.tell({ method, params: {} }).catch((error: unknown) => say(wordsOf(error)));
  }

  return {
    open: () => upstream.open(),
    fromClient(message) {
      switch (message.kind) {
        case 'request':
          void waiting.take(message);
          return;
        case 'notification':
          tellServer(message);
          return;
        case 'response': {
          if (!questions.answered(message)) say('the client answered what nobody asked');
          return;
        }
        case 'refused': {
          say(`cannot read what the client said: ${message.reason}`);
          if (message.id === undefined || waiting.has(message.id)) return;
          const outcome = failed(message.code, `Sallyport: cannot read the message: ${message.reason}`);
          needs.toClient({ kind: 'response', id: message.id, outcome });
        }
      }
    },
    settled: waiting.settled,
    async close() {
      waiting.takeBackAll();
      const gone = upstream.gone();
      await tasks?.end(gone === undefined ? 'the gateway was ended' : `its server is gone: ${gone}`);
      await upstream.close();
      await calls.end().catch((error: unknown) => say(wordsOf(error)));
      await gate.close();
    },
  };
}

/** Tokens and marks of ours that a server sends back. */
function withoutOurMeta({ _meta: _left, ...params }: JsonObject): JsonObject {
  return params;
}
