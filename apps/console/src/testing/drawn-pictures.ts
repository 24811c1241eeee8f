import type { Page } from 'playwright-core';

/** Eight pictures of something that walks through a yard, as JPEG. Drawn by the browser: nothing has to be installed for them. */
export async function drawnPictures(page: Page): Promise<Uint8Array[]> {
  const addresses: string[] = await page.evaluate(`(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
    const brush = canvas.getContext('2d');
    return Array.from({ length: 8 }, (_, at) => {
      const sky = brush.createLinearGradient(0, 0, 0, 360);
      sky.addColorStop(0, '#8fa9bd');
      sky.addColorStop(1, '#5d6b54');
      brush.fillStyle = sky;
      brush.fillRect(0, 0, 640, 360);
      for (let line = 0; line < 24; line += 1) {
        brush.fillStyle = line % 2 === 0 ? '#6d5f52' : '#7b6c5d';
        brush.fillRect(40 + line * 24, 90, 22, 80);
      }
      brush.fillStyle = '#23262b';
      brush.fillRect(60 + at * 60, 190, 34, 110);
      brush.beginPath();
      brush.arc(77 + at * 60, 172, 18, 0, 7);
      brush.fill();
      return canvas.toDataURL('image/jpeg', 0.8);
    });
  })()`);
  return addresses.map((address) => Buffer.from(address.split(',')[1] ?? '', 'base64'));
}

/**
 * As many pictures of the same place as a living camera sends: with noise, no two the same. `turnedBy` pixels the camera
 * looks further to the right.
 */
export async function noisyPictures(
  page: Page,
  given: { readonly count: number; readonly turnedBy: number },
): Promise<Uint8Array[]> {
  const addresses: string[] = await page.evaluate(`(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 416, height: 312 });
    const brush = canvas.getContext('2d');
    return Array.from({ length: ${given.count} }, (_, at) => {
      const picture = brush.createImageData(416, 312);
      let seed = at + 1 + ${given.turnedBy};
      for (let pixel = 0; pixel < 416 * 312; pixel += 1) {
        const x = (pixel % 416) + ${given.turnedBy};
        const y = Math.floor(pixel / 416);
        const house = 60 + ((Math.floor(x / 53) * 37) % 90);
        const isWindow = x % 53 > 12 && x % 53 < 36 && y % 60 > 15 && y % 60 < 45;
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        const level = (isWindow ? house + 70 : house) + (seed >>> 30);
        picture.data.set([level, level, level, 255], pixel * 4);
      }
      brush.putImageData(picture, 0, 0);
      return canvas.toDataURL('image/jpeg', 0.85);
    });
  })()`);
  return addresses.map((address) => Buffer.from(address.split(',')[1] ?? '', 'base64'));
}
