import { isJsonObject, itemsOf, parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { toolEffects } from '@sallyport/information-flow';
import type { VettedTool } from '@sallyport/information-flow';
import type { BlindIndex, Encrypted, Opened } from '@sallyport/platform/encrypted-columns';
import { readDefinition } from '@sallyport/tool-pins';
import { listedKinds, pinnedKinds, pinStates, serverStates } from './tool-server.ts';
import type {
  Decided,
  Likeness,
  Pin,
  PinnedDefinition,
  PinnedKind,
  ServerIdentity,
  ServerTool,
  Sighting,
  ToolServer,
} from './tool-server.ts';

/** As they are kept. */
export type ToolServerTables = {
  agent_tool_servers: {
    readonly id: string;
    /** Name, transport and target, as JSON. */
    readonly identity: Encrypted;
    readonly identity_key: BlindIndex;
    readonly owner_id: string;
    readonly state: string;
    readonly lets_new: number;
    readonly document: Encrypted;
    readonly first_seen_at_ms: number;
    readonly last_seen_at_ms: number;
  };
  agent_tools: {
    readonly id: string;
    readonly server_id: string;
    readonly kind: string;
    readonly name: Encrypted;
    readonly name_key: BlindIndex;
    /** Who owned the run that told of it first; empty where that was before it was kept. */
    readonly brought_by: string;
    readonly is_blocked: number;
    readonly newest_digest: string;
    readonly document: Encrypted;
    readonly first_seen_at_ms: number;
    readonly last_seen_at_ms: number;
  };
  agent_tool_definitions: {
    readonly id: string;
    readonly server_id: string;
    readonly tool_id: string;
    readonly number: number;
    readonly digest: string;
    readonly state: string;
    readonly warnings: number;
    readonly document: Encrypted;
    readonly first_seen_at_ms: number;
    readonly last_seen_at_ms: number;
  };
};
export function identityText({ name, transport, target }: ServerIdentity): string {
  return JSON.stringify([name, transport, target]);
}

export function changeable(server: ToolServer) {
  const { protocol, says, firstSeen, decided, pinsOffers } = server;
  return {
    state: server.state,
    lets_new: server.letsNew ? 1 : 0,
    document: JSON.stringify({ protocol, says, firstSeen, decided, pinsOffers }),
    last_seen_at_ms: server.lastSeenAtMs,
  };
}

export function toolDocument({ likenesses, vetted }: ServerTool): string {
  return JSON.stringify({ likenesses, vetted });
}

export function definitionDocument({ definition, firstSeen, decided }: PinnedDefinition): string {
  return JSON.stringify({ definition, firstSeen, decided });
}

/** Sealed by us, with its row bound into the seal: what opens is what was written. */
function opened(text: string): JsonObject {
  const kept = parseJson(text);
  if (isJsonObject(kept)) return kept;
  throw new TypeError('Cannot read what is kept of a tool server: it has another shape');
}

export function toServer(row: Opened<ToolServerTables>['agent_tool_servers']): ToolServer {
  const kept = opened(row.document);
  const [name, transport, target] = itemsOf(parseJson(row.identity));
  return {
    id: row.id,
    name: textOf(name),
    transport: transport === 'http' ? 'http' : 'stdio',
    target: textOf(target),
    ownerId: row.owner_id,
    // A word nobody knows any more is not the most open one.
    state: serverStates.find((state) => state === row.state) ?? 'blocked',
    letsNew: row.lets_new !== 0,
    pinsOffers: listedKinds.filter((kind) => textsOf(kept['pinsOffers']).includes(kind)),
    protocol: textOf(kept['protocol']),
    ...(typeof kept['says'] === 'string' ? { says: kept['says'] } : {}),
    firstSeen: sightingIn(kept),
    ...decidedIn(kept),
    firstSeenAtMs: row.first_seen_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
  };
}

export function toTool(row: Opened<ToolServerTables>['agent_tools']): ServerTool {
  const { likenesses, vetted } = opened(row.document);
  return {
    id: row.id,
    serverId: row.server_id,
    kind: kindIn(row.kind),
    name: row.name,
    isBlocked: row.is_blocked !== 0,
    newestDigest: row.newest_digest,
    likenesses: itemsOf(likenesses).flatMap(likenessOf),
    vetted: vettedOf(vetted),
    firstSeenAtMs: row.first_seen_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
  };
}

/** What nobody knows any more is nothing that can be called. */
export function kindIn(kept: string): PinnedKind {
  return pinnedKinds.find((kind) => kind === kept) ?? 'instructions';
}

export function toPin(row: Omit<Opened<ToolServerTables>['agent_tool_definitions'], 'document'>): Pin {
  return {
    id: row.id,
    serverId: row.server_id,
    toolId: row.tool_id,
    number: row.number,
    digest: row.digest,
    state: pinStates.find((state) => state === row.state) ?? 'held',
    warnings: row.warnings,
    firstSeenAtMs: row.first_seen_at_ms,
    lastSeenAtMs: row.last_seen_at_ms,
  };
}

export function toDefinition(row: Opened<ToolServerTables>['agent_tool_definitions']): PinnedDefinition {
  const kept = opened(row.document);
  const read = readDefinition(kept['definition']);
  if (!read.ok) throw new TypeError('Cannot read a definition that was kept: it has another shape');
  return { ...toPin(row), definition: read.definition, firstSeen: sightingIn(kept), ...decidedIn(kept) };
}

function sightingIn({ firstSeen }: JsonObject): Sighting {
  const said = isJsonObject(firstSeen) ? firstSeen : {};
  return { session: textOf(said['session']), agent: textOf(said['agent']), owner: textOf(said['owner']) };
}

function decidedIn({ decided }: JsonObject): { readonly decided?: Decided } {
  if (!isJsonObject(decided)) return {};
  return {
    decided: { by: textOf(decided['by']), atMs: Number(decided['atMs']), reason: textOf(decided['reason']) },
  };
}

function likenessOf(kept: JsonValue): Likeness[] {
  if (!isJsonObject(kept)) return [];
  const how = kept['how'] === 'same' ? 'same' : 'looks_alike';
  return [{ server: textOf(kept['server']), tool: textOf(kept['tool']), how }];
}

const trustable = ['directory', 'clock', 'own'] as const;

function vettedOf(kept: JsonValue | undefined): VettedTool {
  if (!isJsonObject(kept)) return {};
  const answers = trustable.find((one) => one === kept['answers']);
  const said = textsOf(kept['effects']);
  const effects = toolEffects.filter((effect) => said.includes(effect));
  return { ...(answers === undefined ? {} : { answers }), ...(effects.length === 0 ? {} : { effects }) };
}
