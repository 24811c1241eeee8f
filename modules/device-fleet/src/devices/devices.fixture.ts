// Devices on an empty database, with a clock and a ledger that tests look into.
import { randomBytes } from 'node:crypto';
import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate } from '@sallyport/platform/database';
import type { Database } from '@sallyport/platform/database';
import { codeOf } from '@sallyport/platform/errors';
import type { Principal } from '@sallyport/platform/http';
import { createLog } from '@sallyport/platform/log';
import { createDeviceUnderTest } from '@sallyport/testing/device-under-test';
import type { DeviceUnderTest } from '@sallyport/testing/device-under-test';
import { createMemoryLedger } from '@sallyport/testing/memory-ledger';
import { createColumnKeys } from '../fleet-columns.fixture.ts';
import { deviceFleetMigrations } from '../migrations/migrations.ts';
import type { DeviceLimits } from '../needs.ts';
import { createDevices } from './devices.ts';
import type { Devices, DeviceSession } from './devices.ts';
import type { EnrolledDevice, EnrolRequest } from './enrolments.ts';

export const host = 'sallyport.example:8443';
export const admin: Principal = { kind: 'user', id: 'u-1', name: 'Ada', scopes: [] };

export async function setUpDevices({ database }: { readonly database: Database }, limits: Partial<DeviceLimits> = {}) {
  const clock = createManualClock(Date.UTC(2026, 10, 22, 8));
  const ledger = createMemoryLedger({ clock });
  const tasks = new Set<() => void>();
  await migrate(database, [ledgerMigrations, deviceFleetMigrations]);
  const outbox = createOutbox({
    database,
    ledger,
    key: randomBytes(32),
    random: randomBytes,
    nowMs: () => clock.nowMs(),
  });
  const needs = {
    database,
    outbox,
    clock,
    random: randomBytes,
    log: createLog({ clock, write: () => undefined }),
    sealingKey: randomBytes(32),
    columnKeys: await createColumnKeys(),
    limits,
    every(_intervalMs: number, task: () => void) {
      tasks.add(task);
      return () => void tasks.delete(task);
    },
  };
  let devices: Devices = await createDevices(needs);

  return {
    clock,
    ledger,
    database,
    sealingKey: needs.sealingKey,
    columnKeys: needs.columnKeys,
    devices: () => devices,
    /** As after a restart: what was kept is all there is. */
    async restart() {
      await devices.close();
      devices = await createDevices(needs);
    },
    /** Its key and nothing else. */
    phone: () => createDeviceUnderTest(`https://${host}`, async () => ({ status: 0, body: {} })),
    async invite(name = 'Gate', more: { place?: string; site?: string } = {}) {
      const { id, code } = await devices.enrolments.invite({ name, kind: 'phone', ...more, by: admin });
      return { id, code: code.reveal() };
    },
    enrol: (phone: DeviceUnderTest, code: string, changed: Partial<EnrolRequest> = {}): Promise<EnrolledDevice> =>
      devices.enrolments.enrol({
        code,
        publicKey: phone.publicKey,
        signature: phone.sign('enrol', code),
        host,
        about: {},
        ...changed,
      }),
    openSession(phone: DeviceUnderTest, deviceId: string, forHost = host): DeviceSession {
      const { nonce } = devices.challenge(deviceId);
      return devices.openSession({ deviceId, nonce, signature: phone.sign('session', nonce, forHost), host });
    },
    /** Enrolled and approved, with the token of a session. */
    async approved(name = 'Gate', more: { place?: string; site?: string } = {}) {
      const phone = this.phone();
      const { code } = await this.invite(name, more);
      const { deviceId } = await this.enrol(phone, code);
      await devices.approve({ id: deviceId, by: admin });
      const { token } = this.openSession(phone, deviceId);
      return { phone, code, id: deviceId, token: token.reveal() };
    },
    /** Audit events of devices in the order they happened. */
    audit(): { readonly action: string; readonly outcome: number; readonly details: JsonObject }[] {
      return ledger.events().flatMap(({ body }) => {
        const event = body === undefined ? null : parseJson(Buffer.from(body).toString('utf8'));
        if (!isJsonObject(event)) return [];
        const own = objectIn(objectIn(event['unmapped'])['sallyport']);
        const { status_id: outcome } = event;
        return [
          {
            action: textOf(event['message']),
            outcome: typeof outcome === 'number' ? outcome : 0,
            details: objectIn(own['details']),
          },
        ];
      });
    },
  };
}

/** The code of what it throws. */
export async function refusalOf(task: () => unknown): Promise<string | undefined> {
  try {
    await task();
    return undefined;
  } catch (error) {
    return codeOf(error) ?? String(error);
  }
}

function objectIn(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
