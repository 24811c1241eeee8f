import { formatPosition, isJsonObject } from '@sallyport/contracts';
import type { JsonObject, Position } from '@sallyport/contracts';
import { csvRecord } from '@sallyport/platform/csv';
import { codeOf } from '@sallyport/platform/errors';
import { promotedValue } from './promoted-value.ts';
import type { FoundEvent, Search } from './search.ts';
import type { EventFilter } from './search-request.ts';

export type ExportFormat = 'ndjson' | 'csv';

const largestPage = 500;
const columns = [
  'severity_id',
  'status_id',
  'host',
  'user',
  'process',
  'command_line',
  'parent_process',
  'file',
  'src_ip',
  'dst_ip',
  'dst_port',
  'domain',
  'operation',
  'log_name',
  'product',
  'event_code',
  'message',
] as const;

/**
 * The events as lines, page by page: only one page is held at a time, and whoever stops reading stops the search. A page whose
 * events are too large together is asked for in halves. Throws what `Search.search` throws, after what was given so far.
 */
export async function* exportedEvents(
  search: Pick<Search, 'search'>,
  request: EventFilter & { readonly sort: 'newest' | 'oldest'; readonly limit: number; readonly format: ExportFormat },
): AsyncGenerator<string, void> {
  const { format, limit, ...filter } = request;
  if (format === 'csv') yield csvRecord(['position', 'received', 'claimed', 'class_uid', ...columns, 'remapped']);
  let left = limit;
  let pageSize = largestPage;
  let after: Position | undefined;
  while (left > 0) {
    const page = await pageOf(Math.min(pageSize, left));
    if (page === undefined) {
      pageSize = Math.ceil(pageSize / 4);
      continue;
    }
    yield page.events.map((event) => (format === 'csv' ? csvLine(event) : jsonLine(event))).join('');
    left -= page.events.length;
    after = page.next;
    if (after === undefined) return;
  }

  /** Undefined when the events of the page are too large together. */
  async function pageOf(size: number) {
    try {
      return await search.search({ ...filter, limit: size, ...(after !== undefined && { after }) });
    } catch (error) {
      if (codeOf(error) !== 'query_too_large' || size <= 1) throw error;
      return undefined;
    }
  }
}

function jsonLine(found: FoundEvent): string {
  const received = new Date(found.receivedAtMs).toISOString();
  const { remapped } = found;
  const line = { position: formatPosition(found.position), received, event: found.event ?? null };
  return `${JSON.stringify(remapped === undefined ? line : { ...line, remapped })}\n`;
}

function csvLine({ position, receivedAtMs, event = {}, remapped }: FoundEvent): string {
  const claimed = event['time'];
  return csvRecord([
    formatPosition(position),
    new Date(receivedAtMs).toISOString(),
    typeof claimed === 'number' && Math.abs(claimed) <= 8.64e15 ? new Date(claimed).toISOString() : null,
    typeof event['class_uid'] === 'number' ? event['class_uid'] : null,
    ...columns.map((name) => (name === 'message' ? messageOf(event) : promotedValue(event, name))),
    remapped === undefined ? null : `${remapped.sealed ?? 'none'} to ${remapped.by ?? 'none'}`,
  ]);
}

/** Of a finding its title: it has no other text of its own. */
function messageOf(event: JsonObject): string | number | null {
  const said = promotedValue(event, 'message');
  const finding = event['finding_info'];
  const title = isJsonObject(finding) ? finding['title'] : undefined;
  return said ?? (typeof title === 'string' && title !== '' ? title : null);
}
