// A camera that sends over its socket, and a viewer that tells how many of its pictures were looked at.
import { isJsonObject, parseJson } from '@sallyport/contracts';
import type { JsonObject } from '@sallyport/contracts';
import { openWebSocket } from './web-socket.ts';

export type CameraUnderTest = {
  /** As taken now. */
  send(jpeg: Uint8Array): void;
  /** Different pictures that perception has looked at, as the live view says. */
  looks(): number;
  end(): Promise<void>;
};

export async function openCamera(server: {
  readonly address: string;
  /** Of a program that may see cameras. */
  readonly viewerKey: string;
  readonly cameraId: string;
  readonly token: string;
}): Promise<CameraUnderTest> {
  const origin = server.address.replace('http', 'ws');
  const sender = await openWebSocket({
    url: `${origin}/v1/cameras/send`,
    protocols: ['sallyport-camera.1'],
    headers: { authorization: `Bearer ${server.token}` },
  });
  const viewer = await openWebSocket({
    url: `${origin}/v1/cameras/live`,
    headers: { authorization: `Bearer ${server.viewerKey}` },
  });
  const looked = new Set<number>();
  let isOver = false;
  let sequence = 0;
  viewer.send(JSON.stringify({ type: 'watch', cameras: [{ id: server.cameraId, per_second: 10 }] }));
  const follow = async (): Promise<void> => {
    while (!isOver) {
      const message = await viewer.next();
      if (typeof message === 'string') continue;
      const bytes = Buffer.from(message);
      const header = objectIn(bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString('utf8'));
      if (typeof header['objects_sequence'] === 'number') looked.add(header['objects_sequence']);
      viewer.send(JSON.stringify({ type: 'shown', camera: server.cameraId, sequence: header['sequence'] ?? 0 }));
    }
  };
  // Ends with its socket.
  const following = follow().catch(() => undefined);
  sender.send(JSON.stringify({ type: 'hello', width: 416, height: 312, audio: false }));
  return {
    send(jpeg) {
      const header = Buffer.from(JSON.stringify({ kind: 'frame', sequence, captured_ms: Date.now() }));
      const length = Buffer.alloc(4);
      length.writeUInt32BE(header.length);
      sender.send(Buffer.concat([length, header, jpeg]));
      sequence += 1;
    },
    looks: () => looked.size,
    async end() {
      isOver = true;
      await sender.end();
      await viewer.end();
      await following;
    },
  };
}

function objectIn(text: string): JsonObject {
  const value = parseJson(text);
  return isJsonObject(value) ? value : {};
}
