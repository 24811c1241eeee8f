import { CameraWatchError } from '../errors.ts';
import { createByteQueue } from './byte-queue.ts';
import { frameLimits } from './frame.ts';

/**
 * Reads an endless `multipart/x-mixed-replace` (RFC 2046 section 5.1) of pictures, as it comes. Parts with a
 * `Content-Length` are cut by it; those without, by the boundary. Whatever is sent, at most one picture and one header
 * are held. Throws `CameraWatchError` `message_invalid` for what is no such body, and `frame_invalid` for too large parts.
 */
export type MultipartReader = {
  /** The parts that are whole with these bytes. */
  push(bytes: Uint8Array): readonly Uint8Array[];
};

const maxPartHeaderBytes = 2048;
/** What may stand before the first boundary and between parts. */
const maxIdleBytes = 4096;
const endOfLine = Buffer.from('\r\n');
const emptyLine = Buffer.from('\r\n\r\n');

type Place =
  | { readonly kind: 'boundary' }
  | { readonly kind: 'header' }
  | { readonly kind: 'body'; readonly length: number | undefined };

export function createMultipartReader(boundary: string): MultipartReader {
  // Some cameras write the dashes into the parameter, too.
  const delimiter = Buffer.from(boundary.startsWith('--') ? boundary : `--${boundary}`);
  const bodyEnd = Buffer.concat([endOfLine, delimiter]);
  let place: Place = { kind: 'boundary' };
  const bytesHeld = createByteQueue();
  let held = bytesHeld.view();
  /** Where the search goes on, so that no byte is looked at again for every piece that comes. */
  let searchedTo = 0;

  const take = (count: number): Buffer => {
    const taken = held.subarray(0, count);
    bytesHeld.drop(count);
    held = bytesHeld.view();
    searchedTo = 0;
    return taken;
  };
  const find = (wanted: Uint8Array): number => {
    const at = held.indexOf(wanted, searchedTo);
    if (at < 0) searchedTo = Math.max(0, held.length - wanted.length + 1);
    return at;
  };

  /** A part, nothing yet but go on, or more bytes are needed. */
  function step(): Buffer | 'on' | 'wait' {
    switch (place.kind) {
      case 'boundary': {
        const at = find(delimiter);
        if (at < 0) {
          if (held.length > maxIdleBytes + delimiter.length) throw invalid('there is no boundary');
          return 'wait';
        }
        if (at > maxIdleBytes) throw invalid('there is no boundary');
        take(at + delimiter.length);
        place = { kind: 'header' };
        return 'on';
      }
      case 'header': {
        const at = find(emptyLine);
        if (at < 0 || at > maxPartHeaderBytes) {
          if (held.length > maxPartHeaderBytes) throw invalid('the header of a part is too long');
          return 'wait';
        }
        const length = announcedLength(take(at + emptyLine.length).toString('latin1'));
        place = { kind: 'body', length };
        return 'on';
      }
      case 'body': {
        const end = place.length ?? find(bodyEnd);
        if (end < 0 || end > held.length) {
          if (held.length > frameLimits.jpegBytes + bodyEnd.length) throw tooLarge();
          return 'wait';
        }
        if (end > frameLimits.jpegBytes) throw tooLarge();
        place = { kind: 'boundary' };
        return take(end);
      }
    }
  }

  return {
    push(bytes) {
      bytesHeld.add(bytes);
      held = bytesHeld.view();
      const parts: Uint8Array[] = [];
      for (let found = step(); found !== 'wait'; found = step()) if (found !== 'on') parts.push(new Uint8Array(found));
      return parts;
    },
  };
}

/** Undefined without one, or with one that is no number: then the boundary counts. */
function announcedLength(header: string): number | undefined {
  const digits = /^content-length:[ \t]*(\d{1,9})[ \t]*\r?$/im.exec(header)?.[1];
  if (digits === undefined) return undefined;
  if (Number(digits) > frameLimits.jpegBytes) throw tooLarge();
  return Number(digits);
}

/** The boundary parameter of a `multipart/x-mixed-replace` content type; undefined for any other. */
export function boundaryOf(contentType: string): string | undefined {
  if (!/^multipart\/x-mixed-replace\s*(?:;|$)/i.test(contentType)) return undefined;
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]{1,74})"|([^\s;"]{1,74}))/i.exec(contentType) ?? [];
  return quoted ?? plain;
}

function invalid(why: string): CameraWatchError {
  return new CameraWatchError('message_invalid', `Cannot read the pictures: ${why}`);
}

function tooLarge(): CameraWatchError {
  return new CameraWatchError('frame_invalid', `Cannot take the frame: must be at most ${frameLimits.jpegBytes} bytes`);
}
