import { className } from '../../parts/event-facts.ts';
import type { ListedEvent } from '../../parts/listed-event.ts';

/** A column of the list. Widths are pixels; the summary takes what is left. */
export type Column = { readonly id: string; readonly label: string; readonly width: number };

const minColumnWidth = 56;
const maxColumnWidth = 640;

const offered: readonly Column[] = [
  { id: 'received', label: 'Received', width: 168 },
  { id: 'class', label: 'Class', width: 152 },
  { id: 'host', label: 'Host', width: 124 },
  { id: 'user', label: 'User', width: 120 },
  { id: 'process', label: 'Process', width: 180 },
  { id: 'src_ip', label: 'From address', width: 124 },
  { id: 'dst_ip', label: 'To address', width: 124 },
  { id: 'log_name', label: 'Log', width: 110 },
  { id: 'event_code', label: 'Code', width: 90 },
  { id: 'product', label: 'Product', width: 120 },
  { id: 'position', label: 'Position', width: 92 },
];

export const columnChoices = offered.map(({ id, label }) => ({ id, label }));
const shownAtFirst = ['received', 'class', 'host'];

/** Columns as the address says them, `received,host:200`. What is unknown or said twice is left out. */
export function parseColumns(text: string | undefined): Column[] {
  const wanted = text === undefined ? shownAtFirst.map((id) => [id]) : text.split(',').map((part) => part.split(':'));
  const seen = new Set<string>();
  return wanted.flatMap(([id = '', width]) => {
    const column = offered.find((candidate) => candidate.id === id);
    if (column === undefined || seen.has(id)) return [];
    seen.add(id);
    return [{ ...column, width: /^\d{1,4}$/.test(width ?? '') ? columnWidth(Number(width)) : column.width }];
  });
}

/** Undefined for the columns there are at first. */
export function formatColumns(columns: readonly Column[]): string | undefined {
  const written = columns.map(({ id, width }) => {
    const usual = offered.find((candidate) => candidate.id === id)?.width;
    return width === usual ? id : `${id}:${width}`;
  });
  const text = written.join(',');
  if (text === shownAtFirst.join(',')) return undefined;
  // An empty parameter would be the same as none.
  return text === '' ? 'none' : text;
}

/** Shows a column where it stands among those offered, or takes it away. */
export function toggleColumn(columns: readonly Column[], id: string): Column[] {
  if (columns.some((column) => column.id === id)) return columns.filter((column) => column.id !== id);
  return offered.flatMap((candidate) => {
    const shown = columns.find((column) => column.id === candidate.id);
    return shown !== undefined ? [shown] : candidate.id === id ? [candidate] : [];
  });
}

export function columnWidth(wanted: number): number {
  return Math.round(Math.min(Math.max(wanted, minColumnWidth), maxColumnWidth));
}

/** What a cell says; the time is written by the list, which knows the clock. */
export function cellText(event: ListedEvent, id: string): string {
  if (id === 'class') return className(event.class_uid);
  if (id === 'host') return event.host;
  if (id === 'position') return event.position;
  return event.facts?.get(id) ?? '';
}
