import { Button, Switch } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import type { Me } from '../../api/queries.ts';
import { may } from '../../app/rooms.ts';
import { Clock } from '../../parts/clock.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { formatCount, plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { ProblemWithStep } from '../../parts/problem-with-step.tsx';
import { DeclareOwn } from './declare-own.tsx';
import { FindSubject } from './find-subject.tsx';
import { retentionNextSteps } from './next-steps.ts';
import { declarationsQuery } from './personal-query.ts';
import type { Declarations } from './personal-query.ts';
import { presetWords } from './personal-words.ts';
import { SubjectRequests } from './subject-requests.tsx';

/** Which fields name people, so that each has a key that can be destroyed alone; and what people asked. */
export function PersonalData({ me, onOpenIntent }: { readonly me: Me; readonly onOpenIntent: (id: string) => void }) {
  const { data, error, refetch } = useQuery(declarationsQuery);
  const canManage = may(me, 'personal:manage');
  return (
    <>
      <section className="sheet" aria-labelledby="declared">
        <div className="sheet-head">
          <h2 id="declared">What names people</h2>
          <span className="quiet small">from now on each value is sealed under a key of its own</span>
        </div>
        {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
        {data === undefined && error === null ? <Loading heights={[44, 44, 44]} /> : null}
        {data === undefined ? null : <Declared declarations={data} canManage={canManage} />}
      </section>
      {canManage ? <FindSubject /> : null}
      <SubjectRequests canManage={canManage} onOpenIntent={onOpenIntent} />
    </>
  );
}

function Declared({ declarations, canManage }: { readonly declarations: Declarations; readonly canManage: boolean }) {
  const queries = useQueryClient();
  const set = useMutation({
    mutationFn: ({ name, isOn }: { readonly name: string; readonly isOn: boolean }) =>
      isOn
        ? call('PUT /v1/personal-data/declarations/{name}', {
            params: { name },
            body: { preset: name },
            purpose: 'declare what names people',
          })
        : call('DELETE /v1/personal-data/declarations/{name}', {
            params: { name },
            purpose: 'stop sealing a field',
          }),
    onSettled: () => queries.invalidateQueries({ queryKey: declarationsQuery.queryKey }),
  });
  const { presets, subjects, declarations: declared } = declarations;
  const own = declared.filter(({ name }) => !presets.some((preset) => preset.name === name));
  return (
    <>
      {declared.length === 0 ? (
        <Notice title="Nothing is declared: a person’s data goes only with the whole day">
          <p>
            Switch on what you hold about people. It counts for what is recorded from then on; what was recorded before
            stays sealed with its day.
          </p>
        </Notice>
      ) : null}
      <ul className="lines" aria-label="Fields that name people">
        {presets.map((preset) => {
          const since = declared.find(({ name }) => name === preset.name)?.since;
          const isChanging = set.isPending && set.variables.name === preset.name;
          return (
            <li key={preset.name}>
              <span className="line-main">
                <span className="line-name">{presetWords[preset.name] ?? preset.name}</span>
                <span className="small quiet">
                  <code>{preset.paths.join(' ')}</code>
                </span>
                {since === undefined ? null : (
                  <span className="small quiet">
                    since <Clock at={since} short={false} />
                  </span>
                )}
              </span>
              <Switch
                aria-label={`Seal ${(presetWords[preset.name] ?? preset.name).toLowerCase()} for each person`}
                checked={isChanging ? set.variables.isOn : preset.declared}
                disabled={!canManage || set.isPending}
                onChange={(event) => set.mutate({ name: preset.name, isOn: event.currentTarget.checked })}
              />
            </li>
          );
        })}
        {own.map((one) => (
          <li key={one.name}>
            <span className="line-main">
              <span className="line-name">{printable(one.name)}</span>
              <span className="small quiet">
                <code>{one.paths.join(' ')}</code>
                {one.sources === null ? '' : ` of ${one.sources.map((name) => printable(name)).join(', ')}`}
              </span>
              <span className="small quiet">
                since <Clock at={one.since} short={false} />
              </span>
            </span>
            {canManage ? (
              <Button
                size="compact-sm"
                variant="default"
                aria-label={`Seal ${one.name} no longer`}
                disabled={set.isPending}
                onClick={() => set.mutate({ name: one.name, isOn: false })}
              >
                Seal no longer
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
      {canManage ? <DeclareOwn taken={declared.map(({ name }) => name)} /> : null}
      {set.error === null ? null : <ProblemWithStep problem={set.error} nextSteps={retentionNextSteps} />}
      {declared.length === 0 ? null : (
        <p className="small quiet">
          {plural(subjects.sealed, 'person', 'people')} with a key of their own, {formatCount(subjects.erased)} erased.
          {subjects.shared_today === 0
            ? ''
            : ` ${plural(subjects.shared_today, 'value')} of today share one key, for want of room.`}
        </p>
      )}
      {subjects.unreadable === 0 ? null : (
        <Notice tone="bad" title={`${plural(subjects.unreadable, 'event')} did not open, though nobody erased them`}>
          <p>Keys are missing that no destruction names. Check both copies of the vault in the Keys room.</p>
        </Notice>
      )}
    </>
  );
}
