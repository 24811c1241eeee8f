import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { filmsMissing, playFilm, quietFilms, tamperFilms, tamperedAtSeconds } from '@sallyport/testing/camera-films';
import type { CameraFilm } from '@sallyport/testing/camera-films';
import { fetchedWeightsDirectory } from '@sallyport/content';
import type { JsonObject } from '@sallyport/contracts';
import type { Bench } from './bench.ts';
import { residentMebibytesOf } from './machine.ts';
import { startPerceiver } from './perceiver-process.ts';
import { repositoryRoot, withDirectory } from './repository.ts';
import { latencies, rounded } from './statistics.ts';

const cameras = 10;
const perSecond = 10;
/** Where in the yard's film the films begin: other people each time. */
const begins = [0, 35] as const;
/** Pictures of a loop's eight a second that go by until the next one is looked at. */
const replayStrides = [1, 2, 4] as const;
const loopPictures = 60;
const loopLimitMs = 60_000;
const models = [
  { file: 'yolox_nano_416.onnx', directory: join(repositoryRoot, '..', 'shared', 'models') },
  { file: 'coco-ssd/model.json', directory: fetchedWeightsDirectory },
] as const;

export const cameraPerception: Bench = {
  name: 'camera-perception',
  target: 'Cameras: 30 frames a second and core with YOLOX-Nano; every tampering told, no false alarm',
  run: ({ options, progress }) =>
    withDirectory(options.directory, async (empty) => {
      const missing = filmsMissing();
      if (missing !== undefined) throw new Error(`Missing for this bench: ${missing}`);
      const seconds = options.seconds ?? (options.tiny ? 2 : 79);
      progress('making the film');
      const jpegs: Buffer[] = [];
      const yard: CameraFilm = { name: 'yard', tamper: undefined, seconds, graph: '[in]null[out]' };
      const size = { width: 768, height: 576 };
      for await (const jpeg of playFilm(yard, { as: 'jpeg', perSecond: 5, size })) jpegs.push(jpeg);
      const blind = await measureModel(empty, jpegs);
      const figures: Record<string, JsonObject> = { without_model: blind };
      for (const { file, directory } of models) {
        if (!existsSync(join(directory, file))) {
          progress(`without ${file}: it is not in ${directory}`);
          continue;
        }
        progress(file);
        const measured = await measureModel(directory, jpegs);
        const model_ms = rounded(measured.cpu_ms_per_frame - blind.cpu_ms_per_frame);
        figures[measured.model] = { ...measured, model_ms };
      }
      const films = options.tiny
        ? [...quietFilms.slice(0, 1), ...tamperFilms.slice(0, 1)]
        : [...quietFilms, ...tamperFilms];
      const tamper = await measureTamper(empty, films, options.tiny ? [0] : begins, progress);
      return {
        processed: jpegs.length,
        inputs: {
          frames: jpegs.length,
          width: size.width,
          height: size.height,
          cameras_at_once: cameras,
          films: films.length,
        },
        figures: {
          ...figures,
          tamper,
          replays: await measureReplays(empty, options.tiny ? 1 : replayStrides.length, progress),
        },
        ratios: {
          tamper_told: rounded(tamper.told / Math.max(1, tamper.tampered)),
          false_alarms: rounded(tamper.false_alarms / Math.max(1, tamper.quiet)),
        },
        notes: [
          'frames_per_second_and_core counts CPU of the whole process, JPEG to answer, so it hardly depends on what else runs; the frames are of a yard where somebody always walks, so the model looks at each',
          'model_ms is what the model adds to the CPU of a frame; latency_ms is from call to answer with nothing else under way',
          'films of tampering are at ten pictures a second as JPEG; told_after_ms is from the first picture it is done in',
        ],
      };
    }),
};

async function measureModel(directory: string, jpegs: readonly Buffer[]) {
  const perceiver = await startPerceiver(directory);
  try {
    const [first] = jpegs;
    if (first !== undefined) await perceiver.perceive('warm', first, 0);
    const began = perceiver.cpuSeconds();
    const tookMs: number[] = [];
    const persons: number[] = [];
    for (const [index, jpeg] of jpegs.entries()) {
      const at = performance.now();
      persons.push((await perceiver.perceive('yard', jpeg, index * 200)).persons);
      tookMs.push(performance.now() - at);
    }
    const cpuMs = ((perceiver.cpuSeconds() - began) * 1000) / jpegs.length;
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: cameras }, async (_, camera) => {
        // Each begins elsewhere in the film; every tenth frame is enough.
        for (let index = camera; index < jpegs.length; index += cameras) {
          const jpeg = jpegs[index];
          if (jpeg !== undefined) await perceiver.perceive(`camera ${camera}`, jpeg, index * 200);
        }
      }),
    );
    return {
      model: perceiver.model ?? 'none',
      cpu_ms_per_frame: rounded(cpuMs),
      frames_per_second_and_core: rounded(1000 / cpuMs),
      latency_ms: latencies(tookMs.map(rounded)),
      frames_per_second_of_ten_cameras: rounded((jpegs.length * 1000) / (performance.now() - startedAt)),
      persons_mean: rounded(persons.reduce((sum, count) => sum + count, 0) / persons.length),
      persons_least: Math.min(...persons),
      resident_mebibytes: residentMebibytesOf(perceiver.pid) ?? 0,
    };
  } finally {
    perceiver.stop();
  }
}

async function measureTamper(
  directory: string,
  films: readonly CameraFilm[],
  starts: readonly number[],
  progress: (line: string) => void,
) {
  const perceiver = await startPerceiver(directory);
  const shown: { readonly film: CameraFilm; readonly beginSeconds: number; readonly first: First | undefined }[] = [];
  try {
    for (const film of films) {
      progress(film.name);
      for (const beginSeconds of starts) {
        shown.push({ film, beginSeconds, first: await firstTold(perceiver, film, beginSeconds) });
      }
    }
  } finally {
    perceiver.stop();
  }
  const quiet = shown.filter(({ film }) => film.tamper === undefined);
  const tampered = shown.filter(({ film }) => film.tamper !== undefined);
  const lateOf = (first: First): number => first.atMs - tamperedAtSeconds * 1000;
  const told = tampered.flatMap(({ film, first }) =>
    first === undefined || lateOf(first) < 0 ? [] : [{ film, kind: first.kind, lateMs: lateOf(first) }],
  );
  const named = films.filter(({ name }) => told.some(({ film }) => film.name === name));
  return {
    quiet: quiet.length,
    false_alarms: quiet.filter(({ first }) => first !== undefined).length,
    tampered: tampered.length,
    told: told.length,
    told_as_another_kind: told.filter(({ film, kind }) => film.tamper !== kind).length,
    told_after_ms: Object.fromEntries(
      named.map(({ name }) => [
        name,
        Math.max(...told.filter(({ film }) => film.name === name).map(({ lateMs }) => lateMs)),
      ]),
    ),
    wrong: shown
      .filter(({ film, first }) => first?.kind !== film.tamper || (first !== undefined && lateOf(first) < 0))
      .map(({ film, beginSeconds, first }) =>
        first === undefined
          ? `${film.name} from ${beginSeconds} s: never told`
          : `${film.name} from ${beginSeconds} s: ${first.kind} at ${first.atMs} ms`,
      ),
  };
}

/** Ten seconds of a yard, then a loop of 7.5 s that was compressed anew: seconds into the loop until it is told. */
async function measureReplays(directory: string, strides: number, progress: (line: string) => void) {
  const shot = async (graph: string): Promise<Buffer[]> => {
    const jpegs: Buffer[] = [];
    const film: CameraFilm = { name: 'loop', tamper: undefined, seconds: 17.5, graph };
    for await (const jpeg of playFilm(film, { as: 'jpeg', perSecond: 8 })) jpegs.push(Buffer.from(jpeg));
    return jpegs;
  };
  const noise = 'noise=alls=3:allf=t:all_seed=7';
  const first = await shot(`[in]${noise}[out]`);
  const anew = await shot(`[in]${noise},scale=336:252,scale=416:312[out]`);
  const perceiver = await startPerceiver(directory);
  const told: Record<string, number | null> = {};
  try {
    for (const [name, laps] of Object.entries({ same: [first], compressed_anew: [first, anew] })) {
      for (const stride of replayStrides.slice(0, strides)) {
        progress(`loop, ${name}, one of ${stride} pictures looked at`);
        told[`${name}_one_of_${stride}`] = (await secondsToReplay(perceiver, laps, stride)) ?? null;
      }
    }
  } finally {
    perceiver.stop();
  }
  return { told_seconds_into_the_loop: told };
}

async function secondsToReplay(
  perceiver: Awaited<ReturnType<typeof startPerceiver>>,
  laps: readonly (readonly Buffer[])[],
  stride: number,
): Promise<number | undefined> {
  const before = (laps[0]?.length ?? 0) - loopPictures;
  for (let frame = 0; (frame - before) * 125 < loopLimitMs; frame += stride) {
    const inLoop = frame - before;
    const lap = laps[Math.max(0, Math.floor(inLoop / loopPictures)) % laps.length];
    const jpeg = lap?.[inLoop < 0 ? frame : before + (inLoop % loopPictures)];
    if (jpeg === undefined) throw new Error('The film of the loop is too short');
    const { tamper } = await perceiver.perceive(`loop ${laps.length} ${stride}`, jpeg, frame * 125);
    if (tamper === 'replayed') return rounded((inLoop * 125) / 1000);
  }
  return undefined;
}

type First = { readonly kind: string; readonly atMs: number };

async function firstTold(
  perceiver: Awaited<ReturnType<typeof startPerceiver>>,
  film: CameraFilm,
  beginSeconds: number,
): Promise<First | undefined> {
  let index = 0;
  let first: First | undefined;
  for await (const jpeg of playFilm(film, { as: 'jpeg', perSecond, beginSeconds })) {
    const atMs = (index * 1000) / perSecond;
    const { tamper } = await perceiver.perceive(`${film.name} ${beginSeconds}`, jpeg, atMs);
    if (tamper !== undefined) first ??= { kind: tamper, atMs };
    index += 1;
  }
  if (index === 0) throw new Error(`The film "${film.name}" is empty`);
  return first;
}
