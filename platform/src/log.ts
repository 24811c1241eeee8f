import type { JsonObject, JsonValue } from '@sallyport/contracts';
import type { Clock } from './clock.ts';
import { CodedError, codeOf } from './errors.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * The operator's log: one JSON object a line, or readable lines on a terminal. It is not the audit log and not kept safe:
 * fields are names, counts and codes, never the content of an event and never a secret.
 */
export type Log = {
  debug(message: string, fields?: JsonObject): void;
  info(message: string, fields?: JsonObject): void;
  warn(message: string, fields?: JsonObject): void;
  error(message: string, fields?: JsonObject): void;
  /** The same log with these fields on every line. */
  with(fields: JsonObject): Log;
};

export type LogNeeds = {
  readonly clock: Clock;
  /** Takes one line, ending in a newline. */
  readonly write: (line: string) => void;
  /** Readable lines for a terminal instead of JSON. */
  readonly pretty?: boolean;
  /** Lines below it are dropped; `info` unless given. */
  readonly level?: LogLevel;
};

const weights = { debug: 0, info: 1, warn: 2, error: 3 } as const;
const maxLineLength = 16_384;

export function createLog(needs: LogNeeds, fixed: JsonObject = {}): Log {
  const least = weights[needs.level ?? 'info'];
  const print = (level: LogLevel, message: string, fields: JsonObject = {}): void => {
    if (weights[level] < least) return;
    const time = new Date(needs.clock.nowMs()).toISOString();
    const all = { ...fixed, ...fields };
    needs.write(needs.pretty === true ? prettyLine(time, level, message, all) : jsonLine(time, level, message, all));
  };
  return {
    debug: (message, fields) => print('debug', message, fields),
    info: (message, fields) => print('info', message, fields),
    warn: (message, fields) => print('warn', message, fields),
    error: (message, fields) => print('error', message, fields),
    with: (fields) => createLog(needs, { ...fixed, ...fields }),
  };
}

/** What the log may say of whatever was thrown: its code, message, safe details, stack and causes. */
export function errorFields(error: unknown, depth = 0): JsonObject {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    message: error.message,
    ...codeFields(error),
    stack: error.stack ?? '',
    ...(error.cause === undefined || depth > 3 ? {} : { cause: errorFields(error.cause, depth + 1) }),
  };
}

function codeFields(error: Error): JsonObject {
  const code = codeOf(error);
  if (code === undefined) return {};
  return error instanceof CodedError ? { code, details: error.details } : { code };
}

function jsonLine(time: string, level: LogLevel, message: string, fields: JsonObject): string {
  const line = JSON.stringify({ ...fields, time, level, message });
  if (line.length <= maxLineLength) return `${line}\n`;
  // Still JSON: what was too long is cut inside a string.
  const cut = { time, level, message: message.slice(0, 1000), cut: line.slice(0, maxLineLength / 4) };
  return `${JSON.stringify(cut)}\n`;
}

function prettyLine(time: string, level: LogLevel, message: string, fields: JsonObject): string {
  const parts = Object.entries(fields).map(([name, value]) => `${name}=${prettyValue(value)}`);
  return `${[time.slice(11, 19), level.padEnd(5), printable(message), ...parts].join(' ').slice(0, maxLineLength)}\n`;
}

/** JSON escapes control characters, so a value cannot drive the terminal. */
function prettyValue(value: JsonValue): string {
  return printable(typeof value === 'string' && /^[\w.:/@-]+$/.test(value) ? value : JSON.stringify(value));
}

function printable(text: string): string {
  return text.replaceAll(
    /[\u0000-\u001f\u007f-\u009f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
