import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { LevelMark, levelsFromTop } from '../../../parts/level.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { formatAge, formatCompact, plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { SidePanel } from '../../../parts/side-panel.tsx';
import { techniqueQuery } from './coverage-query.ts';
import type { TechniqueDetails } from './coverage-query.ts';
import { VerdictMark, verdictWords } from './verdict-mark.tsx';

/** Why a technique is watched or not: its rules, what they look at, and when that last sent something. */
export function TechniquePanel({
  id,
  windowDays,
  onOpen,
  onClose,
}: {
  readonly id: string;
  readonly windowDays: number;
  readonly onOpen: (id: string) => void;
  readonly onClose: () => void;
}) {
  const { data, error, refetch, dataUpdatedAt } = useQuery(techniqueQuery(id, windowDays));
  return (
    <SidePanel
      title={data?.name ?? id}
      label={`Technique ${id}`}
      onClose={onClose}
      above={
        <span className="quiet small mono">
          {data?.id ?? id}
          {data?.parent === undefined ? null : ` of ${data.parent}`}
        </span>
      }
    >
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[80, 140]} /> : null}
      {data === undefined ? null : (
        <div className="stack">
          <p>
            <VerdictMark verdict={data.verdict} /> <span className="quiet">{verdictWords[data.verdict].meaning}.</span>
          </p>
          {data.asked === undefined ? null : (
            <p className="quiet small">
              MITRE withdrew {data.asked}; {data.id} came in its place.
            </p>
          )}
          <Sources data={data} nowMs={dataUpdatedAt} />
          <Rules data={data} nowMs={dataUpdatedAt} />
          <SubTechniques data={data} onOpen={onOpen} />
          <p className="small">
            <a href={mitreAddress(data)} target="_blank" rel="noreferrer">
              {data.id} at MITRE
            </a>
          </p>
        </div>
      )}
    </SidePanel>
  );
}

function Sources({ data, nowMs }: { readonly data: TechniqueDetails; readonly nowMs: number }) {
  if (data.sources.length === 0) return null;
  return (
    <section className="stack tight">
      <h3>Where they look</h3>
      <ul className="coverage-list">
        {data.sources.map((source) => (
          <li key={source.words}>
            <VerdictMark verdict={source.has_data ? 'watched' : 'blind'} short />
            <span className="grow">
              <span className="mono">{printable(source.words)}</span>
              <br />
              <span className="quiet small">
                {source.last_event === undefined
                  ? 'Never arrived'
                  : `Last event ${formatAge(Date.parse(source.last_event), nowMs)}, ${formatCompact(source.events_30d)} in 30 days`}
              </span>
            </span>
            {source.has_data || source.recipe === undefined ? null : (
              <Link href={`/sources/add?kind=${source.recipe}`} className="small">
                Connect
              </Link>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Rules({ data, nowMs }: { readonly data: TechniqueDetails; readonly nowMs: number }) {
  if (data.rule_list.length === 0)
    return <p className="quiet">No rule in force is tagged with it or with one of its sub-techniques.</p>;
  return (
    <section className="stack tight">
      <h3>{plural(data.rule_list.length, 'rule')}</h3>
      <ul className="coverage-list">
        {data.rule_list.map((rule) => {
          const level = levelsFromTop.find((known) => known === rule.level);
          return (
            <li key={rule.id}>
              <VerdictMark verdict={rule.has_data ? (rule.is_weak ? 'weak' : 'watched') : 'blind'} short />
              <span className="grow">
                <Link href={`/alerts?rule=${encodeURIComponent(rule.id)}`}>{printable(rule.title)}</Link>
                <br />
                <span className="quiet small">
                  {rule.tagged.join(', ')}
                  {rule.is_correlation ? ' · correlation' : ''}
                  {rule.status === undefined ? '' : ` · ${rule.status}`}
                  {rule.findings_30d === 0 ? '' : ` · ${plural(rule.findings_30d, 'finding')} in 30 days`}
                  {rule.last_event === undefined ? '' : ` · data ${formatAge(Date.parse(rule.last_event), nowMs)}`}
                  {rule.missing.length === 0 ? '' : ` · needs ${printable(rule.missing.join(', '))}`}
                </span>
              </span>
              {level === undefined ? null : <LevelMark level={level} />}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function SubTechniques({ data, onOpen }: { readonly data: TechniqueDetails; readonly onOpen: (id: string) => void }) {
  if (data.sub_techniques.length === 0) return null;
  return (
    <section className="stack tight">
      <h3>{plural(data.sub_techniques.length, 'sub-technique')}</h3>
      <ul className="coverage-list">
        {data.sub_techniques.map((sub) => (
          <li key={sub.id}>
            <VerdictMark verdict={sub.verdict} short />
            <button type="button" className="plain-button grow" onClick={() => onOpen(sub.id)}>
              {sub.name}
            </button>
            <span className="quiet small mono">{sub.id}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function mitreAddress({ framework, id }: TechniqueDetails): string {
  return framework === 'attack'
    ? `https://attack.mitre.org/techniques/${id.replace('.', '/')}/`
    : `https://atlas.mitre.org/techniques/${id}`;
}
