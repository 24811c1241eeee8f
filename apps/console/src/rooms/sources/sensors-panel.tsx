import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Me } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { may } from '../../app/rooms.ts';
import { EmptyRoom } from '../../parts/empty-room.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { sensorsQuery } from '../../parts/sensors-query.ts';
import { isTroubled, sensorStates } from '../../parts/sensor-state.tsx';
import { SensorCard } from './sensor-card.tsx';

/** Hosts with a sensor: how each is, and what it cannot see there. What needs a look stands on top, opened. */
export function SensorsPanel({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const { data, error, refetch, dataUpdatedAt } = useQuery(sensorsQuery);
  const open = get('open');
  if (data === undefined)
    return error === null ? (
      <Loading heights={[180, 180]} />
    ) : (
      <ProblemNotice problem={error} retry={() => void refetch()} />
    );
  if (data.sensors.length === 0) {
    return (
      <div className="sheet">
        <EmptyRoom
          title="No sensor yet"
          action={
            may(me, 'keys:manage') ? (
              <Link href="/sources/add" className="primary-link">
                Add a source
              </Link>
            ) : null
          }
        >
          A sensor is one small program on a Linux host. It tells of sign-ins, programs, changed files and connections,
          and of what it cannot see.
        </EmptyRoom>
      </div>
    );
  }
  const sensors = data.sensors.toSorted(
    (a, b) => sensorStates.indexOf(a.state) - sensorStates.indexOf(b.state) || a.host.localeCompare(b.host),
  );
  // Of a few, all there is to say; of many, first of those that are not well.
  const isFew = sensors.length <= 3;
  return (
    <div className="stack">
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {sensors.map((sensor) => (
        <SensorCard
          key={sensor.id}
          sensor={sensor}
          nowMs={dataUpdatedAt}
          mayChange={may(me, 'sensors:write')}
          isOpen={open === undefined ? isFew || isTroubled(sensor) : open === sensor.id}
          onOpen={(isOpen) => change({ open: isOpen ? sensor.id : 'none' }, { replace: true })}
        />
      ))}
      {data.next === undefined ? null : <p className="quiet small">The first {sensors.length} sensors.</p>}
    </div>
  );
}
