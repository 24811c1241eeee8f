import { idNear, readMessage, rpcCodes } from './json-rpc.ts';
import type { ReadMessage } from './json-rpc.ts';

/** Of a line that is too long: enough of both ends to tell whose it was. */
const keptEnd = 512;
const lineEnd = 0x0a;

/**
 * Messages of a stream of bytes, one a line. Holds at most `maxBytes` of a line that has not ended: of a longer one the rest is let go as
 * it comes, and it is one refusal. Bytes that are no UTF-8 are a refusal too.
 */
export function createLineReader({
  maxBytes,
  onMessage,
}: {
  readonly maxBytes: number;
  readonly onMessage: (message: ReadMessage) => void;
}): { push(chunk: Buffer): void; end(): void } {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let parts: Buffer[] = [];
  let bytes = 0;
  /** Head and newest bytes of a line that is too long. */
  let overlong: { readonly head: Buffer; tail: Buffer } | undefined;

  function add(part: Buffer): void {
    if (part.length === 0) return;
    if (overlong !== undefined) {
      overlong.tail = Buffer.concat([overlong.tail, part.subarray(-keptEnd)]).subarray(-keptEnd);
      return;
    }
    parts.push(part);
    bytes += part.length;
    if (bytes <= maxBytes) return;
    const held = Buffer.concat(parts);
    overlong = { head: Buffer.from(held.subarray(0, keptEnd)), tail: Buffer.from(held.subarray(-keptEnd)) };
    parts = [];
  }

  function finish(): void {
    const line = overlong === undefined ? Buffer.concat(parts) : undefined;
    const ends = overlong;
    parts = [];
    bytes = 0;
    overlong = undefined;
    if (ends !== undefined) {
      const near = { ...idNear(ends.tail.toString('latin1')), ...idNear(ends.head.toString('latin1')) };
      onMessage({ kind: 'refused', code: rpcCodes.invalidRequest, reason: `longer than ${maxBytes} bytes`, ...near });
      return;
    }
    if (line === undefined || isBlank(line)) return;
    let text: string;
    try {
      text = decoder.decode(line);
    } catch {
      onMessage({ kind: 'refused', code: rpcCodes.parse, reason: 'no UTF-8' });
      return;
    }
    onMessage(readMessage(text));
  }

  return {
    push(chunk) {
      let from = 0;
      for (let at = chunk.indexOf(lineEnd); at !== -1; at = chunk.indexOf(lineEnd, from)) {
        add(chunk.subarray(from, at));
        finish();
        from = at + 1;
      }
      add(chunk.subarray(from));
    },
    /** What stands behind the last line end is a line too. */
    end: finish,
  };
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
