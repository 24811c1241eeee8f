import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createCameraWatch,
  createPerception,
  createRecording,
  createRecordingFiles,
  createRecordingRoutes,
  createScenes,
  createWatching,
  createWatchingRoutes,
} from '@sallyport/camera-watch';
import type {
  CameraWatch,
  Perception,
  Recording,
  RecordingNeeds,
  WatchedCamera,
  Watching,
} from '@sallyport/camera-watch';
import type { Devices } from '@sallyport/device-fleet';
import type { LedgerClient, Outbox } from '@sallyport/ledger';
import type { Clock } from '@sallyport/platform/clock';
import type { Database } from '@sallyport/platform/database';
import type { RoutePlugin } from '@sallyport/platform/http';
import { errorFields } from '@sallyport/platform/log';
import type { Log } from '@sallyport/platform/log';
import type { Children } from './children.ts';
import type { ColumnKeyrings } from './column-keys.ts';
import type { ServerConfig } from './config.ts';
import { consoleDirectory } from './console-files.ts';
import { secretKey } from './secret-key.ts';
import { secretNames } from './secret-names.ts';
import { delay } from './timers.ts';

type CameraServiceNeeds = {
  readonly config: ServerConfig;
  readonly database: Database;
  readonly outbox: Outbox;
  readonly ledger: LedgerClient;
  readonly devices: Devices;
  readonly children: Pick<Children, 'startPerceiver' | 'startWebrtc'>;
  readonly columnKeyrings: ColumnKeyrings;
  readonly clock: Clock;
  readonly every: (intervalMs: number, task: () => void) => () => void;
  readonly random: (length: number) => Uint8Array;
  readonly log: Log;
  readonly heldTimes: NonNullable<RecordingNeeds['heldTimes']>;
};

export type CameraServices = {
  readonly cameras: CameraWatch;
  readonly recording: Recording;
  readonly perception: Perception;
  readonly watching: Watching;
  readonly routes: readonly RoutePlugin[];
  close(): Promise<void>;
};

/** A camera that is added or approved is looked for so often, and a perceiver that ended. */
const readyEveryMs = 2000;

/** Everything of the cameras, in the order pictures go through it. */
export async function createCameraServices(needs: CameraServiceNeeds): Promise<CameraServices> {
  const { config, devices, ledger, children } = needs;
  const watch: { of: Perception['watchOf'] } = { of: () => 'starting' };
  const cameras = await createCameraWatch({
    ...needs,
    delay,
    watchOf: (id) => watch.of(id),
    sealingKey: await secretKey(ledger.secrets, secretNames.cameras),
    columnKeys: await needs.columnKeyrings.open(secretNames.cameraColumns),
    allowLoopback: config.localCameras,
    webrtc: {
      connect: () => children.startWebrtc(),
      deadline: (ms) => AbortSignal.timeout(ms),
      address: config.webrtc,
    },
  });
  const moments: { between: RecordingNeeds['momentsBetween'] } = { between: async () => [] };
  const recording = await createRecording({
    ...needs,
    hub: cameras.hub,
    sealingKey: await secretKey(ledger.secrets, secretNames.recordings),
    files: createRecordingFiles(join(config.dataDirectory, 'recordings')),
    isSignedBy: (id, proof, signature) => devices.isSignedBy(id, proof, signature),
    describeCamera: async (id) => cameras.find(id) ?? cameras.findFormer(id) ?? formerCamera(devices.find(id)),
    momentsBetween: (id, fromMs, toMs) => moments.between(id, fromMs, toMs),
    clipPage,
    limits: { lowDiskBytes: 4 * config.diskWatermarkBytes, fullDiskBytes: 2 * config.diskWatermarkBytes },
  });
  const watchingKey = await secretKey(ledger.secrets, secretNames.cameraWatching);
  const scenes = await createScenes({ ...needs, sealingKey: watchingKey });
  const perception = createPerception({
    ...needs,
    scenes,
    connect: () => children.startPerceiver(),
    processes: 1,
    deadline: (ms) => AbortSignal.timeout(ms),
  });
  watch.of = (id) => perception.watchOf(id);
  const watching = await createWatching({
    ...needs,
    delay,
    sealingKey: watchingKey,
    columnKeys: await needs.columnKeyrings.open(secretNames.cameraColumns),
    findCamera: (id) => watchedCamera(cameras.find(id)),
    subscribeFrames: (listener) => cameras.hub.subscribe(listener),
    subscribePictures: (listener) => perception.subscribe(listener),
    savePicture: (jpeg) => recording.savePicture(jpeg),
    learnAnew: (id) => perception.learnAnew(id),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
  moments.between = async (id, fromMs, toMs) =>
    (await watching.momentsBetween(id, fromMs, toMs)).map(
      ({ fromMs: from, toMs: to, id: name, kind, label, zone, picture }) => ({
        id: name,
        kind,
        ...(label === undefined ? {} : { label }),
        ...(zone === undefined ? {} : { zone }),
        from_ms: from,
        to_ms: to,
        ...(picture === undefined ? {} : { picture }),
      }),
    );
  cameras.onDepart((id, why) => {
    watching
      .depart(id, why)
      .catch((error: unknown) => needs.log.error('What was kept of a camera was not forgotten', errorFields(error)));
    recording
      .cameraOff(id)
      .catch((error: unknown) => needs.log.error('That a camera is off is not in its timeline', errorFields(error)));
    if (why === 'said_goodbye' || why === 'page_closed') return;
    perception
      .forget(id)
      .catch((error: unknown) => needs.log.error('What a camera usually saw was not forgotten', errorFields(error)));
  });
  // Loading a model takes seconds, in which the first camera would not be watched.
  const getReady = (): void => {
    if (cameras.list().length > 0) perception.start();
  };
  getReady();
  const stopGettingReady = needs.every(readyEveryMs, getReady);
  const stopPerceiving = cameras.hub.subscribe((frame) => void perception.perceive(frame));
  // After the watch, so that what is shown as tampered with is what was told.
  perception.subscribe(({ cameraId, sequence, objects }) =>
    cameras.see(cameraId, { sequence, objects, tampered: watching.tamperOf(cameraId) }),
  );
  const stopRevoking = devices.onRevoked((id) => cameras.cut(id));
  const stopNoting = cameras.hub.subscribe(({ cameraId }) => devices.noteSeen(cameraId));
  return {
    cameras,
    recording,
    perception,
    watching,
    routes: [...cameras.routes, createRecordingRoutes(recording), createWatchingRoutes(watching)],
    async close() {
      stopRevoking();
      stopNoting();
      stopPerceiving();
      stopGettingReady();
      await cameras.close();
      perception.close();
      await scenes.close();
      await watching.close();
      await recording.close();
    },
  };
}

/** Read each time: the console may be built while the server runs. */
function clipPage(): string | undefined {
  try {
    return readFileSync(join(consoleDirectory, 'clip.html'), 'utf8');
  } catch {
    return undefined;
  }
}

/** A camera without a place or a site has an empty one. */
/** A device that is no camera any more keeps its name in what it recorded. */
function formerCamera(device: ReturnType<Devices['find']>): { name: string; place: string } | undefined {
  return device === undefined ? undefined : { name: device.name, place: device.place ?? '' };
}

function watchedCamera(found: ReturnType<CameraWatch['find']>): WatchedCamera | undefined {
  if (found === undefined) return undefined;
  const { id, name, place, site } = found;
  return { id, name, ...(place === '' ? {} : { place }), ...(site === '' ? {} : { site }) };
}
