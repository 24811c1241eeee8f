import { nameStream } from '../../api/proven-streams.ts';
import type { LineSocket } from './live-frames.ts';

/** The live socket of this server, with the session this page has. */
export function openLine(): LineSocket {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const stream = nameStream();
  const socket = new WebSocket(`${scheme}://${location.host}/v1/cameras/live?stream=${stream.name}`);
  socket.binaryType = 'arraybuffer';
  const line: LineSocket = {
    send: (text) => socket.send(text),
    close: () => socket.close(),
    onOpen: () => undefined,
    onMessage: () => undefined,
    onClose: () => undefined,
  };
  socket.addEventListener('open', () => {
    stream.opened();
    line.onOpen();
  });
  socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => line.onMessage(data));
  socket.addEventListener('close', () => {
    stream.closed();
    line.onClose();
  });
  return line;
}

/** The browser decodes in a thread of its own. */
export function decodeJpeg(jpeg: Uint8Array<ArrayBuffer>): Promise<ImageBitmap> {
  return createImageBitmap(new Blob([jpeg], { type: 'image/jpeg' }));
}
