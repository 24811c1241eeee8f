import { Button, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import { call } from '../../../api/call.ts';
import type { Me } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { may } from '../../../app/rooms.ts';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { RoomHead } from '../../../parts/room-head.tsx';
import { cedarLanguage } from '../../people/policy/cedar-language.ts';
import { idOf } from '../../people/policy/document-id.ts';
import { RuleEditor } from '../../rules/studio/rule-editor.tsx';
import type { EditorControl, Remark } from '../../rules/studio/rule-editor.tsx';
import { OwnTests } from './own-tests.tsx';
import { bodyOf, ownCheckQuery } from './own-policy-queries.ts';
import type { Checked, Draft, OpenDocument } from './own-policy-queries.ts';
import { ScopeField } from './scope-field.tsx';

const typingMs = 500;

/** A document with its faults at their lines, what it says, and its tests, while it is being written. */
export function OwnEditor({
  me,
  saved,
  begun,
}: {
  readonly me: Me;
  readonly saved: OpenDocument['document'] | undefined;
  readonly begun: Draft;
}) {
  const { change } = useAddress();
  const queries = useQueryClient();
  const [revision, setRevision] = useState(saved?.revision ?? 1);
  const [draft, setDraft] = useState(begun);
  const control = useRef<EditorControl>(null);
  const mayWrite = may(me, 'agents:manage');
  const [asked] = useDebouncedValue(draft, typingMs);
  const isWhole = asked.scope.kind !== 'repository' || asked.scope.name !== '';
  const checked = useQuery({ ...ownCheckQuery(asked, saved?.id), enabled: isWhole });
  const own = saved?.id ?? 'new';
  const faults = useMemo(() => checked.data?.faults ?? [], [checked.data]);
  const remarks = useMemo(
    (): Remark[] =>
      faults
        .filter(({ document }) => document === own)
        .map(({ line, message }) => ({ line, message, tone: 'refusal' })),
    [faults, own],
  );
  const save = useMutation({
    mutationFn: () =>
      saved === undefined
        ? call('POST /v1/agents/policies/documents', { body: { id: idOf(draft.name), draft: bodyOf(draft) } })
        : call('PUT /v1/agents/policies/documents/{id}', {
            params: { id: saved.id },
            body: { draft: bodyOf(draft), expected: revision },
          }),
    async onSuccess({ document }) {
      setRevision(document.revision);
      await queries.invalidateQueries({ queryKey: ['agent-policies'] });
      if (saved === undefined) change({ document: document.id }, { replace: true });
    },
  });
  const remove = useMutation({
    mutationFn: () =>
      call('DELETE /v1/agents/policies/documents/{id}', { params: { id: own }, query: { expected: revision } }),
    async onSuccess() {
      change({ document: undefined });
      await queries.invalidateQueries({ queryKey: ['agent-policies'] });
    },
  });
  const error = save.error ?? remove.error;
  return (
    <div className="room-inner studio">
      <RoomHead
        title={printable(draft.name === '' ? 'New policy' : draft.name)}
        lead={<Link href="/agents/policies">Policies for agents</Link>}
      >
        {mayWrite ? (
          <div className="row">
            <Button loading={save.isPending} onClick={() => save.mutate()}>
              Save
            </Button>
            {saved === undefined ? null : (
              <Button variant="default" loading={remove.isPending} onClick={() => remove.mutate()}>
                Delete
              </Button>
            )}
          </div>
        ) : null}
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} />}
      {save.isSuccess && error === null ? (
        <Notice tone="good" title="Saved, and in force nowhere yet: stage it under Policies" />
      ) : null}
      <div className="studio-columns">
        <div className="stack tight">
          <TextInput
            label="Name"
            value={draft.name}
            maxLength={120}
            readOnly={!mayWrite}
            onChange={(event) => setDraft({ ...draft, name: event.currentTarget.value })}
          />
          <ScopeField scope={draft.scope} readOnly={!mayWrite} onChange={(scope) => setDraft({ ...draft, scope })} />
          <RuleEditor
            control={control}
            label="Policy, in Cedar"
            initial={begun.text}
            readOnly={!mayWrite}
            remarks={remarks}
            vocabulary={undefined}
            language={cedarLanguage}
            onChange={(text) => setDraft((before) => ({ ...before, text }))}
            onSave={() => save.mutate()}
          />
        </div>
        <div className="stack tight">
          {checked.error === null ? null : (
            <ProblemNotice problem={checked.error} retry={() => void checked.refetch()} />
          )}
          <Found checked={checked.data} own={own} goTo={(line) => control.current?.goTo(line)} />
          <OwnTests
            tests={draft.tests}
            checked={checked.data}
            readOnly={!mayWrite}
            onChange={(tests) => setDraft((before) => ({ ...before, tests }))}
          />
        </div>
      </div>
    </div>
  );
}

function Found({
  checked,
  own,
  goTo,
}: {
  readonly checked: Checked | undefined;
  readonly own: string;
  readonly goTo: (line: number) => void;
}) {
  if (checked === undefined) return <p className="quiet">Reading the text…</p>;
  const { faults, policies, widened } = checked;
  const understood = policies.filter(({ document }) => document === own);
  return (
    <section className="stack tight" aria-label="What was found in the text" aria-live="polite">
      {faults.length === 0 ? (
        <Notice tone="good" title={`${plural(understood.length, 'policy', 'policies')} understood`}>
          <ul>
            {understood.map(({ id, words, effect, asks }) => (
              <li key={id}>
                {effect === 'permit'
                  ? 'Lets go'
                  : asks === undefined
                    ? 'Forbids'
                    : asks === 2
                      ? 'Asks two people'
                      : 'Asks'}
                : {printable(words)}
              </li>
            ))}
          </ul>
        </Notice>
      ) : (
        <Notice tone="bad" title={`${plural(faults.length, 'place')} cannot be used`}>
          <ul className="bare">
            {faults.map(({ document, line, column, message }) => (
              <li key={`${document}${line}${column}${message}`}>
                {document === own ? (
                  <button type="button" className="plain-button" onClick={() => goTo(line)}>
                    Line {line}, column {column}
                  </button>
                ) : (
                  <Link href={`/agents/policies?document=${document}`}>
                    {document}, line {line}
                  </Link>
                )}{' '}
                {printable(message)}
              </li>
            ))}
          </ul>
        </Notice>
      )}
      {widened.length === 0 ? null : (
        <Notice tone="warn" title="This would go ahead without a question, at the worst it can be">
          <p>
            {[...new Set(widened.map(({ action }) => action))].join(', ')}: for an agent that others have taken over.
          </p>
        </Notice>
      )}
    </section>
  );
}
