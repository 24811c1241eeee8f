export type OtlpBody = { readonly encoding: 'json' | 'protobuf'; readonly contentType: string; readonly body: Buffer };

const host = 'bench-host';

/** One ExportLogsServiceRequest (opentelemetry-proto 1.x) in both encodings: one resource, one scope, a record a message. */
export function otlpBody(messages: readonly string[], startMs: number): readonly OtlpBody[] {
  const json = {
    resourceLogs: [
      {
        resource: { attributes: [{ key: 'host.name', value: { stringValue: host } }] },
        scopeLogs: [
          {
            scope: { name: 'bench' },
            logRecords: messages.map((message, at) => ({
              timeUnixNano: nanoseconds(startMs, at).toString(),
              severityNumber: 9,
              severityText: 'INFO',
              body: { stringValue: message },
            })),
          },
        ],
      },
    ],
  };
  const records = messages.map((message, at) =>
    field(
      2,
      Buffer.concat([
        fixed64(1, nanoseconds(startMs, at)),
        Buffer.from([2 << 3, 9]),
        field(3, Buffer.from('INFO')),
        field(5, field(1, Buffer.from(message))),
      ]),
    ),
  );
  const attribute = Buffer.concat([field(1, Buffer.from('host.name')), field(2, field(1, Buffer.from(host)))]);
  const scopeLogs = Buffer.concat([field(1, field(1, Buffer.from('bench'))), ...records]);
  const resourceLogs = Buffer.concat([field(1, field(1, attribute)), field(2, scopeLogs)]);
  return [
    { encoding: 'json', contentType: 'application/json', body: Buffer.from(JSON.stringify(json)) },
    { encoding: 'protobuf', contentType: 'application/x-protobuf', body: field(1, resourceLogs) },
  ];
}

function nanoseconds(startMs: number, at: number): bigint {
  return BigInt(startMs + at) * 1_000_000n;
}

/** A field with a length before it: text, bytes, a message. */
function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(content.length), content]);
}

function fixed64(number: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = (number << 3) | 1;
  bytes.writeBigUInt64LE(value, 1);
  return bytes;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  while (left > 127) {
    bytes.push((left & 127) | 128);
    left = Math.floor(left / 128);
  }
  return Buffer.from([...bytes, left]);
}
