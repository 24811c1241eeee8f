import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { Clock } from '../../parts/clock.tsx';
import { printable } from '../../parts/printable.ts';
import { ProblemWithStep } from '../../parts/problem-with-step.tsx';
import { ReasonDialog } from '../../parts/reason-dialog.tsx';
import { destructionsQuery } from './destructions-query.ts';
import { HoldPerson } from './hold-person.tsx';
import { retentionNextSteps } from './next-steps.ts';
import { requestsQuery } from './personal-query.ts';
import type { Found, Identifier } from './personal-query.ts';
import { canErase, foundWords, kindWords, subjectWords } from './personal-words.ts';

const kinds = [
  'user-name',
  'email',
  'phone',
  'ip',
  'custom',
  'shared',
] as const satisfies readonly Identifier['kind'][];

/** What is held on somebody by the names they go by, and the request that follows. The names stay out of the address. */
export function FindSubject() {
  const [kind, setKind] = useState<Identifier['kind']>('user-name');
  const [value, setValue] = useState('');
  const [about, setAbout] = useState<readonly Identifier[]>([]);
  const [asking, setAsking] = useState<'access' | 'erasure' | 'hold'>();
  const find = useMutation({
    mutationFn: (names: readonly Identifier[]) => call('POST /v1/personal-data/subjects', { body: { about: names } }),
  });
  const look = (names: readonly Identifier[]): void => {
    setAbout(names);
    if (names.length === 0) find.reset();
    else find.mutate(names);
  };
  return (
    <section className="sheet" aria-labelledby="find-person">
      <div className="sheet-head">
        <h2 id="find-person">Find a person</h2>
        <span className="quiet small">by every name they go by</span>
      </div>
      <form
        className="row form-row"
        onSubmit={(event) => {
          event.preventDefault();
          look([...about, { kind, value: value.trim() }]);
          setValue('');
        }}
      >
        <NativeSelect
          label="Kind of name"
          value={kind}
          data={kinds.map((one) => ({ value: one, label: kindWords[one] }))}
          onChange={(event) => {
            const chosen = event.currentTarget.value;
            setKind(kinds.find((one) => one === chosen) ?? 'user-name');
          }}
        />
        <TextInput
          className="grow"
          label="Name"
          maxLength={1000}
          autoComplete="off"
          spellCheck={false}
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" loading={find.isPending} disabled={value.trim() === ''}>
          {about.length === 0 ? 'Find' : 'Add this name'}
        </Button>
      </form>
      {find.error === null ? null : <ProblemWithStep problem={find.error} nextSteps={retentionNextSteps} />}
      {find.data === undefined ? null : (
        <FoundPerson
          found={find.data}
          onForget={(at) => look(about.filter((_one, index) => index !== at))}
          onAsk={setAsking}
        />
      )}
      {asking === 'hold' ? (
        <HoldPerson
          about={about}
          onDone={() => {
            setAsking(undefined);
            look([]);
          }}
          onClose={() => setAsking(undefined)}
        />
      ) : null}
      {asking === undefined || asking === 'hold' ? null : (
        <AskFor
          kind={asking}
          about={about}
          onDone={() => {
            setAsking(undefined);
            look([]);
          }}
          onClose={() => setAsking(undefined)}
        />
      )}
    </section>
  );
}

function FoundPerson({
  found,
  onForget,
  onAsk,
}: {
  readonly found: Found;
  readonly onForget: (at: number) => void;
  readonly onAsk: (kind: 'access' | 'erasure' | 'hold') => void;
}) {
  return (
    <div className="stack" role="status">
      <ul className="lines" aria-label="Names of the person">
        {found.subjects.map((subject, at) => (
          <li key={`${subject.kind} ${subject.value}`}>
            <span className="line-main">
              <span className="line-name">{printable(subject.value)}</span>
              <span className="small quiet">
                {kindWords[subject.kind]}: {subjectWords(subject)}
                {subject.since === null ? null : (
                  <>
                    , since <Clock at={subject.since} short={false} />
                  </>
                )}
              </span>
            </span>
            <Button
              size="compact-sm"
              variant="default"
              aria-label={`Leave out ${subject.value}`}
              onClick={() => onForget(at)}
            >
              Leave out
            </Button>
          </li>
        ))}
      </ul>
      <p>
        {foundWords(found)}{' '}
        {found.first === null || found.last === null ? null : (
          <span className="quiet small">
            From <Clock at={found.first.received_at} short={false} /> to{' '}
            <Clock at={found.last.received_at} short={false} />.
          </span>
        )}
      </p>
      <div className="row">
        <Button variant="default" disabled={found.entries === 0} onClick={() => onAsk('access')}>
          They ask what is held…
        </Button>
        <Button variant="default" disabled={!canErase(found)} onClick={() => onAsk('hold')}>
          Hold this person…
        </Button>
        <Button color="red" disabled={!canErase(found)} onClick={() => onAsk('erasure')}>
          They ask for erasure…
        </Button>
      </div>
    </div>
  );
}

const points = {
  access: [
    'What was asked is recorded, and everything sealed under these names can be downloaded as one file.',
    'The download is recorded before its first byte.',
  ],
  erasure: [
    'The keys of these names are put on a page of their own, and a destruction of that page is asked for.',
    'Two people sign it; then the waiting time runs. Everybody else’s data stays.',
    'Afterwards their names read “[erased]” in every entry, search and alert; the proofs of the entries still verify.',
  ],
} as const;

function AskFor({
  kind,
  about,
  onDone,
  onClose,
}: {
  readonly kind: 'access' | 'erasure';
  readonly about: readonly Identifier[];
  readonly onDone: () => void;
  readonly onClose: () => void;
}) {
  const queries = useQueryClient();
  const ask = useMutation({
    mutationFn: (reason: string) =>
      call('POST /v1/personal-data/requests', {
        body: { kind, about, reason },
        purpose: kind === 'access' ? 'record what a person asks' : 'ask for the erasure of a person’s data',
      }),
    onSuccess: async () => {
      await Promise.all([
        queries.invalidateQueries({ queryKey: requestsQuery.queryKey }),
        queries.invalidateQueries({ queryKey: destructionsQuery.queryKey }),
      ]);
      onDone();
    },
  });
  return (
    <ReasonDialog
      title={kind === 'access' ? 'A person asks what is held on them' : 'A person asks for erasure'}
      points={points[kind]}
      why="By what right or ticket; it is kept for good, so say here not who asks"
      confirm={kind === 'access' ? 'Record it' : 'Ask for the erasure'}
      isFinal={kind === 'erasure'}
      isPending={ask.isPending}
      problem={ask.error === null ? null : <ProblemWithStep problem={ask.error} nextSteps={retentionNextSteps} />}
      onConfirm={(reason) => ask.mutate(reason)}
      onClose={onClose}
    />
  );
}
