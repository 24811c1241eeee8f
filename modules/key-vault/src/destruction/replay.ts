import { isJsonObject, parseJson, textOf, textsOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { Check } from 'typebox/value';
import type { ByWhom } from '../key-life.ts';
import type { KeyRecord } from '../key-record.ts';
import type { DeskContext } from './desk-context.ts';
import { withEntry } from './entries.ts';
import { finalKeyIds } from './final-keys.ts';
import { HoldShape } from './section.ts';
import type { Approver, Intent, Section } from './section.ts';
import { withoutStop } from './approver-list.ts';
import { suspendIntents } from './suspending.ts';
import { refusal } from './store.ts';

/** What is known, apart from the vault's own file, of what happened to it. */
export type Replayed = {
  /** Evidence files of destructions, as they were read from the place apart from this machine. */
  readonly kept: readonly string[];
  /** Why that place was not read; undefined when it was. */
  readonly notRead: string | undefined;
  /** Nothing more will be told: what was put back is looked up now. */
  readonly isAll: boolean;
};

type Told = {
  readonly sequence: number;
  readonly action: string;
  readonly target: string;
  readonly details: JsonObject;
};

/**
 * Before anything is served: what the ledger, and the place apart from this machine, tell of destructions this vault does
 * not know is done again. Keys get their tombstones, holds are placed again, policies are as they were agreed to last, every
 * open intent has to be signed anew. Nothing expires after a restore before somebody has looked at it (`acceptRestore`).
 */
export function replay(context: DeskContext, { kept, notRead, isAll }: Replayed): void {
  const { store, state, needs } = context;
  const isRestored = store.get().isRestored === true;
  let next = store.get().nextSequence;
  const told: Told[] = [];
  let unread = 0;
  for (let found = needs.records.find(next); found !== undefined; found = needs.records.find(next)) {
    const read = found.body === undefined ? undefined : readEntry(parseText(found.body));
    if (read !== undefined) told.push(read);
    else unread += 1;
    next += 1;
  }
  const strangers: string[] = [];
  for (const evidence of kept) {
    const read = readEntry(needs.records.eventOf(evidence));
    if (read === undefined) strangers.push(evidence);
    else told.push(read);
  }
  const isOlder = next > store.get().nextSequence;
  const known = new Map(state.list().records.map((record) => [record.id, record]));
  const toldGone = new Set(
    told
      .filter(({ action }) => action === 'vault.keys_removed' || action === 'vault.keys_destroyed')
      .flatMap(({ details }) => textsOf(details['key_ids'])),
  );
  const goneIds = new Set([...toldGone].filter((id) => (known.get(id)?.state ?? 'destroyed') !== 'destroyed'));
  const isLookedUp = isRestored && isAll;
  if (!isLookedUp && !isOlder && goneIds.size === 0) return;
  const doubt = doubtOf({ isRestored: isLookedUp, notRead, strangers: strangers.length, unread });
  const atMs = context.nowMs();
  const event = { atMs, by: 'vault', reason: 'destroyed before the restore', state: 'destroyed' as const };
  const records = state
    .list()
    .records.map((record): KeyRecord =>
      goneIds.has(record.id)
        ? { ...record, state: 'destroyed', wrapped: '', history: [...record.history, event] }
        : record,
    );
  const section = told.reduce<Section>((before, one) => applied(before, one, atMs), {
    ...store.get(),
    nextSequence: next,
    outbox: isOlder ? [] : store.get().outbox,
  });
  // What was put back has been suspended when the vault was opened.
  const suspended = isRestored ? section : suspendIntents(section, () => true, 'the vault was put back from a backup');
  const settled = { ...suspended, intents: suspended.intents.map((intent) => carriedOut(intent, toldGone, atMs)) };
  const open = settled.intents.filter(({ suspended: why }) => why !== undefined).map(({ id }) => id);
  const { isRestored: _, ...withoutFlag } = settled;
  const looked = isLookedUp ? withoutFlag : settled;
  const replayed = withEntry(
    {
      ...looked,
      ...(goneIds.size > 0 ? { mustRotate: true } : {}),
      awaitsWord: true,
      ...(doubt === undefined ? {} : { unknownSince: { atMs: newestEvent(state.list().records), why: doubt } }),
    },
    atMs,
    {
      action: 'vault.destructions_replayed',
      message: `After a restore ${goneIds.size} keys were destroyed again and ${open.length} open destructions suspended`,
      by: { id: 'vault', name: 'Key vault' },
      target: { type: 'vault', id: state.vault },
      details: { key_ids: [...goneIds], suspended: open, ...(doubt === undefined ? {} : { unknown: doubt }) },
      outcome: doubt === undefined ? 'success' : 'failure',
    },
  );
  state.commit({ list: { ...state.list(), records, destruction: store.current(replayed) } });
}

/**
 * Somebody has looked at what a restore may have lost: what was destroyed, holds placed and policies agreed to since the
 * backup. Recorded; from here on days expire again. Throws `destruction_refused` when there is nothing to accept.
 */
export function acceptRestore(context: DeskContext, { by, reason }: ByWhom): void {
  const { store, state } = context;
  const { awaitsWord, unknownSince } = store.get();
  if (awaitsWord !== true && unknownSince === undefined)
    throw refusal('Cannot accept the restore: nothing was put back, or somebody has accepted it already');
  store.update(({ awaitsWord: _awaitsWord, unknownSince: _unknownSince, ...section }) =>
    withEntry(section, context.nowMs(), {
      action: 'vault.restore_accepted',
      message: 'Somebody looked at what was put back and accepted it: days expire again',
      by: { id: by },
      target: { type: 'vault', id: state.vault },
      details: { reason, ...(unknownSince === undefined ? {} : { unknown: unknownSince.why }) },
    }),
  );
}

/** A hold is never lost by a restore, and what was stopped stays stopped. */
function applied(section: Section, { action, target, details }: Told, atMs: number): Section {
  const intent = textOf(details['intent']);
  switch (action) {
    case 'vault.hold_placed': {
      const hold = withoutNull(details['hold']);
      const isKnown = Check(HoldShape, hold) && section.holds.some(({ id }) => id === hold.id);
      return Check(HoldShape, hold) && !isKnown ? { ...section, holds: [...section.holds, hold] } : section;
    }
    case 'vault.hold_released':
      return { ...section, holds: section.holds.filter(({ id }) => id !== textOf(details['hold_id'])) };
    case 'vault.destruction_cancelled':
      return {
        ...section,
        intents: section.intents.map((one) =>
          one.id === intent && one.stage === 'proposed' ? { ...one, stage: 'cancelled' } : one,
        ),
      };
    case 'vault.policy_lengthened':
    case 'vault.policy_agreed': {
      const keepDays = details['keepDays'];
      if (typeof keepDays !== 'number' && keepDays !== null) return section;
      const policy = { class: textOf(details['class']), keepDays, id: target, agreedAtMs: atMs };
      return { ...section, policies: [...section.policies.filter((one) => one.class !== policy.class), policy] };
    }
    case 'vault.approver_enrolled':
      // Whoever was enrolled since has to be enrolled anew, and no longer as one of the first.
      return details['counts_at_once'] !== true || section.founders.includes(target)
        ? section
        : { ...section, founders: [...section.founders, target] };
    case 'vault.approver_stopped':
    case 'vault.approver_reinstated': {
      const [id, reason] = [textOf(details['credential_id']), textOf(details['reason'])];
      const isStopped = action === 'vault.approver_stopped';
      const change = (one: Approver): Approver =>
        isStopped ? { ...one, stopped: { by: 'vault', reason, atMs } } : withoutStop(one);
      return {
        ...section,
        approvers: section.approvers.map((one) => (one.credentialId === id ? change(one) : one)),
      };
    }
    case 'vault.approver_withdrawn':
      return {
        ...section,
        approvers: section.approvers.filter(({ credentialId }) => credentialId !== textOf(details['credential_id'])),
      };
    default:
      return section;
  }
}

/**
 * What was carried out since a backup made in the middle of it is not brought back with a cancellation. What is left of such a
 * list was held back then, and comes back.
 */
function carriedOut(intent: Intent, toldGone: ReadonlySet<string>, atMs: number): Intent {
  const going = finalKeyIds(intent);
  const gone = going.filter((id) => toldGone.has(id));
  const isBegun = intent.stage === 'begun' || intent.stage === 'rotated';
  const isDone = gone.length === going.length;
  if (gone.length === 0 || !(isBegun || (intent.stage === 'proposed' && isDone))) return intent;
  const { suspended: _, ...rest } = intent;
  const ended = { by: 'vault', reason: 'carried out before the restore', atMs };
  const kept = [...intent.kept, ...gone.map((keyId) => ({ keyId, why: 'gone', by: 'destroyed before' }))];
  return { ...rest, kept, ended, stage: isDone ? 'cancelled' : intent.stage };
}

function doubtOf({
  isRestored,
  notRead,
  strangers,
  unread,
}: {
  readonly isRestored: boolean;
  readonly notRead: string | undefined;
  readonly strangers: number;
  readonly unread: number;
}): string | undefined {
  if (unread > 0)
    return `${unread} entries of the ledger about destructions cannot be opened with the keys of this vault`;
  if (strangers > 0) return `${strangers} records of destructions are of logs this restore does not know`;
  return isRestored ? notRead : undefined;
}

/** An entry of ours; outside records carry `raw_data` and are none, whatever they claim. */
function readEntry(event: unknown): Told | undefined {
  if (!isJsonObject(event) || event['raw_data'] !== undefined) return undefined;
  const { metadata, unmapped } = event;
  const own = isJsonObject(unmapped) ? unmapped['sallyport'] : undefined;
  if (!isJsonObject(metadata) || !isJsonObject(own)) return undefined;
  const { sequence, details, target } = own;
  if (typeof sequence !== 'number' || !isJsonObject(details)) return undefined;
  const about = isJsonObject(target) ? textOf(target['id']) : '';
  return { sequence, action: textOf(metadata['event_code']), target: about, details };
}

function parseText(body: Uint8Array): JsonValue | undefined {
  try {
    return parseJson(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}

function withoutNull(value: JsonValue | undefined): unknown {
  if (!isJsonObject(value)) return undefined;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null));
}

const newestEvent = (records: readonly KeyRecord[]): number =>
  Math.max(0, ...records.map(({ history }) => history.at(-1)?.atMs ?? 0));
