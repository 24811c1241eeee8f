import { SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Me } from '../../api/queries.ts';
import { useAddress } from '../../app/address.ts';
import { may } from '../../app/rooms.ts';
import { plural } from '../../parts/numbers.ts';
import { RoomHead } from '../../parts/room-head.tsx';
import { sensorsQuery } from '../../parts/sensors-query.ts';
import { SensorsPanel } from './sensors-panel.tsx';
import { SourceList } from './source-list.tsx';
import { sourcesQuery } from './source-queries.ts';

/** Where events come from, how well each is heard, and what the sensors on hosts can see. */
export function SourcesRoom({ me }: { readonly me: Me }) {
  const { get, change } = useAddress();
  const { data: sources } = useQuery(sourcesQuery);
  const maySensors = may(me, 'sensors:read');
  const { data: sensors } = useQuery({ ...sensorsQuery, enabled: maySensors });
  const tab = maySensors && get('tab') === 'sensors' ? 'sensors' : 'sources';
  return (
    <div className="room-inner">
      <RoomHead title="Sources" lead={sources === undefined ? undefined : leadOf(sources.sources)}>
        {maySensors ? (
          <SegmentedControl
            aria-label="What to look at"
            value={tab}
            data={[
              { value: 'sources', label: 'Sources' },
              {
                value: 'sensors',
                label:
                  sensors === undefined || sensors.sensors.length === 0
                    ? 'Sensors'
                    : `Sensors ${sensors.sensors.length}`,
              },
            ]}
            onChange={(value) => change({ tab: value === 'sources' ? undefined : value, open: undefined })}
          />
        ) : null}
        {may(me, 'keys:manage') && sources !== undefined && sources.sources.length > 0 ? (
          <Link href="/sources/add" className="primary-link">
            Add a source
          </Link>
        ) : null}
      </RoomHead>
      {tab === 'sensors' ? <SensorsPanel me={me} /> : <SourceList me={me} />}
    </div>
  );
}

function leadOf(sources: readonly { readonly state: string }[]): string {
  const silent = sources.filter(({ state }) => state === 'silent').length;
  if (sources.length === 0) return 'What is not connected cannot be seen.';
  return silent === 0
    ? `${plural(sources.length, 'source')}, none silent.`
    : `${plural(silent, 'source')} of ${sources.length} silent: what is not heard cannot be seen.`;
}
