import { ocsfClass } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { auditEvent } from '@sallyport/ledger';
import type { Projection } from '@sallyport/ledger';
import type { Transaction } from '@sallyport/platform/database';
import type { Principal } from '@sallyport/platform/http';
import { DeviceFleetError } from '../errors.ts';
import type { SensorLimits, SensorsNeeds } from '../needs.ts';
import { forgetIncidents } from './draft.ts';
import { createListening } from './listening.ts';
import { machineOf, sensorThatVouched } from './machine.ts';
import type { KnownMachine } from './machine.ts';
import { createRegistry } from './registry.ts';
import { createSensorStore } from './sensor-store.ts';
import { sensorView } from './sensor-view.ts';
import type { SensorView } from './sensor-view.ts';
import type { SensorState } from './sensor-state.ts';
import { createSensorsProjection } from './sensors-projection.ts';
import { keyIdOf } from './signature.ts';
import { lookEveryMs, watchSilence } from './silence.ts';
import { useKey } from './trust.ts';

/** What is known of the sensors on hosts, out of what they tell about themselves. */
export type Sensors = {
  readonly projection: Projection;
  /** By id, from after the given one on. */
  list(page: { readonly limit: number; readonly after?: string | undefined }): readonly SensorView[];
  /** Throws `sensor_unknown`. */
  get(id: string): SensorView;
  /**
   * Believes the other key that signs in this sensor's name, from now on, or says of the one in force that it is that of the host. The
   * caller names the one they were shown. Durable, with its audit event, before it resolves. Throws `sensor_unknown`, `sensor_key_unknown`.
   */
  acceptKey(request: { readonly id: string; readonly keyId: string; readonly actor: Principal }): Promise<SensorView>;
  /** Forgets a sensor; one that goes on sending is a new one. Durable, with its audit event. Throws `sensor_unknown`. */
  retire(request: { readonly id: string; readonly actor: Principal }): Promise<void>;
  /** The sensor whose key signed `sensor.vouched` with a nonce; whether the nonce is good is for the caller to say. */
  vouched(statement: JsonObject): string | undefined;
  /** The machine of a sensor; undefined when it was forgotten. */
  machine(id: string): KnownMachine | undefined;
  /** The sensor heard last with one of these API keys, once it has beaten and told what it can see. */
  ofKey(isOne: (apiKeyId: string) => boolean): SensorView | undefined;
  health(): { readonly sensors: number; readonly refused: number };
  close(): void;
};

const defaultLimits: SensorLimits = { sensors: 5000, sensorsPerKey: 1000 };

export function createSensors(needs: SensorsNeeds): Sensors {
  const limits = { ...defaultLimits, ...needs.limits };
  const store = createSensorStore(needs);
  const registry = createRegistry();
  const projection = createSensorsProjection({
    sensors: needs,
    store,
    registry,
    limits,
    heard: (id) => listening.heard(id),
  });
  const listening = createListening({
    clock: needs.clock,
    everyMs: lookEveryMs,
    cursor: () => projection.cursor(),
  });
  const watch = watchSilence({ sensors: needs, registry, listening });

  function known(id: string): SensorState {
    const state = registry.sensors.get(id);
    if (state === undefined) throw new DeviceFleetError('sensor_unknown', `Cannot find sensor "${id}"`);
    return state;
  }

  function record(
    transaction: Transaction,
    change: {
      action: string;
      activityId: number;
      id: string;
      state: SensorState;
      actor: Principal;
      details?: JsonObject;
    },
  ): Promise<void> {
    const { id, state, actor, ...rest } = change;
    const event = auditEvent({
      nowMs: needs.clock.nowMs(),
      actor: { kind: actor.kind, id: actor.id, name: actor.name },
      classUid: ocsfClass.entityManagement,
      outcome: 'success',
      target: { type: 'sensor', id, name: state.host },
      ...rest,
    });
    return needs.outbox.record(transaction, event);
  }

  /** When each vouched last, since this process began. */
  const vouchedMs = new Map<string, number>();
  const view = (id: string, state: SensorState): SensorView =>
    sensorView(id, state, { nowMs: needs.clock.nowMs(), vouchedAtMs: vouchedMs.get(id) });

  return {
    projection,
    list: ({ limit, after = '' }) =>
      [...registry.sensors]
        .filter(([id]) => id > after)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .slice(0, limit)
        .map(([id, state]) => view(id, state)),
    get: (id) => view(id, known(id)),
    async acceptKey({ id, keyId, actor }) {
      const accepted = await registry.inTurn(async () => {
        const before = known(id);
        const { publicKey } = before;
        const isInForce = publicKey !== undefined && keyIdOf(publicKey) === keyId;
        const shown = isInForce ? publicKey : before.shownKey;
        if (shown === undefined || keyIdOf(shown) !== keyId) {
          throw new DeviceFleetError(
            'sensor_key_unknown',
            `Cannot accept key "${keyId}": sensor "${id}" has shown ${shown === undefined ? 'no other key' : `"${keyIdOf(shown) ?? ''}"`}`,
          );
        }
        const state = structuredClone(before);
        if (!isInForce) {
          useKey({ state }, shown);
          forgetIncidents(state, ['key_changed']);
        }
        state.isAccepted = true;
        await needs.database.transaction().execute(async (transaction) => {
          await store.save(transaction, id, state);
          const from = before.publicKey === undefined ? null : (keyIdOf(before.publicKey) ?? null);
          const details = { key_id: keyId, key_id_before: from };
          await record(transaction, { action: 'sensor.accept-key', activityId: 3, id, state, actor, details });
        });
        registry.set(id, state);
        return state;
      });
      await needs.outbox.flushed();
      return view(id, accepted);
    },
    async retire({ id, actor }) {
      await registry.inTurn(async () => {
        const state = known(id);
        await needs.database.transaction().execute(async (transaction) => {
          await store.remove(transaction, id);
          await record(transaction, { action: 'sensor.retire', activityId: 4, id, state, actor });
        });
        registry.delete(id);
        listening.forget(id);
        vouchedMs.delete(id);
      });
      await needs.outbox.flushed();
    },
    vouched(statement) {
      const id = sensorThatVouched(registry.sensors, statement);
      if (id !== undefined) vouchedMs.set(id, needs.clock.nowMs());
      return id;
    },
    machine(id) {
      const state = registry.sensors.get(id);
      return state === undefined ? undefined : machineOf(state, needs.clock.nowMs());
    },
    ofKey(isOne) {
      const found = [...registry.sensors]
        .filter(([, state]) => isOne(state.apiKeyId) && state.lastBeatMs !== undefined && state.end === undefined)
        .filter(([, { collectors }]) => Object.values(collectors).some(({ coverage }) => coverage !== undefined))
        .toSorted(([, a], [, b]) => b.lastHeardMs - a.lastHeardMs)[0];
      return found === undefined ? undefined : view(...found);
    },
    health: () => ({ sensors: registry.sensors.size, refused: projection.refused() }),
    close: () => watch.stop(),
  };
}
