import type { Transaction } from '@sallyport/platform/database';
import { keyOf } from '@sallyport/tool-pins';
import type { Definition } from '@sallyport/tool-pins';
import { AgentGuardError } from '../errors.ts';
import { pinnedKey, pinnedKinds, toolServerLimits as limits } from './tool-server.ts';
import type { Pin, PinnedKind, ServerTool, ToolServer } from './tool-server.ts';
import type { ToolServerStore } from './tool-server-store.ts';

type Room = {
  readonly transaction: Transaction;
  readonly server: ToolServer;
  /** Whose run tells of it. */
  readonly ownerId: string;
  readonly definitions: readonly Definition[];
  readonly fresh: readonly Definition[];
  readonly known: readonly ServerTool[];
  readonly pins: ReadonlyMap<string, readonly Pin[]>;
};

/**
 * Before new definitions are taken in: addresses and tools come and go, so what is not listed any more and nobody decided about gives way,
 * the longest unseen first. Throws `agent_limit_reached`. What one owner's runs bring stops nobody else from bringing something.
 */
export async function makeRoom(store: ToolServerStore, room: Room): Promise<void> {
  const { transaction, server, ownerId, definitions, fresh, known } = room;
  if (fresh.length === 0) return;
  const listed = new Set(definitions.map(keyOf));
  for (const kind of pinnedKinds) {
    const told = definitions.filter((one) => (one.kind ?? 'tool') === kind).length;
    if (!fresh.some((one) => (one.kind ?? 'tool') === kind)) continue;
    const unlisted = known.filter((tool) => tool.kind === kind && !listed.has(pinnedKey(tool)));
    const over = told + unlisted.length - limits.perServer[kind];
    const forgotten = over > 0 ? await forgettable(store, room, { kind, unlisted, most: over }) : [];
    await store.removeTools(transaction, forgotten);
    const kept = told + unlisted.length - forgotten.length;
    if (told > limits.perServer[kind] || kept > limits.perServer[kind] * limits.listsKept)
      throw tooMany(server.name, kind);
  }
  if ((await store.countTools(transaction)) + fresh.length > limits.tools)
    throw new AgentGuardError(
      'agent_limit_reached',
      `Cannot take in what "${server.name}" offers: must be at most ${limits.tools} of all servers together`,
      { hint: 'forget servers that nobody uses: sallyport agent servers list' },
    );
  if ((await store.countTools(transaction, ownerId)) + fresh.length <= limits.undecidedPerOwner) return;
  const undecided = await store.countUndecided(transaction, ownerId);
  if (undecided + fresh.length > limits.undecidedPerOwner)
    throw new AgentGuardError(
      'agent_limit_reached',
      `Cannot take in what "${server.name}" offers: ${undecided} definitions that this owner's runs brought wait for a decision, must be at most ${limits.undecidedPerOwner} with the ${fresh.length} new ones`,
      { hint: 'decide about servers that wait, or forget them: sallyport agent servers list' },
    );
}

/**
 * Ids of what gives way. What was let at once, without anybody deciding, does; what changed since does not, else it would be new again and
 * let. A prompt does not: a gateway of before names no digest, and for it what nobody knows is not held.
 */
async function forgettable(
  store: ToolServerStore,
  { transaction, pins }: Room,
  {
    kind,
    unlisted,
    most,
  }: { readonly kind: PinnedKind; readonly unlisted: readonly ServerTool[]; readonly most: number },
): Promise<readonly string[]> {
  if (kind === 'prompt') return [];
  const ids: string[] = [];
  for (const tool of unlisted.toSorted((a, b) => a.lastSeenAtMs - b.lastSeenAtMs)) {
    if (ids.length >= most) break;
    const own = pins.get(tool.id) ?? [];
    if (tool.isBlocked || own.some(({ state }) => state === 'refused')) continue;
    const approved = own.find(({ state }) => state === 'approved');
    const wasLetAtOnce =
      approved !== undefined && own.length === 1 && !(await store.isDecided(transaction, approved.id));
    if (approved === undefined || wasLetAtOnce) ids.push(tool.id);
  }
  return ids;
}

function tooMany(name: string, kind: PinnedKind): AgentGuardError {
  const most = limits.perServer[kind];
  return new AgentGuardError(
    'agent_limit_reached',
    `Cannot take in what "${name}" offers: must be at most ${most} (${kind}) in a list and ${most * limits.listsKept} kept of a server`,
  );
}
