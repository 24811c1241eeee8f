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
  const kept = lettable.filter((name) => lets.has(name) && isJsonObject(can[name]));
  return {
    protocolVersion: isHandshakeVersion(protocolVersion) ? protocolVersion : newestHandshake,
    capabilities: Object.fromEntries(kept.map((name) => [name, can[name] ?? {}])),
    clientInfo: infoOf(clientInfo, 'unknown client'),
  };
}

/**
 * What the client is told of the server. Its `instructions` are added by whoever knows that they were approved; tasks, extensions and
 * experiments go past what is judged: they are left out.
 */
export function toClient(result: JsonObject): JsonObject {
  const { capabilities, serverInfo, protocolVersion } = result;
  const can = isJsonObject(capabilities) ? capabilities : {};
  const kept = ['tools', 'resources', 'prompts', 'completions', 'logging'].filter((name) => isJsonObject(can[name]));
  return {
    protocolVersion: protocolVersion ?? null,
    capabilities: Object.fromEntries(kept.map((name) => [name, can[name] ?? {}])),
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
