import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import { call } from '../../api/call.ts';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { formatAge, plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { SidePanel } from '../../parts/side-panel.tsx';
import { searchAddress } from '../../parts/source-address.ts';
import { entityName, entityQuery, kindWords } from './entity-queries.ts';
import type { EntityDetails } from './entity-queries.ts';
import { RiskMark } from './risk-mark.tsx';
import { WeekPicture } from './week-picture.tsx';

type Model = EntityDetails['models'][number];

const topicWords: Readonly<Record<Model['topic'], string>> = {
  'sign-in': 'Sign-ins',
  process: 'Programs',
  rate: 'Activity',
  steps: 'Order of steps',
  motion: 'Motion',
  network: 'Networks',
};

/** Why somebody is at risk, and what is usual for them. */
export function EntityPanel({
  id,
  names,
  mayWrite,
  onClose,
}: {
  readonly id: string;
  /** Of agents, by id; nobody's where one may not see agents. */
  readonly names: ReadonlyMap<string, string> | undefined;
  readonly mayWrite: boolean;
  readonly onClose: () => void;
}) {
  const { data: entity, error, refetch, dataUpdatedAt } = useQuery(entityQuery(id));
  const name = entity === undefined ? 'Entity' : entityName(entity, names);
  return (
    <SidePanel
      title={name}
      label={name}
      onClose={onClose}
      above={entity === undefined ? null : <span className="quiet small">{kindWords[entity.kind]}</span>}
    >
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {entity === undefined && error === null ? <Loading heights={[80, 140]} /> : null}
      {entity === undefined ? null : (
        <div className="stack">
          <RiskMark risk={entity.risk} />
          <p className="quiet small">
            {plural(entity.events, 'event')}, last {formatAge(entity.last_seen, dataUpdatedAt)}.{' '}
            {entity.is_learnt ? '' : 'Still learning: nothing is told of it yet. '}
            <Link href={searchAddress(`"${entity.name.replaceAll('"', '')}"`)}>Search its events</Link>
            {entity.kind === 'agent' ? (
              <>
                {' · '}
                <Link href={`/agents?agent=${encodeURIComponent(entity.name)}`}>The agent</Link>
              </>
            ) : null}
          </p>
          <h3>Why</h3>
          {entity.reasons.length === 0 ? <p className="quiet">Nothing was found about it lately.</p> : null}
          <ul className="plain-points">
            {entity.reasons.map(({ reason, points, finding }) => (
              <li key={finding}>
                {printable(reason)} <span className="quiet small number">+{points}</span>
              </li>
            ))}
          </ul>
          <h3>What is usual</h3>
          {entity.models.map((model) => (
            <Baseline key={`${model.topic}/${model.aspect}`} model={model} />
          ))}
          {mayWrite ? <Expected entity={entity} /> : null}
        </div>
      )}
    </SidePanel>
  );
}

function Baseline({ model }: { readonly model: Model }) {
  const title = `${topicWords[model.topic]}: ${model.aspect}`;
  if (model.week !== undefined) return <WeekPicture week={model.week} label={title} />;
  return (
    <div>
      <p className="small">
        {title}
        {model.is_learnt ? '' : ' (learning)'}
      </p>
      <ul className="seen-values">
        {(model.values ?? []).map(({ value, count }) => (
          <li key={value}>
            <code>{printable(value)}</code> <span className="quiet small">×{count}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** What is odd and as it should be scores less from then on. */
function Expected({ entity }: { readonly entity: EntityDetails }) {
  const queries = useQueryClient();
  const topics = [...new Set(entity.models.map(({ topic }) => topic))];
  const expect = useMutation({
    mutationFn: (model: Model['topic']) =>
      call('POST /v1/behaviour/entities/{id}/expected', { params: { id: entity.id }, body: { model } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['entities'] }),
  });
  return (
    <div className="stack tight">
      <h3>As it should be</h3>
      <p className="quiet small">What you call expected scores half the next time, and less each further time.</p>
      <div className="row">
        {topics.map((topic) => (
          <Button
            key={topic}
            size="xs"
            variant="default"
            loading={expect.isPending && expect.variables === topic}
            onClick={() => expect.mutate(topic)}
          >
            {topicWords[topic]} expected
          </Button>
        ))}
      </div>
      {expect.isSuccess ? <p role="status">Recorded: {topicWords[expect.variables]} of it will score less.</p> : null}
      {expect.error === null ? null : <ProblemNotice problem={expect.error} />}
    </div>
  );
}
