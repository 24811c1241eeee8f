// What a sender of CEF does: for tests and benches of the reading side.
import type { CefEvent } from './parse-cef.ts';

export type CefToSend = Omit<CefEvent, 'severityBand' | 'repeatedKeys' | 'prefix'>;

export function encodeCef(event: CefToSend): string {
  const header = [
    event.deviceVendor,
    event.deviceProduct,
    event.deviceVersion,
    event.deviceEventClassId,
    event.name,
    event.severity,
  ];
  const fields = header.map((field) => field.replaceAll(/[\\|]/g, String.raw`\$&`));
  const extension = [...event.extension].map(([key, value]) => `${key}=${escapeValue(value)}`).join(' ');
  return `CEF:${event.version}|${fields.join('|')}|${extension}`;
}

function escapeValue(value: string): string {
  return value
    .replaceAll(/[\\=]/g, String.raw`\$&`)
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('\r', String.raw`\r`);
}
