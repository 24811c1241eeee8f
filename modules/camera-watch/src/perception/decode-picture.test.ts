import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import sharp from 'sharp';
import { codeOf } from '@sallyport/platform/errors';
import { decodePicture, restrictDecoder } from './decode-picture.ts';

let jpeg = Buffer.alloc(0);
let png = Buffer.alloc(0);

before(async () => {
  const noise = Buffer.from(Array.from({ length: 640 * 480 * 3 }, (_, at) => (at * 7919) % 251));
  const picture = sharp(noise, { raw: { width: 640, height: 480, channels: 3 } });
  jpeg = await picture.clone().jpeg().toBuffer();
  png = await picture.clone().png().toBuffer();
  restrictDecoder();
});

const refused = { code: 'picture_unreadable' } as const;

test('decodePicture() gives red, green, blue within the side asked for, and the size it had', async () => {
  const picture = await decodePicture(jpeg, 416);
  assert.deepEqual([picture.width, picture.height], [416, 312]);
  assert.deepEqual([picture.originalWidth, picture.originalHeight], [640, 480]);
  assert.equal(picture.pixels.length, 416 * 312 * 3);
});

test('decodePicture() makes three colours of a grey picture', async () => {
  const grey = await sharp(jpeg).greyscale().jpeg().toBuffer();
  const { pixels, width, height } = await decodePicture(grey, 416);
  assert.equal(pixels.length, width * height * 3);
});

test('decodePicture() reads nothing but JPEG, whatever else the library could', async () => {
  await assert.rejects(decodePicture(png, 416), refused);
  // As if it were one: the name of the format is in its first bytes.
  await assert.rejects(decodePicture(Buffer.concat([Buffer.of(0xff, 0xd8, 0xff), png]), 416), refused);
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>');
  await assert.rejects(decodePicture(svg, 416), refused);
});

test('decodePicture() refuses a header that claims 65,500 × 65,500 before it takes the memory', async () => {
  const giant = Buffer.from(jpeg);
  const frame = giant.indexOf(Buffer.of(0xff, 0xc0));
  assert.ok(frame > 0);
  giant.writeUInt16BE(65_500, frame + 5);
  giant.writeUInt16BE(65_500, frame + 7);
  const before = process.memoryUsage().rss;
  await assert.rejects(decodePicture(giant, 416), refused);
  assert.ok(process.memoryUsage().rss - before < 256 * 1024 * 1024);
});

test('decodePicture() refuses a truncated picture: half of it would be grey, as behind a hand', async () => {
  await assert.rejects(decodePicture(jpeg.subarray(0, jpeg.length / 2), 416), refused);
  await assert.rejects(decodePicture(jpeg.subarray(0, 20), 416), refused);
  await assert.rejects(decodePicture(new Uint8Array(0), 416), refused);
});

test('decodePicture() answers any bytes with a picture or a refusal', async () => {
  const damage = fc.array(fc.tuple(fc.nat(jpeg.length > 0 ? jpeg.length - 1 : 60_000), fc.nat(255)), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(damage, async (changes) => {
      const bytes = Buffer.from(jpeg);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      try {
        const { pixels, width, height } = await decodePicture(bytes, 64);
        assert.equal(pixels.length, width * height * 3);
      } catch (error) {
        assert.equal(codeOf(error), 'picture_unreadable');
      }
    }),
    { numRuns: 60 },
  );
});
