import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filmSize, filmsMissing, playFilm, quietFilms } from '@sallyport/testing/camera-films';
import type { CameraFilm } from '@sallyport/testing/camera-films';
import sharp from 'sharp';
import { createCameraEye } from './camera-eye.ts';
import { decodePicture } from './decode-picture.ts';
import { unlessMissing } from './weights-testing.ts';

const skip = unlessMissing(filmsMissing());
const side = 416;
const perSecond = 8;

function quiet(name: string, seconds: number): CameraFilm {
  const film = quietFilms.find((each) => each.name === name);
  assert.ok(film !== undefined, name);
  return { ...film, seconds };
}

test(
  'a minute of people who walk through a yard is no replay of itself, nor is a mast that sways in a rhythm',
  { skip },
  async () => {
    for (const { film, perSecond: looks } of [
      { film: quiet('day', 60), perSecond: 4 },
      { film: quiet('shaking', 22), perSecond: 8 },
    ]) {
      const eye = createCameraEye({ firstTrack: 1, leastScore: 1, side });
      let pictures = 0;
      for await (const pixels of playFilm(film, { as: 'rgb', perSecond: looks })) {
        const { tamper } = await eye.see({ ...filmSize, pixels }, (pictures * 1000) / looks, undefined);
        assert.equal(tamper, undefined, `${film.name} at ${pictures / looks} s`);
        pictures += 1;
      }
      assert.ok(pictures > 170);
    }
  },
);

test(
  'a loop that is compressed otherwise in each lap, of which every second picture is looked at, is told',
  { skip },
  async () => {
    const film: Buffer[] = [];
    for await (const jpeg of playFilm(quiet('night', 8), { as: 'jpeg', perSecond })) film.push(Buffer.from(jpeg));
    assert.ok(film.length >= 62);
    const [before, loop] = [film.slice(0, 24), film.slice(24, 62)];
    const qualities = [82, 60, 45];
    const eye = createCameraEye({ firstTrack: 1, leastScore: 1, side });
    let told: { readonly kind: string; readonly seconds: number } | undefined;
    for (let frame = 0; frame < 240 && told === undefined; frame += 1 + (frame % 3)) {
      const inLoop = frame - before.length;
      const jpeg = inLoop < 0 ? before[frame] : loop[inLoop % loop.length];
      const quality = qualities[Math.floor(inLoop / loop.length) % qualities.length];
      const shown =
        inLoop < 0
          ? jpeg
          : await sharp(jpeg)
              .jpeg({ quality: quality ?? 82 })
              .toBuffer();
      const picture = await decodePicture(shown ?? new Uint8Array(), side);
      const { tamper } = await eye.see(picture, frame * 125, undefined);
      if (tamper !== undefined) told = { kind: tamper.kind, seconds: inLoop / perSecond };
    }
    assert.equal(told?.kind, 'replayed');
    assert.ok(told.seconds > loop.length / perSecond && told.seconds < 25, String(told.seconds));
  },
);
