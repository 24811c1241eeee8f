import type { IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { filmsMissing, playFilm, quietFilms, tamperedAtSeconds, tamperFilms } from '@sallyport/testing/camera-films';
import { openCamera } from '@sallyport/testing/camera-under-test';
import { askWithFetch, createDeviceUnderTest, enrolDevice } from '@sallyport/testing/device-under-test';
import type { Bench } from './bench.ts';
import { readObject, textOf } from './read-json.ts';
import { withDirectory } from './repository.ts';
import { startServer } from './running-server.ts';
import type { RunningServer } from './running-server.ts';
import { latencies, rounded } from './statistics.ts';

const targetMs = 1000;
const perSecond = 10;
/** Pictures looked at before the lens is covered: the camera's scene is known by then. */
const learntAfter = 25;
const limitMs = 30_000;

export const cameraAlert: Bench = {
  name: 'camera-alert',
  target: 'From the first picture of a covered lens to its alert on the stream: p99 under 1 s',
  run: ({ options, progress }) =>
    withDirectory(options.directory, async (directory) => {
      const missing = filmsMissing();
      if (missing !== undefined) throw new Error(`Missing for this bench: ${missing}`);
      const rounds = options.rounds ?? (options.tiny ? 1 : 10);
      const [clear, covered] = [await picturesOf('day', 0), await picturesOf('covered, dark', tamperedAtSeconds)];
      const server = await startServer(directory, options.profileDirectory);
      try {
        const arrivals = watchCameraAlerts(await server.open('/v1/alerts/stream'));
        const found: number[] = [];
        for (let round = 0; round < rounds; round += 1) {
          const latencyMs = await cover(server, { name: `Camera ${round}`, clear, covered, arrivals });
          if (latencyMs !== undefined) found.push(latencyMs);
          progress(
            `round ${round + 1}/${rounds}: ${latencyMs === undefined ? 'missed' : `${latencyMs.toFixed(0)} ms`}`,
          );
        }
        arrivals.close();
        const missed = rounds - found.length;
        const { p50, p99, max } = latencies(found);
        return {
          processed: missed === 0 ? found.length : 0,
          inputs: { cameras: rounds, pictures_per_second: perSecond, learnt_after_pictures: learntAfter },
          figures: { covered_to_alert_ms: { p50: rounded(p50), p99: rounded(p99), max: rounded(max) }, missed },
          ratios: { p99_to_target: rounded(p99 / targetMs) },
          notes: [
            'one camera at a time; each is new, as a second time would join the alert of the first',
            'two pictures have to show it for perception and one more for the watch: 200 ms of the figure at this pace',
          ],
        };
      } finally {
        await server.stop();
      }
    }),
};

async function picturesOf(name: string, fromSeconds: number): Promise<readonly Buffer[]> {
  const film = [...quietFilms, ...tamperFilms].find((one) => one.name === name);
  if (film === undefined) throw new TypeError(`There is no film "${name}"`);
  const pictures: Buffer[] = [];
  for await (const jpeg of playFilm(film, { as: 'jpeg', perSecond })) pictures.push(jpeg);
  return pictures.slice(fromSeconds * perSecond);
}

/** From the first picture of the covered lens to the alert; undefined when none came. */
async function cover(
  server: RunningServer,
  input: {
    readonly name: string;
    readonly clear: readonly Buffer[];
    readonly covered: readonly Buffer[];
    readonly arrivals: CameraAlerts;
  },
): Promise<number | undefined> {
  const device = createDeviceUnderTest(server.address);
  const manage = askWithFetch(server.address, { authorization: `Bearer ${server.operatorKey}` });
  const cameraId = await enrolDevice(device, manage, { name: input.name });
  const token = await device.token();
  const camera = await openCamera({ address: server.address, viewerKey: server.operatorKey, cameraId, token });
  try {
    for (const jpeg of input.clear) {
      camera.send(jpeg);
      await wait(1000 / perSecond);
      if (camera.looks() >= learntAfter) break;
    }
    const startMs = performance.now();
    for (const jpeg of input.covered) {
      camera.send(jpeg);
      await wait(1000 / perSecond);
      if (input.arrivals.of(cameraId) !== undefined) break;
    }
    while (input.arrivals.of(cameraId) === undefined && performance.now() - startMs < limitMs) await wait(5);
    const arrivedMs = input.arrivals.of(cameraId);
    return arrivedMs === undefined ? undefined : arrivedMs - startMs;
  } finally {
    await camera.end();
  }
}

type CameraAlerts = { of(cameraId: string): number | undefined; close(): void };

/** When the first alert of a covered camera came, by its id. */
function watchCameraAlerts(response: IncomingMessage): CameraAlerts {
  const arrived = new Map<string, number>();
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    const nowMs = performance.now();
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('data: ')) continue;
      const alert = readObject(line.slice(6));
      const camera = textOf(alert['camera']);
      if (alert['title'] === 'Camera Black: Covered, or the Light Went Out' && !arrived.has(camera))
        arrived.set(camera, nowMs);
    }
  });
  response.on('error', () => undefined);
  return { of: (cameraId) => arrived.get(cameraId), close: () => void response.destroy() };
}
