// A MessageSocket that keeps what is sent, for tests of its listeners.
import { isJsonObject, parseJson, type JsonObject } from '@sallyport/contracts';
import type { MessageSocket } from '@sallyport/platform/http';
import { decodeMessage, type BinaryMessage } from './message-codec.ts';

export type MemorySocket = MessageSocket & {
  /** Text messages since the last call, parsed. */
  said(): readonly JsonObject[];
  /** Binary messages since the last call. */
  shown(): readonly BinaryMessage[];
  closed: { readonly code: number; readonly reason: string } | undefined;
  waiting: number;
};

export function createMemorySocket(): MemorySocket {
  let texts: JsonObject[] = [];
  let pictures: BinaryMessage[] = [];
  const socket: MemorySocket = {
    closed: undefined,
    waiting: 0,
    waitingBytes: () => socket.waiting,
    send(message) {
      if (typeof message !== 'string') {
        pictures.push(decodeMessage(message));
        return;
      }
      const value = parseJson(message);
      if (isJsonObject(value)) texts.push(value);
    },
    close(code, reason) {
      socket.closed = { code, reason };
    },
    said() {
      const taken = texts;
      texts = [];
      return taken;
    },
    shown() {
      const taken = pictures;
      pictures = [];
      return taken;
    },
  };
  return socket;
}

/** Begins as a JPEG does, and is none. */
export function picture(content = 'x'): Uint8Array {
  return Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from(content)]);
}
