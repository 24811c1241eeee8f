import { IconEyeOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { collectorName } from '../../parts/collector-name.ts';
import { plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { SensorStateMark, sensorStates } from '../../parts/sensor-state.tsx';
import { sensorsQuery } from '../../parts/sensors-query.ts';
import type { Sensor } from '../../parts/sensors-query.ts';

const shown = 3;

/** The sensors on hosts in a few lines: those that are not heard or cannot see, by name; the rest as a number. */
export function SensorsLine() {
  const { data } = useQuery(sensorsQuery);
  if (data === undefined || data.sensors.length === 0) return null;
  const troubled = data.sensors
    .filter((sensor) => sensor.state !== 'alive' || blindIn(sensor).length > 0)
    .toSorted((a, b) => sensorStates.indexOf(a.state) - sensorStates.indexOf(b.state));
  return (
    <div className="stack tight">
      <div className="sheet-head">
        <h3>Sensors</h3>
        <span className="quiet small">
          {troubled.length === 0
            ? `${plural(data.sensors.length, 'host')}, all well`
            : `${troubled.length} of ${plural(data.sensors.length, 'host')} not seen in full`}
        </span>
        <Link href="/sources?tab=sensors" className="small">
          All sensors
        </Link>
      </div>
      <ul className="lines">
        {troubled.slice(0, shown).map((sensor) => (
          <li key={sensor.id}>
            {sensor.state === 'alive' ? (
              <IconEyeOff size={18} stroke={1.7} className="warn" aria-label="partly blind" />
            ) : (
              <SensorStateMark state={sensor.state} short />
            )}
            <span className="line-main">
              <Link href={`/sources?tab=sensors&open=${encodeURIComponent(sensor.id)}`} className="line-name">
                {printable(sensor.host)}
              </Link>
              <span className="quiet small">{troubleOf(sensor)}</span>
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function blindIn({ collectors }: Sensor): string[] {
  return collectors.filter(({ state }) => state === 'blind').map(({ name }) => collectorName(name));
}

function troubleOf(sensor: Sensor): string {
  const blind = blindIn(sensor);
  const said = sensor.problems[0]?.text;
  const seen = blind.length === 0 ? '' : `Cannot see: ${blind.join(', ')}`;
  return printable([said ?? '', seen].filter((part) => part !== '').join('. '));
}
