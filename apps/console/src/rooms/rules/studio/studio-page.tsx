import { Button, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useLocation } from 'wouter';
import { rulesQuery } from '../../../api/queries.ts';
import type { Me } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { may } from '../../../app/rooms.ts';
import { Clock } from '../../../parts/clock.tsx';
import { EmptyRoom } from '../../../parts/empty-room.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { formatCount } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { RoomHead } from '../../../parts/room-head.tsx';
import { DocumentState } from './document-state.tsx';
import { documentsQuery } from './studio-queries.ts';
import type { DocumentRow } from './studio-queries.ts';

/** Rules that people here write: how far each has come, and where to begin another. */
export function StudioPage({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const wanted = (get('q') ?? '').toLowerCase();
  const { data, error, refetch } = useQuery(documentsQuery);
  const rows = (data?.documents ?? []).filter(({ name }) => name.toLowerCase().includes(wanted));
  return (
    <div className="room-inner">
      <RoomHead
        title="Rule studio"
        lead="Write a rule, try it on what is kept, watch it without alerts, then put it into force."
      >
        {may(me, 'rules:write') ? <StartRule /> : null}
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[220]} /> : null}
      {data?.documents.length === 0 ? (
        <div className="sheet">
          <EmptyRoom title="No rules of your own yet">
            Begin with a new one, or with a copy of a rule in force. A draft changes nothing: it is tried on history and
            staged before it alerts anybody.
          </EmptyRoom>
        </div>
      ) : null}
      {data === undefined || data.documents.length === 0 ? null : (
        <>
          <TextInput
            aria-label="Find a rule by its name"
            placeholder="Find by name"
            value={get('q') ?? ''}
            onChange={(event) => change({ q: event.currentTarget.value }, { replace: true })}
          />
          <div className="sheet flush">
            <div className="table-wrap" tabIndex={0} role="region" aria-label="Rule documents">
              <table className="plain stage-table">
                <thead>
                  <tr>
                    <th scope="col">Rule</th>
                    <th scope="col">State</th>
                    <th scope="col" className="number">
                      Version
                    </th>
                    <th scope="col">Matches in staging</th>
                    <th scope="col">Saved</th>
                    <th scope="col">By</th>
                  </tr>
                </thead>
                <tbody>
                  {rows.map((row) => (
                    <Row key={row.id} row={row} />
                  ))}
                </tbody>
              </table>
            </div>
          </div>
        </>
      )}
    </div>
  );
}

function Row({ row }: { readonly row: DocumentRow }) {
  return (
    <tr>
      <td>
        <Link href={`/rules/studio/${row.id}`}>{printable(row.name)}</Link>
      </td>
      <td>
        <DocumentState document={row} />
      </td>
      <td className="number">{row.version}</td>
      <td>{row.staged_matches === undefined ? '–' : formatCount(row.staged_matches)}</td>
      <td>
        <Clock at={row.head.saved} />
      </td>
      <td>{printable(row.head.by)}</td>
    </tr>
  );
}

/** A new rule, or a copy of one in force. */
function StartRule() {
  const [, navigate] = useLocation();
  const { data } = useQuery(rulesQuery);
  const rules = (data?.rules ?? []).toSorted((a, b) => a.title.localeCompare(b.title));
  return (
    <div className="row">
      <TextInput
        list="rules-to-copy"
        aria-label="Copy a rule in force"
        placeholder="Copy a rule in force…"
        onChange={(event) => {
          const chosen = rules.find(({ title }) => title === event.currentTarget.value);
          if (chosen !== undefined) navigate(`/rules/studio/new?copy=${encodeURIComponent(chosen.id)}`);
        }}
      />
      <datalist id="rules-to-copy">
        {rules.map(({ id, title }) => (
          <option key={id} value={title} />
        ))}
      </datalist>
      <Button onClick={() => navigate('/rules/studio/new')}>New rule</Button>
    </div>
  );
}
