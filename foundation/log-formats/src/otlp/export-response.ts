import { Buffer } from 'node:buffer';

/** What of a request was not taken. Both 0 and '' means full success; 0 and a message is a warning. */
export type PartialSuccess = { readonly rejectedLogRecords: number; readonly errorMessage: string };

const maxMessageBytes = 4096;

/** ExportLogsServiceResponse in JSON: `{}` on full success. 64-bit integers are strings. */
export function exportResponseJson({ rejectedLogRecords, errorMessage }: PartialSuccess): string {
  if (rejectedLogRecords === 0 && errorMessage === '') return '{}';
  return JSON.stringify({
    partialSuccess: {
      rejectedLogRecords: String(rejectedLogRecords),
      errorMessage: errorMessage.slice(0, maxMessageBytes),
    },
  });
}

/** ExportLogsServiceResponse in protobuf: no bytes on full success. */
export function exportResponseProtobuf({ rejectedLogRecords, errorMessage }: PartialSuccess): Uint8Array {
  if (!Number.isSafeInteger(rejectedLogRecords) || rejectedLogRecords < 0)
    throw new TypeError(`rejectedLogRecords is ${rejectedLogRecords}, must be a whole number from 0`);
  const text = Buffer.from(errorMessage.slice(0, maxMessageBytes).toWellFormed(), 'utf8');
  const count = rejectedLogRecords === 0 ? [] : [0x08, ...varint(rejectedLogRecords)];
  const message = text.length === 0 ? [] : [0x12, ...varint(text.length), ...text];
  const body = [...count, ...message];
  return body.length === 0 ? new Uint8Array(0) : Uint8Array.from([0x0a, ...varint(body.length), ...body]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}
