import { SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Me } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { may } from '../../app/rooms.ts';
import { EmptyRoom } from '../../parts/empty-room.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { formatAge, plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { RoomHead } from '../../parts/room-head.tsx';
import { EntityPanel } from './entity-panel.tsx';
import { entitiesQuery, entityKinds, entityName, kindWords, useAgentNames } from './entity-queries.ts';
import { RiskMark } from './risk-mark.tsx';

/** Who is at risk and why, and what is usual for whom. */
export function EntitiesRoom({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const kind = entityKinds.find((known) => known === get('kind'));
  const open = get('open');
  const { data, error, refetch, dataUpdatedAt } = useQuery(entitiesQuery(kind));
  const names = useAgentNames(me);
  const atRisk = data?.entities.filter(({ risk }) => risk >= 25).length ?? 0;
  const isCut = data !== undefined && data.total > data.entities.length;
  return (
    <div className="room-inner">
      <RoomHead
        title="Entities"
        lead={
          data === undefined
            ? undefined
            : `${plural(data.total, 'entity', 'entities')}, ${atRisk}${isCut && atRisk === data.entities.length ? ' or more' : ''} with a raised risk.`
        }
      >
        <SegmentedControl
          aria-label="Which kind"
          value={kind ?? 'all'}
          data={[{ value: 'all', label: 'All' }, ...entityKinds.map((value) => ({ value, label: kindWords[value] }))]}
          onChange={(value) => change({ kind: value === 'all' ? undefined : value, open: undefined })}
        />
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[220]} /> : null}
      {data?.entities.length === 0 ? (
        <div className="sheet">
          <EmptyRoom title="Nobody is known yet">
            People, hosts, devices, cameras, agents and keys appear as events about them arrive. For three days and
            twenty events each is only learnt; then what is unlike it is told.
          </EmptyRoom>
        </div>
      ) : null}
      {data === undefined || data.entities.length === 0 ? null : (
        <div className="with-panel" data-open={open !== undefined}>
          <div className="sheet flush">
            <div className="table-wrap">
              <table className="plain stage-table">
                <thead>
                  <tr>
                    <th scope="col">Entity</th>
                    <th scope="col">Kind</th>
                    <th scope="col">Risk</th>
                    <th scope="col">Why</th>
                    <th scope="col">Last seen</th>
                  </tr>
                </thead>
                <tbody>
                  {data.entities.map((entity) => (
                    <tr key={entity.id} aria-current={open === entity.id ? true : undefined}>
                      <td>
                        <button
                          type="button"
                          className="plain-button breaks"
                          onClick={() => change({ open: entity.id })}
                        >
                          <bdi>{entityName(entity, names)}</bdi>
                        </button>
                      </td>
                      <td className="one-line">{kindWords[entity.kind]}</td>
                      <td>
                        <RiskMark risk={entity.risk} />
                      </td>
                      <td className="small">
                        {entity.reasons.length > 0
                          ? printable(entity.reasons.join(', '))
                          : entity.is_learnt
                            ? '–'
                            : 'learning'}
                      </td>
                      <td className="small one-line">{formatAge(entity.last_seen, dataUpdatedAt)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            {isCut ? (
              <p className="quiet small table-end">
                The {data.entities.length} with the highest risk, of {plural(data.total, 'entity', 'entities')}. Any
                other is found by name: <code>sallyport behaviour show</code>
              </p>
            ) : null}
          </div>
          {open === undefined ? null : (
            <EntityPanel
              key={open}
              id={open}
              names={names}
              mayWrite={may(me, 'alerts:write')}
              onClose={() => change({ open: undefined })}
            />
          )}
        </div>
      )}
    </div>
  );
}
