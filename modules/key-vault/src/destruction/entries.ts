import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import type { Moment, Section } from './section.ts';
import type { KeyRecords } from './needs.ts';

/** What is written down, in the ledger and so in the audit trail. */
export type Said = {
  readonly action: `vault.${string}`;
  readonly message: string;
  readonly by: { readonly id: string; readonly name?: string };
  readonly target: { readonly type: string; readonly id: string };
  readonly details: JsonObject;
  readonly outcome?: 'success' | 'failure';
};

const updateActivity = 3;

/** Adds an entry for the ledger to what is about to be written; of an intent, its list of entries names it too. */
export function withEntry(section: Section, nowMs: number, said: Said): Section {
  const sequence = section.nextSequence;
  const event = JSON.stringify(entryEvent(said, nowMs, sequence));
  return {
    ...section,
    nextSequence: sequence + 1,
    outbox: [...section.outbox, { sequence, event }],
    intents: section.intents.map((intent) =>
      said.target.type === 'destruction' && intent.id === said.target.id
        ? { ...intent, entries: [...intent.entries, { sequence, action: said.action }] }
        : intent,
    ),
  };
}

function entryEvent(
  { action, message, by, target, details, outcome = 'success' }: Said,
  nowMs: number,
  sequence: number,
): JsonObject {
  const classUid = ocsfClass.entityManagement;
  return {
    class_uid: classUid,
    category_uid: Math.floor(classUid / 1000),
    activity_id: updateActivity,
    type_uid: classUid * 100 + updateActivity,
    severity_id: outcome === 'success' ? 1 : 2,
    status_id: outcome === 'success' ? 1 : 2,
    time: nowMs,
    message,
    actor: { user: { uid: by.id, name: by.name ?? by.id, type: by.id === 'vault' ? 'system' : 'user' } },
    device: { type_id: 0, name: 'key vault' },
    metadata: {
      version: '1.8.0',
      product: { name: 'Sallyport', vendor_name: 'Sallyport' },
      log_name: 'audit',
      event_code: action,
    },
    unmapped: { sallyport: { generation: 0, target, sequence, details } },
  };
}

/** Brings what waits into the ledger, in order. What the ledger has already it answers with its place. */
export function createEntrySender(
  store: { get(): Section; update(change: (section: Section) => Section): void },
  records: () => Pick<KeyRecords, 'append'>,
): { send(): Promise<void> } {
  let sending: Promise<void> | undefined;

  async function sendAll(): Promise<void> {
    for (;;) {
      const waiting = store.get().outbox;
      if (waiting.length === 0) return;
      const places = new Map<number, { log: number; index: number }>();
      for (const { sequence, event } of waiting)
        places.set(sequence, await records().append({ sequence, body: Buffer.from(event) }));
      store.update((section) => placed(section, places));
    }
  }

  return {
    async send() {
      // Whoever comes while it is under way may have added something it has read past.
      await sending?.catch(() => undefined);
      sending ??= sendAll().finally(() => {
        sending = undefined;
      });
      await sending;
    },
  };
}

function placed(section: Section, places: ReadonlyMap<number, { log: number; index: number }>): Section {
  const put = <Entry extends { sequence: number }>(entry: Entry): Entry => {
    const place = places.get(entry.sequence);
    return place === undefined ? entry : { ...entry, ...place };
  };
  const putMoment = (moment: Moment | undefined): Moment | undefined =>
    moment === undefined ? undefined : put(moment);
  return {
    ...section,
    outbox: section.outbox.filter(({ sequence }) => !places.has(sequence)),
    approvers: section.approvers.map((approver) => ({ ...approver, since: put(approver.since) })),
    intents: section.intents.map(({ signed, ...intent }) => {
      const moment = putMoment(signed);
      return {
        ...intent,
        proposed: put(intent.proposed),
        entries: intent.entries.map(put),
        ...(moment === undefined ? {} : { signed: moment }),
      };
    }),
    ...(section.lastExpiry === undefined ? {} : { lastExpiry: put(section.lastExpiry) }),
  };
}
