import { fileURLToPath } from 'node:url';
import type { JsonObject } from '@sallyport/contracts';
import { keyOf } from '@sallyport/tool-pins';
import type { Gate, GatedCall, ServerWords } from './gate.ts';
import type { Lettable } from './handshake.ts';
import type { RpcId, RpcMessage, RpcNotification, RpcOutcome } from './json-rpc.ts';
import { defaultLimits, type GatewayLimits } from './limits.ts';
import { createModernFront } from './modern-front.ts';
import { metaNames, modernVersion } from './modern-headers.ts';
import { asHandshake } from './modern-server.ts';
import { createRelay, type Relay } from './relay.ts';
import { createStdioServer } from './stdio-server.ts';
import type { TaskFile } from './task-file.ts';
import type { ToolServer } from './tool-server.ts';

/** A gate that lets everything, and remembers what it was told; each answer can be changed. */
export type OpenGate = Gate & {
  readonly told: ServerWords[];
  readonly judged: GatedCall[];
  readonly results: JsonObject[];
};

export function openGate(changed: Partial<Gate> = {}): OpenGate {
  const told: ServerWords[] = [];
  const judged: GatedCall[] = [];
  const results: JsonObject[] = [];
  return {
    told,
    judged,
    results,
    async tell(server) {
      told.push(server);
      const yes = { isLet: true, reason: '' };
      const { tools = [], offers = {}, instructions } = server;
      const offered = [...Object.values(offers).flat(), ...(instructions === undefined ? [] : [instructions])];
      return {
        isApproved: true,
        reason: '',
        tools: new Map(tools.map(({ name }) => [name, yes])),
        offers: new Map(offered.map((offer) => [keyOf(offer), yes])),
      };
    },
    async judge(call) {
      judged.push(call);
      return { isLet: true, reason: '' };
    },
    async finished(_call, { result }) {
      results.push(result);
      return {};
    },
    task: async () => ({}),
    standing: async () => ({}),
    signIns: async () => true,
    reached: async () => true,
    close: async () => undefined,
    ...changed,
  };
}

/** To be started with its mood as an argument. */
export const wickedProgram = fileURLToPath(new URL('wicked-server.fixture.ts', import.meta.url));

/** The wicked server in one of its moods. */
export function wicked(mode: string): ToolServer {
  return createStdioServer({
    command: [process.execPath, wickedProgram, mode],
    environment: { SALLYPORT_AGENT_TOKEN: 'spa_secret' },
    maxAnswerBytes: defaultLimits.maxAnswerBytes,
  });
}

/** A client that writes messages itself, so that it can do what a library would not. */
export type RawClient = {
  readonly relay: Relay;
  readonly gate: OpenGate;
  readonly heard: RpcMessage[];
  readonly said: string[];
  /** Resolves with the reason, once the server is gone. */
  readonly gone: Promise<string>;
  ask(method: string, params?: JsonObject, id?: RpcId): Promise<RpcOutcome>;
  call(name: string, input?: JsonObject): Promise<JsonObject>;
};

/** Opened and begun; to be closed by `relay.close()`. */
export async function rawClient(
  server: ToolServer,
  {
    gate = openGate(),
    limits = {},
    lets = [],
    begin = true,
    capabilities = {},
    taskFile,
  }: {
    readonly gate?: OpenGate;
    readonly limits?: Partial<GatewayLimits>;
    readonly lets?: readonly Lettable[];
    readonly begin?: boolean;
    readonly capabilities?: JsonObject;
    readonly taskFile?: TaskFile;
  } = {},
): Promise<RawClient> {
  const heard: RpcMessage[] = [];
  const said: string[] = [];
  const waiting = new Map<RpcId, (outcome: RpcOutcome) => void>();
  let ids = 0;
  let tellGone: (reason: string) => void = () => undefined;
  const gone = new Promise<string>((resolve) => {
    tellGone = resolve;
  });
  const relay = createRelay({
    name: 'wicked',
    server,
    gate,
    limits: { ...defaultLimits, ...limits },
    lets: new Set(lets),
    nowMs: () => Date.now(),
    newId: () => `call-${String((ids += 1)).padStart(8, '0')}`,
    toClient(message) {
      heard.push(message);
      if (message.kind === 'response') waiting.get(message.id)?.(message.outcome);
    },
    say: (line) => void said.push(line),
    closed: tellGone,
    ...(taskFile === undefined ? {} : { taskFile }),
  });
  await relay.open();
  let asked = 0;
  const ask: RawClient['ask'] = (method, params = {}, id = (asked += 1)) =>
    new Promise((resolve) => {
      waiting.set(id, resolve);
      relay.fromClient({ kind: 'request', id, method, params });
    });
  const client: RawClient = {
    relay,
    gate,
    heard,
    said,
    gone,
    ask,
    async call(name, input = {}) {
      const outcome = await ask('tools/call', { name, arguments: input });
      return 'result' in outcome ? outcome.result : { error: outcome.error.message };
    },
  };
  if (begin) {
    await ask('initialize', {
      protocolVersion: '2025-11-25',
      capabilities,
      clientInfo: { name: 'raw', version: '1' },
    });
    relay.fromClient({ kind: 'notification', method: 'notifications/initialized', params: {} });
  }
  return client;
}

/** A client of 2026-07-28, each of whose questions says what it can; to be closed by `front.close()`. */
export function modernClient(
  server: ToolServer,
  {
    can: usual,
    lets = [],
    taskFile,
  }: { readonly can: JsonObject; readonly lets?: readonly Lettable[]; readonly taskFile?: TaskFile },
) {
  const gate = openGate();
  let ids = 0;
  let asked = 0;
  const front = createModernFront({
    open: (of) =>
      createRelay({
        ...of,
        name: 'modern',
        server: asHandshake(server, { say: () => undefined }),
        gate,
        limits: defaultLimits,
        lets: new Set(lets),
        nowMs: () => Date.now(),
        newId: () => `call-${String((ids += 1)).padStart(8, '0')}`,
        say: () => undefined,
        ...(taskFile === undefined ? {} : { taskFile }),
      }),
    closed: () => undefined,
  });
  const ask = (
    method: string,
    params: JsonObject = {},
    {
      can = usual,
      signal = new AbortController().signal,
      told = [],
    }: { readonly can?: JsonObject; readonly signal?: AbortSignal; readonly told?: RpcNotification[] } = {},
  ): Promise<RpcOutcome> => {
    const _meta = { [metaNames.version]: modernVersion, [metaNames.clientCapabilities]: can };
    return front.ask(
      { kind: 'request', id: (asked += 1), method, params: { ...params, _meta } },
      { signal, notify: (notification) => void told.push(notification) },
    );
  };
  return { front, gate, ask };
}

/** The text a tool gave back. */
export function textIn(result: JsonObject): string {
  return JSON.stringify(result['content'] ?? result);
}
