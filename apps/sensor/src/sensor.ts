import type { JsonObject } from '@sallyport/contracts';
import type { Clock } from '@sallyport/platform/clock';
import { makePrivateDirectory } from '@sallyport/platform/files';
import type { Log } from '@sallyport/platform/log';
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { buildCollectors } from './build-collectors.ts';
import type { Collector } from './collectors/collector.ts';
import { apiKeyOf, keySource, sourceName } from './config.ts';
import type { Settings } from './config.ts';
import { SensorError } from './errors.ts';
import { holdState } from './hold-state.ts';
import { createHostFiles } from './host/host-files.ts';
import { coverageFields, createCoverageCollector } from './liveness/coverage.ts';
import { createGovernor } from './liveness/governor.ts';
import { createHeartbeat } from './liveness/heartbeat.ts';
import { loadIdentity } from './liveness/identity.ts';
import { createPostureCollector } from './liveness/posture.ts';
import { startVouching } from './liveness/vouch.ts';
import { recordLine } from './record.ts';
import type { Sender as RecordSender, SensorRecord } from './record.ts';
import { createRunner } from './runner.ts';
import { createKeyInUse } from './send/key-in-use.ts';
import { createLogTrust } from './send/log-trust.ts';
import { createReceiptCollector } from './send/receipts.ts';
import { createSender } from './send/sender.ts';
import type { SenderStatus } from './send/sender.ts';
import { createTransport, parseServer } from './send/transport.ts';
import { totalOf } from './spool/lost-report.ts';
import { loadSpoolKey } from './spool/spool-key.ts';
import { openSpool } from './spool/spool.ts';

export type SensorNeeds = {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: (bytes: number) => Uint8Array;
  readonly wait: (timeoutMs: number, signal: AbortSignal) => Promise<void>;
  readonly usedProcessorMs: () => number;
  readonly memoryBytes: () => number;
  /** The script that runs. */
  readonly program: string;
};

const heartbeatMs = 15_000;
/** How long it goes on sending after it was told to stop. */
const goodbyeMs = 3000;
const startingStatus: SenderStatus = {
  state: 'starting',
  failures: 0,
  lastAnswerMs: undefined,
  lastError: undefined,
  clockOffsetMs: undefined,
  clockUncertaintyMs: undefined,
};

function fraction(random: (bytes: number) => Uint8Array): number {
  return Buffer.from(random(4)).readUInt32BE() / 2 ** 32;
}

function senderOf(settings: Settings): RecordSender {
  return { host: settings.host, version: packageJson.version };
}

/** Runs until `stop` is aborted, whose reason it says goodbye with. Throws `SensorError` when it cannot begin. */
export async function runSensor(needs: SensorNeeds, stop: AbortSignal): Promise<void> {
  const { settings, clock, log, random, wait } = needs;
  const { stateDirectory } = settings;
  const apiKey = apiKeyOf(settings);
  if (settings.server === undefined || apiKey === undefined)
    throw new SensorError('usage', 'Cannot run without a server and a key: must be given', {
      hint: 'sensor run --server URL --key-file FILE --state DIR',
    });
  makePrivateDirectory(stateDirectory);
  using _held = holdState(stateDirectory);
  const key = loadSpoolKey({ file: join(stateDirectory, 'spool.key'), credential: settings.credential, random });
  const identity = loadIdentity(join(stateDirectory, 'identity.pem'), settings.credential);
  const transport = createTransport({
    server: parseServer(settings.server),
    key: apiKey,
    trust: { caFile: settings.caFile, fingerprint: settings.fingerprint },
  });
  const recordSender = senderOf(settings);
  const own = (event: string, fields: JsonObject): SensorRecord => ({
    kind: 'sensor',
    collector: 'sensor',
    lossy: false,
    timeMs: clock.nowMs(),
    event,
    fields,
  });
  const tell = (event: string, fields: JsonObject): void =>
    spool.append([
      {
        kind: 'sensor',
        line: recordLine(signedInOrder(own(event, fields), spool.status().collected), recordSender),
      },
    ]);
  const signedInOrder = (record: SensorRecord, order: number): SensorRecord =>
    identity.signed({ ...record, fields: { ...record.fields, collected: order } }, settings.host);
  const spool = openSpool({
    directory: join(stateDirectory, 'spool'),
    key,
    random,
    limits: { maxBytes: settings.spoolBytes, segmentBytes: Math.min(1 << 20, settings.spoolBytes / 16) },
    lostLine: (report) =>
      recordLine(
        identity.signed(
          {
            ...own('sensor.lost', {
              reason: report.reason,
              lost: report.lost,
              lost_total: totalOf(report),
              lost_from: report.from ?? '',
              lost_to: report.to ?? '',
            }),
            kind: 'lost',
          },
          settings.host,
        ),
        recordSender,
      ),
  });
  const sender = createSender({
    spool,
    transport,
    clock,
    random: () => fraction(random),
    log,
    source: (installation) => sourceName(settings.host, installation),
    keys: createKeyInUse({
      file: join(stateDirectory, 'sending.key'),
      spoolKey: key,
      random,
      current: apiKey,
    }),
    onRenumbered: (previous) => tell('sensor.renumbered', { previous }),
    onMayRepeat: ({ source, sequence, count, firstSha256, lastSha256 }) =>
      tell('sensor.may_repeat', {
        source,
        sequence,
        count,
        first_sha256: firstSha256,
        last_sha256: lastSha256,
        reason: 'the key these were sent with was taken away before the server answered',
      }),
  });
  const collectors = buildCollectors({
    ...needs,
    key,
    position: (name) => spool.position(name),
    sender: () => sender.status(),
  });
  const governor = createGovernor({
    clock,
    usedMs: () => needs.usedProcessorMs() + collectors.reduce((sum, { usedMs }) => sum + (usedMs?.() ?? 0), 0),
  });
  const finished = new AbortController();
  const receipts = createReceiptCollector({
    transport,
    receipts: () => spool.status().receipts,
    trust: createLogTrust(join(stateDirectory, 'log-trust.json')),
    evidenceDirectory: join(stateDirectory, 'evidence'),
    logKey: settings.logKey,
    remedy: settings.givenKey === undefined ? lineForKey(keySource(settings.host)) : undefined,
    clock,
    random: () => fraction(random),
    log,
    signal: finished.signal,
  });
  const watched = [...collectors, receipts];
  const heartbeat = createHeartbeat({
    clock,
    identity,
    host: settings.host,
    governor,
    startedMs: clock.nowMs(),
    memoryBytes: needs.memoryBytes,
    spool: () => spool.status(),
    sender: () => sender.status(),
    collectors: () => runner.health(),
    bootId: createHostFiles(settings.root).text('/proc/sys/kernel/random/boot_id', 100)?.trim(),
  });
  const beating: Collector = {
    name: 'heartbeat',
    everyMs: heartbeatMs,
    steady: true,
    collect: () => heartbeat.beat(),
    committed: () =>
      writeStatus(stateDirectory, {
        time: new Date(clock.nowMs()).toISOString(),
        ...heartbeat.fields(),
        coverage: watched.map((collector) => coverageFields(collector.coverage())),
      }),
    coverage: () => ({
      collector: 'heartbeat',
      state: 'full',
      sees: 'that the sensor runs',
      misses: '',
      remedy: undefined,
    }),
  };
  const runner = createRunner({
    collectors: [
      ...watched,
      createCoverageCollector({ collectors: watched, clock }),
      createPostureCollector({ files: createHostFiles(settings.root), clock }),
      beating,
    ],
    spool,
    governor,
    clock,
    log,
    sender: recordSender,
    signed: signedInOrder,
  });
  log.info('the sensor runs', {
    host: settings.host,
    installation: spool.installation(),
    waiting: spool.status().waiting,
  });
  runner.put([
    own('sensor.started', {
      installation: spool.installation(),
      key_id: identity.keyId,
      public_key: identity.publicKey,
      heartbeat_seconds: heartbeatMs / 1000,
      ProcessId: process.pid,
    }),
  ]);
  const vouching =
    settings.vouchSocket === undefined
      ? undefined
      : startVouching({ socketPath: settings.vouchSocket, identity, host: settings.host, clock, log });
  const sending = sendUntil(finished.signal);
  try {
    while (!stop.aborted) {
      await wait(await runner.tick(), stop).catch(() => undefined);
      // Nothing could be kept or sent any more. Started again it begins anew, and the server tells that its state was lost.
      if (!existsSync(join(stateDirectory, 'spool')))
        throw new SensorError('state_gone', `Cannot go on: "${join(stateDirectory, 'spool')}" was removed`);
    }
  } finally {
    vouching?.close();
    runner.put([own('sensor.stopped', { reason: String(stop.reason) })]);
    await Promise.race([sendAll(), wait(goodbyeMs, new AbortController().signal)]);
    finished.abort();
    await sending;
    runner.close();
    transport.close();
    spool.close();
  }

  async function sendUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const delayMs = await sender.step(signal);
      if (delayMs > 0) await wait(delayMs, AbortSignal.any([signal, stop])).catch(() => undefined);
      // What is left is sent by the goodbye.
      if (stop.aborted) return;
    }
  }

  async function sendAll(): Promise<void> {
    await sending;
    while (!finished.signal.aborted && (await sender.step(finished.signal)) === 0);
  }
}

/** Looks once and gives what there is to tell as lines; nothing is sent or kept. Two looks, half a second apart, as most of it shows only then. */
export async function collectOnce(needs: SensorNeeds & { readonly write: (line: string) => void }): Promise<void> {
  const { clock, random, wait, write } = needs;
  // A running sensor's state is its own.
  const settings = { ...needs.settings, stateDirectory: mkdtempSync(join(tmpdir(), 'sensor-once-')) };
  const collectors = buildCollectors({
    ...needs,
    settings,
    key: random(32),
    position: () => undefined,
    sender: () => startingStatus,
  });
  const all = [...collectors, createCoverageCollector({ collectors, clock })];
  try {
    for (const round of [1, 2]) {
      for (const collector of all) {
        const { records } = await collector.collect();
        for (const record of records) write(`${recordLine(record, senderOf(settings))}\n`);
      }
      if (round === 1) await wait(600, new AbortController().signal);
    }
  } finally {
    for (const collector of all) collector.close?.();
    rmSync(settings.stateDirectory, { recursive: true, force: true });
  }
}

/** Not kept safe: it is for people who look. */
function writeStatus(directory: string, status: JsonObject): void {
  const file = join(directory, 'status.json');
  try {
    writeFileSync(`${file}.part`, `${JSON.stringify(status, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.part`, file);
  } catch {
    // A full disk is told by the spool.
  }
}

/** A key that may also read the log, to take the place of the one that may not. */
function lineForKey(source: string): string {
  return `sallyport key create --scopes events:write,ledger:read --name ${source} --source ${source}`;
}
