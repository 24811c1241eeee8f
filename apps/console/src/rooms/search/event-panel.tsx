import { ActionIcon } from '@mantine/core';
import { IconFilterMinus, IconFilterPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { eventQuery } from '../../api/queries.ts';
import { EventFields } from '../../parts/event-fields.tsx';
import { eventSummary } from '../../parts/event-facts.ts';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { SidePanel } from '../../parts/side-panel.tsx';
import type { AddressChanges } from '../../app/address.ts';
import { AroundIt } from './around-it.tsx';
import { SealCard } from '../../seal/seal-card.tsx';
import { formatTerm } from './query-terms.ts';

/** One event: what it says, where it stands, and the proof. */
export function EventPanel({
  position,
  onClose,
  onFilter,
  onAround,
}: {
  readonly position: string;
  readonly onClose: () => void;
  readonly onFilter: (term: string) => void;
  /** What happened shortly before and after. */
  readonly onAround?: (changes: AddressChanges) => void;
}) {
  const { data, error, refetch } = useQuery(eventQuery(position));
  return (
    <SidePanel
      title={data === undefined ? `Event ${position}` : eventSummary(data).slice(0, 160)}
      label={`Event ${position}`}
      onClose={onClose}
      above={<span className="quiet small">Event {position}</span>}
    >
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[160, 88]} /> : null}
      {data === undefined ? null : (
        <EventFields
          event={data}
          actions={({ label, field, value }) => (
            <span className="fact-actions">
              <ActionIcon
                size="sm"
                variant="subtle"
                aria-label={`Only this ${label}`}
                title="Only these"
                onClick={() => onFilter(formatTerm(field, value))}
              >
                <IconFilterPlus size={14} />
              </ActionIcon>
              <ActionIcon
                size="sm"
                variant="subtle"
                aria-label={`Not this ${label}`}
                title="Not these"
                onClick={() => onFilter(formatTerm(field, value, true))}
              >
                <IconFilterMinus size={14} />
              </ActionIcon>
            </span>
          )}
        />
      )}
      {data === undefined || onAround === undefined ? null : <AroundIt event={data} onAround={onAround} />}
      <SealCard position={position} />
    </SidePanel>
  );
}
