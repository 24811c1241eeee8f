import { IconFilterMinus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Loading } from '../../parts/loading.tsx';
import { formatCompact } from '../../parts/numbers.ts';
import { formatTerm } from './query-terms.ts';
import { topQuery } from './search-queries.ts';
import type { SearchFilter } from './search-queries.ts';

const fields = [
  { field: 'host', label: 'Host' },
  { field: 'user', label: 'User' },
  { field: 'class_uid', label: 'Class' },
  { field: 'process', label: 'Process' },
  { field: 'log_name', label: 'Log' },
  { field: 'event_code', label: 'Code' },
  { field: 'src_ip', label: 'From address' },
  { field: 'dst_ip', label: 'To address' },
];

/** The most frequent values of a field; a click narrows the search to one. */
export function FieldFilters({
  filter,
  onFilter,
}: {
  readonly filter: SearchFilter;
  readonly onFilter: (term: string) => void;
}) {
  return (
    <nav className="field-filters" aria-label="Filter by field">
      {fields.map(({ field, label }) => (
        <FieldFilter key={field} field={field} label={label} filter={filter} onFilter={onFilter} />
      ))}
    </nav>
  );
}

function FieldFilter({
  field,
  label,
  filter,
  onFilter,
}: {
  readonly field: string;
  readonly label: string;
  readonly filter: SearchFilter;
  readonly onFilter: (term: string) => void;
}) {
  const [isOpen, setOpen] = useState(field === 'host');
  const { data, error } = useQuery({ ...topQuery(filter, field), enabled: isOpen });
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{label}</summary>
      {error === null ? null : <p className="quiet small">{error.message}</p>}
      {data === undefined && error === null && isOpen ? <Loading heights={[20, 20, 20]} /> : null}
      {data?.values.length === 0 ? <p className="quiet small">No values</p> : null}
      <ul>
        {(data?.values ?? []).map(({ value, count }) => (
          <li key={value}>
            <button type="button" onClick={() => onFilter(formatTerm(field, value))} title={`Only ${value}`}>
              <span>{value}</span> <span className="quiet">{formatCompact(count)}</span>
            </button>
            <button
              type="button"
              className="exclude"
              aria-label={`Not ${label} ${value}`}
              title={`Not ${value}`}
              onClick={() => onFilter(formatTerm(field, value, true))}
            >
              <IconFilterMinus size={14} aria-hidden="true" />
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
