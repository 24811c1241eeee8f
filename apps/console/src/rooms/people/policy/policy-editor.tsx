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
import { RuleEditor } from '../../rules/studio/rule-editor.tsx';
import type { EditorControl, Remark } from '../../rules/studio/rule-editor.tsx';
import { cedarLanguage } from './cedar-language.ts';
import { idOf } from './document-id.ts';
import { PolicyTests } from './policy-tests.tsx';
import { checkQuery } from './policy-queries.ts';
import type { OpenPolicy, PolicyTest } from './policy-queries.ts';

const typingMs = 500;

/** The text with its faults at their lines, what it says, and its tests, while it is being written. */
export function PolicyEditor(props: {
  readonly me: Me;
  readonly saved: OpenPolicy['document'] | undefined;
  readonly name: string;
  readonly text: string;
  readonly tests: readonly PolicyTest[];
}) {
  const { me, saved } = props;
  const { change } = useAddress();
  const queries = useQueryClient();
  const [revision, setRevision] = useState(saved?.revision);
  const [name, setName] = useState(props.name);
  const [text, setText] = useState(props.text);
  const [tests, setTests] = useState(props.tests);
  const control = useRef<EditorControl>(null);
  const mayWrite = may(me, 'settings:manage');
  const [asked] = useDebouncedValue(
    useMemo(() => ({ name, text, tests }), [name, text, tests]),
    typingMs,
  );
  const checked = useQuery(checkQuery(asked, saved?.id));
  const faults = useMemo(() => checked.data?.faults ?? [], [checked.data]);
  const own = saved === undefined ? 'own/new.cedar' : `own/${saved.id}.cedar`;
  const remarks = useMemo(
    (): Remark[] =>
      faults.map(({ file, line, message }) => ({
        line: file === own ? line : 1,
        message: file === own ? message : `${file}: ${message}`,
        tone: 'refusal',
      })),
    [faults, own],
  );
  const save = useMutation({
    async mutationFn() {
      const body = {
        name: name.trim() === '' ? 'Untitled' : name.trim(),
        text,
        tests: tests.map((one) => ({ ...one })),
      };
      return saved === undefined
        ? call('POST /v1/policy/documents', { body: { id: idOf(body.name), ...body } })
        : call('PUT /v1/policy/documents/{id}', {
            params: { id: saved.id },
            body: { ...body, expected: revision ?? 1 },
          });
    },
    async onSuccess({ document }) {
      setRevision(document.revision);
      await queries.invalidateQueries({ queryKey: ['policy', 'documents'] });
      if (saved === undefined) change({ document: document.id }, { replace: true });
    },
  });
  const remove = useMutation({
    mutationFn: () =>
      call('DELETE /v1/policy/documents/{id}', { params: { id: saved?.id ?? '' }, query: { expected: revision ?? 1 } }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ['policy', 'documents'] });
      change({ document: undefined });
    },
  });
  const understood = checked.data?.policies.filter(({ file }) => file === own) ?? [];
  const error = save.error ?? remove.error;
  return (
    <div className="room-inner studio">
      <RoomHead title={printable(name === '' ? 'New policy' : name)} lead={<Link href="/people/policy">Policy</Link>}>
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
        <Notice tone="good" title="Saved, and in force nowhere yet: stage it under Policy" />
      ) : null}
      <div className="studio-columns">
        <div className="stack tight">
          <TextInput
            label="Name"
            value={name}
            maxLength={120}
            readOnly={!mayWrite}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <RuleEditor
            control={control}
            label="Policy, in Cedar"
            initial={props.text}
            readOnly={!mayWrite}
            remarks={remarks}
            vocabulary={undefined}
            language={cedarLanguage}
            onChange={setText}
            onSave={() => save.mutate()}
          />
        </div>
        <div className="stack tight">
          {checked.error === null ? null : (
            <ProblemNotice problem={checked.error} retry={() => void checked.refetch()} />
          )}
          <section className="stack tight" aria-label="What was found in the text" aria-live="polite">
            {checked.data === undefined ? (
              <p className="quiet">Reading the text…</p>
            ) : faults.length === 0 ? (
              <Notice tone="good" title={`${plural(understood.length, 'policy', 'policies')} understood`}>
                <ul>
                  {understood.map(({ id, words, effect }) => (
                    <li key={id}>
                      {effect === 'forbid' ? 'Forbids' : 'Allows'}: {printable(words)}
                    </li>
                  ))}
                </ul>
              </Notice>
            ) : (
              <Notice tone="bad" title={`${plural(faults.length, 'place')} cannot be used`}>
                <ul className="bare">
                  {faults.map(({ file, line, column, message }) => (
                    <li key={`${file}${line}${column}${message}`}>
                      <button type="button" className="plain-button" onClick={() => control.current?.goTo(line)}>
                        Line {line}, column {column}
                      </button>{' '}
                      {printable(message)}
                    </li>
                  ))}
                </ul>
              </Notice>
            )}
          </section>
          <PolicyTests tests={tests} checked={checked.data} readOnly={!mayWrite} onChange={setTests} />
        </div>
      </div>
    </div>
  );
}
