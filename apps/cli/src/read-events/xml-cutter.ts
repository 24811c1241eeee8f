import type { RecordSplitter, SplitRecord } from './record-splitter.ts';
import { wireOf } from './text-format.ts';

const end = Buffer.from('</Event>');
/** What only frames a list of events. No character fits two of these: else the tries would double with each. */
const frame = /^(?:\s|<\?xml[^>]*\?>|<Events\b[^>]*>|<\/Events>)*$/;

/** Windows events as XML, each to its `</Event>`; what stands between them is a record of its own, unless it only frames them. */
export function createXmlCutter(maxRecordBytes: number): RecordSplitter {
  const wire = wireOf('windows_event_xml');
  let held = Buffer.alloc(0);
  let droppedBytes = 0;

  function cut(bytes: Buffer, atEnd: boolean): SplitRecord[] {
    const sizeBytes = droppedBytes + bytes.length;
    if (droppedBytes > 0) {
      droppedBytes = 0;
      return [{ kind: 'oversize', sizeBytes }];
    }
    const match = /<Event(?!s)/.exec(bytes.toString('latin1'));
    const at = match?.index ?? bytes.length;
    const parts = [bytes.subarray(0, at), bytes.subarray(at)];
    return parts
      .filter((part, order) => (order === 0 ? !frame.test(part.toString()) : part.length > 0))
      .map((part) => ({ kind: 'text', bytes: part, wire, atEnd }));
  }

  return {
    push(chunk) {
      const records: SplitRecord[] = [];
      const searched = Math.max(0, held.length - end.length);
      held = Buffer.concat([held, chunk]);
      let from = 0;
      for (let at = held.indexOf(end, searched); at !== -1; at = held.indexOf(end, from)) {
        records.push(...cut(held.subarray(from, at + end.length), false));
        from = at + end.length;
      }
      held = held.subarray(from);
      if (held.length > maxRecordBytes) {
        const kept = end.length - 1;
        droppedBytes += held.length - kept;
        held = held.subarray(held.length - kept);
      }
      return records;
    },
    end: () => (held.length + droppedBytes === 0 ? [] : cut(held, true)),
  };
}
