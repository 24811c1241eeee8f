import { isJsonObject } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { plainLine } from './plain-line.ts';

/** Versions with a handshake, the newest first. */
export const handshakeVersions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;
export const newestHandshake = handshakeVersions[0];

/** What a server may ask of the client only where whoever set up the gateway let it. */
export const lettable = ['sampling', 'elicitation', 'roots'] as const;
export type Lettable = (typeof lettable)[number];

export function isHandshakeVersion(version: JsonValue | undefined): version is (typeof handshakeVersions)[number] {
  return handshakeVersions.some((one) => one === version);
}

/** The `initialize` that goes to the server: nothing the client can do is told of that the gateway would refuse. */
export function toServer(params: JsonObject, lets: ReadonlySet<Lettable>): JsonObject {
  const { capabilities, clientInfo, protocolVersion } = params;
  const can = isJsonObject(capabilities) ? capabilities : {};
  return {
    protocolVersion: isHandshakeVersion(protocolVersion) ? protocolVersion : newestHandshake,
    capabilities: letOf(can, lets),
    clientInfo: infoOf(clientInfo, 'unknown client'),
  };
}

/** Of what a client can do, what its server may ask of it; as tasks, where the client does that. */
export function letOf(can: JsonObject, lets: ReadonlySet<Lettable>): JsonObject {
  const kept = lettable.filter((name) => lets.has(name) && isJsonObject(can[name]));
  const requests = objectIn(objectIn(can, 'tasks'), 'requests');
  const asTasks = Object.entries(taskRequests).filter(
    ([name, method]) => kept.some((one) => one === name) && isJsonObject(objectIn(requests, name)[method]),
  );
  return {
    ...Object.fromEntries(kept.map((name) => [name, can[name] ?? {}])),
    ...(asTasks.length === 0
      ? {}
      : {
          tasks: {
            list: {},
            cancel: {},
            requests: Object.fromEntries(asTasks.map(([name, method]) => [name, { [method]: {} }])),
          },
        }),
  };
}
const taskRequests = { sampling: 'createMessage', elicitation: 'create' } as const;

/** Whether the server takes calls of its tools as tasks, and takes them back. Undefined before 2025-11-25, and where it does not. */
export function tasksOf({ capabilities, protocolVersion }: JsonObject): { readonly canCancel: boolean } | undefined {
  const tasks = objectIn(isJsonObject(capabilities) ? capabilities : {}, 'tasks');
  const isOffered = isJsonObject(objectIn(objectIn(tasks, 'requests'), 'tools')['call']);
  if (!isOffered || protocolVersion !== newestHandshake) return undefined;
  return { canCancel: isJsonObject(tasks['cancel']) };
}

function objectIn(value: JsonObject, name: string): JsonObject {
  const inner = value[name];
  return isJsonObject(inner) ? inner : {};
}

/**
 * What the client is told of the server. Its `instructions` are added by whoever knows that they were approved; extensions and
 * experiments go past what is judged: they are left out.
 */
export function toClient(result: JsonObject): JsonObject {
  const { capabilities, serverInfo, protocolVersion } = result;
  const can = isJsonObject(capabilities) ? capabilities : {};
  const kept = ['tools', 'resources', 'prompts', 'completions', 'logging'].filter((name) => isJsonObject(can[name]));
  const tasks = tasksOf(result);
  return {
    protocolVersion: protocolVersion ?? null,
    capabilities: {
      ...Object.fromEntries(kept.map((name) => [name, can[name] ?? {}])),
      ...(tasks === undefined
        ? {}
        : // The list is ours.
          { tasks: { list: {}, ...(tasks.canCancel ? { cancel: {} } : {}), requests: { tools: { call: {} } } } }),
    },
    serverInfo: infoOf(serverInfo, 'unknown server'),
  };
}

/** A name and a version, too short to say much and with nothing unseen in them: nobody approves them. Nothing else would be shown. */
export function infoOf(info: JsonValue | undefined, otherwise: string): JsonObject {
  const given = isJsonObject(info) ? info : {};
  const text = (name: string): string | undefined => {
    const value = given[name];
    return typeof value === 'string' ? plainLine(value).slice(0, longestInfo) : undefined;
  };
  return { name: text('name') ?? otherwise, version: text('version') ?? '0' };
}
const longestInfo = 60;
