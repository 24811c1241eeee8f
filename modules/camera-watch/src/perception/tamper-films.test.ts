import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  filmSize,
  filmsMissing,
  playFilm,
  quietFilms,
  tamperFilms,
  tamperedAtSeconds,
} from '@sallyport/testing/camera-films';
import type { CameraFilm } from '@sallyport/testing/camera-films';
import { createCameraEye } from './camera-eye.ts';
import { unlessMissing } from './weights-testing.ts';

const perSecond = 5;
const betweenMs = 1000 / perSecond;
const skip = unlessMissing(filmsMissing());

/** Seconds after it was done until it is told: a lens that is shut at once, paint and a standing picture when it is sure. */
const withinSeconds: Readonly<Record<string, number>> = { sprayed: 3.6, frozen: 2.4, replayed: 2 };
const otherwiseSeconds = 1;

type Told = { readonly kind: string; readonly atSeconds: number };

async function watch(film: CameraFilm): Promise<{ readonly told: readonly Told[]; readonly pictures: number }> {
  const eye = createCameraEye({ firstTrack: 1, leastScore: 1, side: 416 });
  const told: Told[] = [];
  let pictures = 0;
  for await (const pixels of playFilm(film, { as: 'rgb', perSecond })) {
    const { tamper } = await eye.see({ ...filmSize, pixels }, pictures * betweenMs, undefined);
    if (tamper !== undefined) told.push({ kind: tamper.kind, atSeconds: pictures / perSecond });
    pictures += 1;
  }
  return { told, pictures };
}

/** Two at a time: a film is made by a process of its own. */
async function watchAll(films: readonly CameraFilm[]): Promise<Map<string, readonly Told[]>> {
  const left = [...films];
  const results = new Map<string, readonly Told[]>();
  const work = async (): Promise<void> => {
    for (let film = left.shift(); film !== undefined; film = left.shift()) {
      const { told, pictures } = await watch(film);
      assert.ok(pictures >= film.seconds * perSecond - 2, `"${film.name}" has only ${pictures} pictures`);
      results.set(film.name, told);
    }
  };
  await Promise.all([work(), work()]);
  return results;
}

test('no light, rain, headlight or shaking is told as tampering', { skip }, async () => {
  const results = await watchAll(quietFilms);
  assert.ok(results.size >= 14);
  for (const [name, told] of results) assert.deepEqual(told, [], name);
});

test('whatever is done to a camera is told for what it is, at once, and as long as it lasts', { skip }, async () => {
  const results = await watchAll(tamperFilms);
  assert.ok(results.size >= 15);
  for (const { name, tamper, seconds } of tamperFilms) {
    const told = results.get(name) ?? [];
    const [first] = told;
    assert.ok(first !== undefined, `"${name}" is told`);
    assert.equal(first.kind, tamper, name);
    const late = first.atSeconds - tamperedAtSeconds;
    assert.ok(late >= 0 && late <= (withinSeconds[name] ?? otherwiseSeconds), `"${name}" is told after ${late} s`);
    // A replayed film begins anew with its own noise of a cut; everything else lasts to the end.
    if (tamper !== 'replayed')
      assert.equal(told.length, Math.round((seconds - first.atSeconds) * perSecond), `"${name}" goes on`);
  }
});
