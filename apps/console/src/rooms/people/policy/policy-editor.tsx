import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { call } from '../../../api/call.ts';
import type { Me } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { may } from '../../../app/rooms.ts';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { idOf } from '../../policies/document-id.ts';
import { EditorFrame, FoundInText } from '../../policies/editor-frame.tsx';
import { PolicyTests } from '../../policies/policy-tests.tsx';
import type { EditorControl, Remark } from '../../rules/studio/rule-editor.tsx';
import { checkQuery } from './policy-queries.ts';
import type { OpenPolicy, PolicyTest } from './policy-queries.ts';

const typingMs = 500;

/** The text with its faults at their lines, what it says, and its tests, while it is being written. */
export function PolicyEditor(props: {
  readonly me: Me;
  readonly saved: Pick<OpenPolicy['document'], 'id' | 'revision'> | undefined;
  readonly name: string;
  readonly text: string;
  readonly tests: readonly PolicyTest[];
  readonly notice?: ReactNode;
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
      await queries.invalidateQueries({ queryKey: ['policy'] });
      if (saved === undefined) change({ document: document.id }, { replace: true });
    },
  });
  const remove = useMutation({
    mutationFn: () =>
      call('DELETE /v1/policy/documents/{id}', { params: { id: saved?.id ?? '' }, query: { expected: revision ?? 1 } }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ['policy'] });
      change({ document: undefined });
    },
  });
  return (
    <EditorFrame
      list={{ address: '/people/policy', title: 'Policy', stagedUnder: 'Policy' }}
      name={name}
      onName={setName}
      initial={props.text}
      onText={setText}
      remarks={remarks}
      control={control}
      mayWrite={mayWrite}
      save={save}
      remove={saved === undefined ? undefined : remove}
      notice={props.notice}
    >
      {checked.error === null ? null : <ProblemNotice problem={checked.error} retry={() => void checked.refetch()} />}
      <FoundInText
        understood={checked.data?.policies
          .filter(({ file }) => file === own)
          .map(({ id, words, effect }) => ({ id, words, says: effect === 'forbid' ? 'Forbids' : 'Allows' }))}
        faults={faults}
        goTo={(line) => control.current?.goTo(line)}
      />
      <PolicyTests
        tests={tests}
        results={[...(checked.data?.tests ?? []), ...(checked.data?.standing ?? [])].map(
          ({ name: called, passed, reason }) => ({ name: called, passed, why: reason }),
        )}
        description='Each: name, principal, action, and expect: "allow", "deny" or "needs_proof"'
        readOnly={!mayWrite}
        onChange={setTests}
      />
    </EditorFrame>
  );
}
