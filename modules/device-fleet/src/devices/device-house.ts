import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Actor } from '@sallyport/ledger';
import type { Transaction } from '@sallyport/platform/database';
import type { DeviceLimits, DevicesNeeds } from '../needs.ts';
import { createTurns } from '@sallyport/platform/turns';
import type { DeviceState, EnrolmentState } from './device-state.ts';
import { createDeviceStore } from './device-store.ts';
import type { DeviceStore } from './device-store.ts';

/** What happens to devices and codes, as it stands in the ledger. */
export type DeviceAction =
  | 'device.invited'
  | 'device.withdrawn'
  | 'device.enrolled'
  | 'device.stream_added'
  | 'device.approved'
  | 'device.changed'
  | 'device.revoked';

type Change = {
  readonly action: DeviceAction;
  readonly by: Actor;
  readonly outcome?: 'failure';
  readonly target: { readonly type: 'device' | 'enrolment'; readonly id: string; readonly name: string };
  readonly details: JsonObject;
};

/** Devices and codes in memory as the store has them. A change is stored with its audit event first, then taken over here. */
export type DeviceHouse = {
  readonly devices: ReadonlyMap<string, DeviceState>;
  readonly enrolments: ReadonlyMap<string, EnrolmentState>;
  readonly limits: DeviceLimits;
  /** One change after another; resolves when it is stored, and its event durable in the ledger. `task` tells nobody yet. */
  change<Result>(task: () => Promise<Result>): Promise<Result>;
  /** Within `change`: stores rows (undefined removes) and the event together. */
  store(rows: Rows, change: Change): Promise<void>;
  /** Stores, in turn and without an event, what changes nothing for anybody; `rows` sees how things stand by then. */
  keep(rows: () => Rows): Promise<void>;
};

type Rows = {
  readonly devices?: ReadonlyMap<string, DeviceState | undefined>;
  readonly enrolments?: ReadonlyMap<string, EnrolmentState | undefined>;
};

const defaultLimits: DeviceLimits = { devices: 2000, waiting: 100, revoked: 1000, codes: 100 };

const activities: Readonly<Record<DeviceAction, number>> = {
  'device.invited': 1,
  'device.withdrawn': 4,
  'device.enrolled': 1,
  'device.stream_added': 1,
  'device.approved': 8,
  'device.changed': 3,
  'device.revoked': 9,
};

export async function openDeviceHouse(needs: DevicesNeeds): Promise<DeviceHouse> {
  const store = createDeviceStore(needs);
  const devices = await store.devices.readAll();
  const enrolments = await store.enrolments.readAll();
  const inTurn = createTurns();

  async function storeRows(rows: Rows, record: (transaction: Transaction) => Promise<void>): Promise<void> {
    await needs.database.transaction().execute(async (transaction) => {
      await storeEach(store, transaction, rows);
      await record(transaction);
    });
    takeOver(devices, rows.devices);
    takeOver(enrolments, rows.enrolments);
  }

  return {
    devices,
    enrolments,
    limits: { ...defaultLimits, ...needs.limits },
    async change(task) {
      try {
        return await inTurn(task);
      } finally {
        // A refusal may have been recorded, too.
        await needs.outbox.flushed();
      }
    },
    store: (rows, { action, by, outcome, target, details }) =>
      storeRows(rows, (transaction) =>
        needs.outbox.record(
          transaction,
          auditEvent({
            nowMs: needs.clock.nowMs(),
            actor: { kind: by.kind, id: by.id, name: by.name },
            action,
            classUid: ocsfClass.entityManagement,
            activityId: activities[action],
            outcome: outcome ?? 'success',
            target,
            details,
          }),
        ),
      ),
    keep: (rows) => inTurn(() => storeRows(rows(), async () => undefined)),
  };
}

async function storeEach(store: DeviceStore, transaction: Transaction, rows: Rows): Promise<void> {
  for (const [id, state] of rows.devices ?? [])
    await (state === undefined ? store.devices.remove(transaction, id) : store.devices.save(transaction, id, state));
  for (const [id, state] of rows.enrolments ?? [])
    await (state === undefined
      ? store.enrolments.remove(transaction, id)
      : store.enrolments.save(transaction, id, state));
}

function takeOver<State>(kept: Map<string, State>, changed: ReadonlyMap<string, State | undefined> | undefined): void {
  for (const [id, state] of changed ?? []) {
    if (state === undefined) kept.delete(id);
    else kept.set(id, state);
  }
}
