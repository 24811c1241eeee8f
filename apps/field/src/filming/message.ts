import { isJsonObject, parseJson, textOf } from '@sallyport/contracts';
import type { JsonObject, JsonValue } from '@sallyport/contracts';

/** What an operator asks of the phone. */
export type Command = {
  readonly id: string;
  readonly torch?: boolean;
  readonly speak?: string;
  readonly siren?: boolean;
};

/** What the server says on the socket. */
export type ServerMessage =
  | { readonly type: 'clock'; readonly t0: number; readonly t1: number }
  | { readonly type: 'taken'; readonly sequence: number }
  | { readonly type: 'pace'; readonly perSecond: number }
  | { readonly type: 'command'; readonly command: Command }
  | { readonly type: 'bye'; readonly code: string };

/** What the phone says of itself, as text. */
export type PhoneMessage =
  | { readonly type: 'hello'; readonly width: number; readonly height: number; readonly audio: boolean }
  | { readonly type: 'clock'; readonly t0: number }
  /** It stops: because somebody here wants it to, or because the page is gone in a moment. */
  | { readonly type: 'bye'; readonly why?: 'page_closed' }
  | { readonly type: 'receipt'; readonly command_id: string; readonly ok: boolean; readonly reason?: string }
  | {
      readonly type: 'position';
      readonly latitude: number;
      readonly longitude: number;
      readonly accuracy_m: number;
      readonly at_ms: number;
    }
  | {
      readonly type: 'state';
      readonly charging?: boolean;
      readonly recording?: boolean;
      readonly stored_segments?: number;
    };

const longestSpeech = 500;

/** A picture or a piece of sound: u32 big-endian length of the header, the header as JSON, the bytes. */
export function encodeBinary(header: JsonObject, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(4 + text.length + payload.length);
  new DataView(bytes.buffer).setUint32(0, text.length);
  bytes.set(text, 4);
  bytes.set(payload, 4 + text.length);
  return bytes;
}

/** Undefined for whatever is no such message: a newer server may say more than we know. Never throws. */
export function parseServerMessage(text: string): ServerMessage | undefined {
  const message = objectOf(text);
  const number = (name: string): number | undefined => numberOf(message[name]);
  switch (message['type']) {
    case 'clock': {
      const [t0, t1] = [number('t0'), number('t1')];
      return t0 === undefined || t1 === undefined ? undefined : { type: 'clock', t0, t1 };
    }
    case 'taken': {
      const sequence = number('sequence');
      return sequence === undefined ? undefined : { type: 'taken', sequence };
    }
    case 'pace': {
      const perSecond = number('per_second');
      return perSecond === undefined ? undefined : { type: 'pace', perSecond };
    }
    case 'command': {
      const id = textOf(message['id']);
      return id === '' ? undefined : { type: 'command', command: { id, ...wishesOf(message) } };
    }
    case 'bye':
      return { type: 'bye', code: textOf(message['code']) };
    default:
      return undefined;
  }
}

function wishesOf({ torch, speak, siren }: JsonObject): Omit<Command, 'id'> {
  return {
    ...(typeof torch === 'boolean' ? { torch } : {}),
    ...(typeof speak === 'string' && speak.trim() !== '' ? { speak: speak.slice(0, longestSpeech) } : {}),
    ...(typeof siren === 'boolean' ? { siren } : {}),
  };
}

function objectOf(text: string): JsonObject {
  try {
    const value = parseJson(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
