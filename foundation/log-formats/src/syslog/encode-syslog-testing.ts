// What a sender does: for tests and benches of the reading side.
import { Buffer } from 'node:buffer';
import type { StructuredElement } from './message.ts';

export type SyslogToSend = {
  readonly priority: number;
  /** RFC 3339, or undefined for `-`. */
  readonly time?: string | undefined;
  readonly host?: string | undefined;
  readonly application?: string | undefined;
  readonly processId?: string | undefined;
  readonly messageId?: string | undefined;
  readonly structuredData?: readonly StructuredElement[];
  readonly message?: string;
};

export function encodeRfc5424(parts: SyslogToSend): string {
  const fields = [parts.time, parts.host, parts.application, parts.processId, parts.messageId].map(
    (field) => field ?? '-',
  );
  const message = parts.message === undefined ? '' : ` ${parts.message}`;
  return `<${parts.priority}>1 ${fields.join(' ')} ${encodeStructuredData(parts.structuredData ?? [])}${message}`;
}

function encodeStructuredData(elements: readonly StructuredElement[]): string {
  if (elements.length === 0) return '-';
  const parameter = ([name, value]: readonly [string, string]): string =>
    ` ${name}="${value.replaceAll(/["\\\]]/g, String.raw`\$&`)}"`;
  return elements.map(({ id, parameters }) => `[${id}${parameters.map(parameter).join('')}]`).join('');
}

/** RFC 3164: `<PRI>Mmm dd hh:mm:ss host tag[pid]: text`; the time is given as it is to be written. */
export function encodeRfc3164(
  parts: Omit<SyslogToSend, 'structuredData' | 'messageId'> & { readonly time: string },
): string {
  const pid = parts.processId === undefined ? '' : `[${parts.processId}]`;
  const host = parts.host === undefined ? '' : ` ${parts.host}`;
  return `<${parts.priority}>${parts.time}${host} ${parts.application ?? 'app'}${pid}: ${parts.message ?? ''}`;
}

/** RFC 6587 section 3.4.1 and RFC 5425 section 4.3. */
export function encodeOctetCounted(message: string | Uint8Array): Buffer {
  const bytes = Buffer.from(message);
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes]);
}
