import { Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { ProblemWithStep } from '../../parts/problem-with-step.tsx';
import { printable } from '../../parts/printable.ts';
import { retentionNextSteps } from './next-steps.ts';
import { retentionQuery } from './retention-query.ts';
import type { Retention } from './retention-query.ts';

/** Sources whose events are kept by another clock than the rest. */
export function SourceClasses({
  retention,
  canManage,
}: {
  readonly retention: Retention;
  readonly canManage: boolean;
}) {
  const queries = useQueryClient();
  const [source, setSource] = useState('');
  const [name, setName] = useState('');
  const given = retention.classes.flatMap((one) => one.sources.map((of) => ({ source: of, name: one.name })));
  const settle = () => queries.invalidateQueries({ queryKey: retentionQuery.queryKey });
  const give = useMutation({
    mutationFn: () =>
      call('PUT /v1/retention/sources/{source}', {
        params: { source: source.trim() },
        body: { class: name.trim() },
        purpose: 'give a source a class',
      }),
    onSuccess: () => {
      setSource('');
      return settle();
    },
  });
  const clear = useMutation({
    mutationFn: (of: string) =>
      call('DELETE /v1/retention/sources/{source}', { params: { source: of }, purpose: 'take a class from a source' }),
    onSuccess: settle,
  });
  const problem = give.error ?? clear.error;
  return (
    <section className="sheet" aria-labelledby="source-classes">
      <div className="sheet-head">
        <h2 id="source-classes">Sources with a class of their own</h2>
        <span className="quiet small">from their next event on; all others are in “events”</span>
      </div>
      {given.length === 0 ? (
        <p className="quiet">None. A source that must be kept longer or shorter than the rest gets a class here.</p>
      ) : (
        <ul className="lines" aria-label="Sources with a class of their own">
          {given.map((one) => (
            <li key={one.source}>
              <span className="line-main">
                <span className="line-name">{printable(one.source)}</span>
              </span>
              <span className="chip">{one.name}</span>
              {canManage ? (
                <Button
                  size="compact-sm"
                  variant="default"
                  aria-label={`Put back ${one.source} into events`}
                  loading={clear.isPending && clear.variables === one.source}
                  onClick={() => clear.mutate(one.source)}
                >
                  Put back
                </Button>
              ) : null}
            </li>
          ))}
        </ul>
      )}
      {problem === null ? null : <ProblemWithStep problem={problem} nextSteps={retentionNextSteps} />}
      {canManage ? (
        <form
          className="row form-row"
          onSubmit={(event) => {
            event.preventDefault();
            give.mutate();
          }}
        >
          <TextInput
            className="grow"
            label="Source"
            maxLength={200}
            value={source}
            onChange={(event) => setSource(event.currentTarget.value)}
          />
          <TextInput
            label="Class"
            description="a new one is made by naming it"
            maxLength={31}
            list="class-names"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <datalist id="class-names">
            {retention.classes.map((one) => (
              <option key={one.name} value={one.name} />
            ))}
          </datalist>
          <Button
            type="submit"
            variant="default"
            loading={give.isPending}
            disabled={source.trim() === '' || !/^[a-z][a-z0-9-]{0,30}$/.test(name.trim())}
          >
            Give it the class
          </Button>
        </form>
      ) : null}
    </section>
  );
}
