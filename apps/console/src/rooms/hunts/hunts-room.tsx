import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Me } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { may } from '../../app/rooms.ts';
import { EmptyRoom } from '../../parts/empty-room.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import { HuntProgress } from './hunt-progress.tsx';
import { HuntView } from './hunt-view.tsx';
import { huntsQuery } from './hunts-query.ts';
import { StartHunt } from './start-hunt.tsx';

/** Rules over everything that is kept: what would have been found had they been in force then. */
export function HuntsRoom({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const open = get('hunt');
  const { data, error, refetch } = useQuery(huntsQuery);
  const others = (data?.hunts ?? []).filter(({ id }) => id !== open);
  return (
    <div className="room-inner">
      <RoomHead
        title="Hunts"
        lead="Rules over everything that is kept: what they find in events that came before them."
      >
        <Link href="/search" className="small">
          Search
        </Link>
      </RoomHead>
      {may(me, 'hunts:run') ? <StartHunt onStarted={(id) => change({ hunt: id, rule: undefined })} /> : null}
      {open === undefined ? null : (
        <HuntView
          key={open}
          id={open}
          canRun={may(me, 'hunts:run')}
          rule={get('rule')}
          onRule={(rule) => change({ rule }, { replace: true })}
        />
      )}
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[96, 96]} /> : null}
      {data?.hunts.length === 0 ? (
        <div className="sheet">
          <EmptyRoom title="No hunts yet">
            A new rule sees what comes from now on. A hunt lets it see what came before: sallyport hunt start does the
            same.
          </EmptyRoom>
        </div>
      ) : null}
      {others.length === 0 ? null : (
        <ul className="stack tight bare" aria-label="Hunts before">
          {others.map((hunt) => (
            <li key={hunt.id} className="sheet">
              <HuntProgress hunt={hunt} />
              <button
                type="button"
                className="plain-button small"
                onClick={() => change({ hunt: hunt.id, rule: undefined })}
              >
                What it found
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
