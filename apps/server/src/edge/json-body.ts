import { EdgeError } from './errors.ts';

const quote = 0x22;
const backslash = 0x5c;

/**
 * The text of a JSON body: valid UTF-8, not nested deeper than `maxDepth`. Whether it is JSON is for the parser to say;
 * the depth is counted before, on the bytes, so that no parser or validator meets a tower of brackets.
 * Throws `EdgeError` `body_invalid`.
 */
export function readJsonText(bytes: Uint8Array, maxDepth: number): string {
  let depth = 0;
  let inString = false;
  for (let position = 0; position < bytes.length; position += 1) {
    const byte = bytes[position];
    if (inString) {
      if (byte === backslash) position += 1;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    // "{" and "[", then "}" and "]"
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > maxDepth)
        throw new EdgeError('body_invalid', `Cannot read the body: it is nested deeper than ${maxDepth}`);
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new EdgeError('body_invalid', 'Cannot read the body: it is not valid UTF-8', { cause: error });
  }
}
