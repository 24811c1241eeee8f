import { Button, Checkbox, Popover } from '@mantine/core';
import { IconColumns3, IconDownload } from '@tabler/icons-react';
import { formatCount, plural } from '../../parts/numbers.ts';
import { columnChoices, toggleColumn } from './columns.ts';
import type { Column } from './columns.ts';
import type { SearchFilter } from './search-queries.ts';

/** Which columns there are. */
export function ColumnChoice({
  columns,
  onColumns,
}: {
  readonly columns: readonly Column[];
  readonly onColumns: (columns: readonly Column[]) => void;
}) {
  return (
    <Popover position="bottom-end" shadow="md" trapFocus returnFocus transitionProps={{ duration: 80 }}>
      <Popover.Target>
        <Button variant="default" size="xs" leftSection={<IconColumns3 size={15} aria-hidden="true" />}>
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Columns">
        <div className="stack tight">
          {columnChoices.map(({ id, label }) => (
            <Checkbox
              key={id}
              size="sm"
              label={label}
              checked={columns.some((column) => column.id === id)}
              onChange={() => onColumns(toggleColumn(columns, id))}
            />
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

const formats = [
  { format: 'csv', name: 'CSV', use: 'for a spreadsheet; one line an event' },
  { format: 'ndjson', name: 'NDJSON', use: 'everything, one JSON object a line' },
] as const;

/** The most the server puts into one file. */
const maxRows = 100_000;

/** Hands out what was found, not only what is in sight, as far as one file goes; the server streams it. */
export function ExportChoice({ filter, count }: { readonly filter: SearchFilter; readonly count: number }) {
  const addressOf = (format: string): string =>
    `/v1/events/export?${new URLSearchParams({ format, limit: String(maxRows), ...filter })}`;
  return (
    <Popover position="bottom-end" shadow="md" trapFocus returnFocus transitionProps={{ duration: 80 }}>
      <Popover.Target>
        <Button
          variant="default"
          size="xs"
          disabled={count === 0}
          leftSection={<IconDownload size={15} aria-hidden="true" />}
        >
          Export {count === 0 ? '' : formatCount(Math.min(count, maxRows))}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Export">
        <div className="stack tight">
          <p className="small quiet">
            {count > maxRows
              ? `The newest ${formatCount(maxRows)} of ${plural(count, 'event')} of this search: a shorter time range has the others.`
              : `${plural(count, 'event')} of this search, newest first.`}{' '}
            The export is recorded.
          </p>
          {formats.map(({ format, name, use }) => (
            <a key={format} href={addressOf(format)} download={`events.${format}`}>
              {name} <span className="small quiet">{use}</span>
            </a>
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
