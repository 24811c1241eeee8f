import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInstallRoutes, createSensorRoutes, createSensors } from '@sallyport/device-fleet';
import type { Sensors, SensorView } from '@sallyport/device-fleet';
import type { ApiKeys } from '@sallyport/identity';
import type { LedgerClient, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { RoutePlugin } from '@sallyport/platform/http';
import type { Log } from '@sallyport/platform/log';
import type { ColumnKeyrings } from './column-keys.ts';
import { createHostSensorKey } from './host-sensor-key.ts';
import { createHostSensor } from './host-sensor.ts';
import type { HostSensor } from './host-sensor.ts';
import { secretKey } from './secret-key.ts';
import { secretNames } from './secret-names.ts';
import { sensorBundle, sensorUnitFile } from './sensor-bundle.ts';
import { delay } from './timers.ts';

/** The sensor of the server's own host; `seen` is what it has told it can see. */
export type OwnSensor = HostSensor & { seen(): SensorView | undefined };

/** Sensors of all hosts, how further ones are installed, and the one of this host. */
export async function createSensorServices(needs: {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly ledger: LedgerClient;
  readonly clock: Clock;
  readonly random: (length: number) => Uint8Array;
  readonly log: Log;
  readonly every: (intervalMs: number, task: () => void) => () => void;
  readonly apiKeys: ApiKeys;
  readonly columnKeyrings: ColumnKeyrings;
  readonly dataDirectory: string;
  /** Whether this host is to have one. */
  readonly isWanted: boolean;
  /** With the certificate it must trust; undefined where the server started without TLS. */
  readonly authorityFile: string | undefined;
  readonly authorityPem: () => string | undefined;
}): Promise<{
  readonly sensors: Sensors;
  readonly hostSensor: OwnSensor;
  readonly routes: RoutePlugin;
  readonly installRoutes: RoutePlugin;
}> {
  const { ledger, clock, random, apiKeys } = needs;
  const [bundle, unit] = [sensorBundle(), await readFile(sensorUnitFile, 'utf8').catch(() => '')];
  const key = await createHostSensorKey({
    apiKeys,
    secrets: ledger.secrets,
    secretName: secretNames.hostSensor,
    hostName: hostname(),
    random,
    nowMs: () => clock.nowMs(),
  });
  const hostSensor = createHostSensor({
    isWanted: needs.isWanted,
    platform: process.platform,
    program: bundle?.file,
    stateDirectory: join(needs.dataDirectory, 'sensor'),
    authorityFile: needs.authorityFile,
    key,
    log: needs.log,
    delay,
    nowMs: () => clock.monotonicMs(),
  });
  const sensors = createSensors({
    ...needs,
    sealingKey: await secretKey(ledger.secrets, secretNames.sensors),
    columnKeys: await needs.columnKeyrings.open(secretNames.fleetColumns),
    isTakingRecords: async () => (await ledger.status())['intake_allowed'] === true,
    isOwnKey: (keyId) => key.isOwn(keyId),
    sourceOfKey: async (keyId) => {
      const holder = await apiKeys.recheck(keyId);
      return 'refused' in holder ? undefined : holder.source;
    },
  });
  return {
    sensors,
    hostSensor: { ...hostSensor, seen: () => sensors.ofKey((keyId) => key.isOwn(keyId)) },
    routes: createSensorRoutes(sensors),
    installRoutes: createInstallRoutes({ bundle: () => bundle, unit, authorityPem: needs.authorityPem }),
  };
}
