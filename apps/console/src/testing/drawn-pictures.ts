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
