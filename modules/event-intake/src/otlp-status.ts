/** google.rpc.Status in protobuf, with the field `message` (2) alone: what OTLP/HTTP says of failures, section "Failures". */
export function encodeStatus(message: string): Uint8Array {
  const text = Buffer.from(message.slice(0, 1000).toWellFormed(), 'utf8');
  const length: number[] = [];
  for (let rest = text.length; ; rest >>>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  return Uint8Array.from([0x12, ...length, ...text]);
}
