import { IconChevronDown, IconEye, IconEyeOff, IconEyeQuestion } from '@tabler/icons-react';
import { useId } from 'react';
import { Link } from 'wouter';
import { Clock } from '../../parts/clock.tsx';
import { CopyField } from '../../parts/copy-field.tsx';
import { Notice } from '../../parts/notice.tsx';
import { formatAge, formatCompact, plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { formatBytes, formatSpan } from '../../parts/span.ts';
import { searchAddress, sourceAddress } from '../../parts/source-address.ts';
import { SensorStateMark } from '../../parts/sensor-state.tsx';
import type { Sensor } from '../../parts/sensors-query.ts';
import { formatTerm } from '../search/query-terms.ts';
import { collectorName } from '../../parts/collector-name.ts';
import { SensorKey } from './sensor-key.tsx';
import { SensorMachine } from './sensor-machine.tsx';

type Collector = Sensor['collectors'][number];

const views = [
  { state: 'blind', title: 'Cannot see', icon: IconEyeOff, tone: 'warn' },
  { state: 'lossy', title: 'Sees partly', icon: IconEyeQuestion, tone: 'quiet' },
  { state: 'sees', title: 'Sees', icon: IconEye, tone: 'good' },
] as const;

/** One host: how its sensor is, what is wrong in plain words, what it sees, and the line that would change what it does not. */
export function SensorCard({
  sensor,
  nowMs,
  isOpen,
  mayChange,
  onOpen,
}: {
  readonly sensor: Sensor;
  readonly nowMs: number;
  readonly isOpen: boolean;
  readonly mayChange: boolean;
  readonly onOpen: (isOpen: boolean) => void;
}) {
  const bodyId = useId();
  const { host, state, since_ms: sinceMs, last_beat_ms: lastBeatMs, problems, collectors } = sensor;
  const counted = views.map(({ state: seen, title }) => ({
    title,
    count: collectors.filter((collector) => collector.state === seen).length,
  }));
  return (
    <section className="sheet sensor-card" aria-label={`Sensor on ${printable(host)}`}>
      <div className="sensor-head">
        <h2>
          <button type="button" aria-expanded={isOpen} aria-controls={bodyId} onClick={() => onOpen(!isOpen)}>
            <IconChevronDown size={18} aria-hidden="true" className="chevron" />
            {printable(host)}
          </button>
        </h2>
        <SensorStateMark state={state} />
        <span className="quiet small">
          since <Clock at={sinceMs} />,{' '}
          {lastBeatMs === undefined ? 'no heartbeat yet' : `last heartbeat ${formatAge(lastBeatMs, nowMs)}`}
        </span>
        <span className="quiet small sensor-counts">
          {counted.map(({ title, count }) => `${title.toLowerCase()} ${count}`).join(' · ')}
        </span>
      </div>
      {problems.map(({ code, text }) => (
        <Notice
          key={`${code} ${text}`}
          tone={state === 'silent' || state === 'stopped' ? 'bad' : 'warn'}
          title={printable(text)}
        />
      ))}
      <div id={bodyId} hidden={!isOpen} className="stack">
        <SensorFigures sensor={sensor} />
        <SensorMachine sensor={sensor} mayChange={mayChange} nowMs={nowMs} />
        {views.map(({ state: seen, title, icon: Icon, tone }) => {
          const some = collectors.filter((collector) => collector.state === seen);
          return some.length === 0 ? null : (
            <div key={seen} className="stack tight">
              <h3 className={`view-title ${tone}`}>
                <Icon size={18} stroke={1.7} aria-hidden="true" /> {title} <span className="quiet">{some.length}</span>
              </h3>
              <ul className={seen === 'sees' ? 'collectors in-columns' : 'collectors'}>
                {some.map((collector) => (
                  <CollectorLine key={collector.name} collector={collector} nowMs={nowMs} />
                ))}
              </ul>
            </div>
          );
        })}
        {mayChange ? <SensorKey sensor={sensor} /> : null}
        <div className="row small">
          <Link href={searchAddress(formatTerm('host', host))}>All events of this host</Link>
          <Link href={sourceAddress({ key_id: sensor.key_id, name: sensor.source })}>Its source</Link>
          <span className="quiet">Version {printable(sensor.version)}</span>
          <span className="quiet">
            first seen <Clock at={sensor.first_seen_ms} />
          </span>
        </div>
      </div>
    </section>
  );
}

function CollectorLine({ collector, nowMs }: { readonly collector: Collector; readonly nowMs: number }) {
  const { name, state, records, last_read_ms: lastReadMs, problem, remedy } = collector;
  return (
    <li>
      <div className="row spread">
        <strong>{collectorName(name)}</strong>
        <span className="quiet small">
          {state === 'blind' ? '' : `${plural(records, 'record')}, `}
          {lastReadMs === undefined ? 'never read' : `read ${formatAge(lastReadMs, nowMs)}`}
        </span>
      </div>
      {problem !== undefined ? (
        <p className="small">{printable(problem)}</p>
      ) : state === 'blind' ? (
        <p className="small quiet">It does not say why; sensor status on the host may.</p>
      ) : null}
      {remedy === undefined ? null : (
        <div className="stack tight">
          <p className="quiet small">What would change it:</p>
          <CopyField value={remedy} shown={printable(remedy)} label={`what would change: ${collectorName(name)}`} />
        </div>
      )}
    </li>
  );
}

function SensorFigures({ sensor: { figures } }: { readonly sensor: Sensor }) {
  const { clock_offset_ms: offsetMs } = figures;
  const shown: readonly (readonly [string, string, string])[] = [
    [
      'Processor',
      `${figures.cpu_percent.toFixed(1)} %`,
      figures.slow_factor > 1 ? `polls ${figures.slow_factor}× less often` : 'of one core',
    ],
    ['Memory', formatBytes(figures.rss_bytes), 'of at most 120 MB'],
    ['Waiting to be sent', formatCompact(figures.waiting), `${formatBytes(figures.spool_bytes)} on its disk`],
    ['Lost', formatCompact(figures.lost), figures.lost === 0 ? 'nothing' : 'had no room any more'],
    [
      'Clock',
      offsetMs === undefined ? '–' : formatSpan(Math.abs(offsetMs)),
      offsetMs === undefined
        ? 'not known'
        : Math.abs(offsetMs) < 1000
          ? 'right'
          : offsetMs > 0
            ? 'ahead of the server'
            : 'behind the server',
    ],
  ];
  return (
    <dl className="figures">
      {shown.map(([name, value, note]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <strong className="figure">{value}</strong>
            <span className="quiet small">{note}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
