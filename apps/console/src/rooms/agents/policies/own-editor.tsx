import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { call } from '../../../api/call.ts';
import type { Me } from '../../../api/queries.ts';
import { useAddress } from '../../../app/address.ts';
import { may } from '../../../app/rooms.ts';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { idOf } from '../../policies/document-id.ts';
import { EditorFrame, FoundInText } from '../../policies/editor-frame.tsx';
import { PolicyTests } from '../../policies/policy-tests.tsx';
import type { EditorControl, Remark } from '../../rules/studio/rule-editor.tsx';
import { bodyOf, ownCheckQuery } from './own-policy-queries.ts';
import type { Checked, Draft, OpenDocument } from './own-policy-queries.ts';
import { ScopeField } from './scope-field.tsx';
import { verdictWords } from './verdict-words.ts';

const typingMs = 500;

/** A document with its faults at their lines, what it says, and its tests, while it is being written. */
export function OwnEditor({
  me,
  saved,
  begun,
  notice,
}: {
  readonly me: Me;
  readonly saved: Pick<OpenDocument['document'], 'id' | 'revision'> | undefined;
  readonly begun: Draft;
  readonly notice?: ReactNode;
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
  return (
    <EditorFrame
      list={{ address: '/agents/policies', title: 'Policies for agents', stagedUnder: 'Policies' }}
      name={draft.name}
      onName={(name) => setDraft((before) => ({ ...before, name }))}
      initial={begun.text}
      onText={(text) => setDraft((before) => ({ ...before, text }))}
      remarks={remarks}
      control={control}
      mayWrite={mayWrite}
      save={save}
      remove={saved === undefined ? undefined : remove}
      notice={notice}
      beside={
        <ScopeField
          scope={draft.scope}
          readOnly={!mayWrite}
          onChange={(scope) => setDraft((before) => ({ ...before, scope }))}
        />
      }
    >
      {checked.error === null ? null : <ProblemNotice problem={checked.error} retry={() => void checked.refetch()} />}
      <FoundInText
        understood={checked.data?.policies.filter(({ document }) => document === own).map(saysOf)}
        faults={faults.map(({ document, line, column, message }) => ({
          line,
          column,
          message,
          ...(document === own
            ? {}
            : {
                elsewhere: (
                  <Link href={`/agents/policies?document=${document}`}>
                    {document}, line {line}
                  </Link>
                ),
              }),
        }))}
        goTo={(line) => control.current?.goTo(line)}
      />
      <Widened widened={checked.data?.widened ?? []} />
      <PolicyTests
        tests={draft.tests}
        results={[
          ...(checked.data?.tests ?? []).map(({ name, passed, expect, got, reason }) => ({
            name,
            passed,
            why: `${verdictWords[expect]} was expected; ${verdictWords[got].toLowerCase()}: ${reason}`,
          })),
          ...(checked.data?.standing ?? []).map(({ name, passed, reason }) => ({ name, passed, why: reason })),
        ]}
        description='Each: name, pack, prompt (what the person wrote), read (what of others came in before), tool, input, and expect: "allow", "ask" or "deny"'
        readOnly={!mayWrite}
        onChange={(tests) => setDraft((before) => ({ ...before, tests }))}
      />
    </EditorFrame>
  );
}

function saysOf({ id, words, effect, asks }: Checked['policies'][number]) {
  const forbids = asks === undefined ? 'Forbids' : asks === 2 ? 'Asks two people' : 'Asks';
  return { id, words, says: effect === 'permit' ? 'Lets go' : forbids };
}

function Widened({ widened }: Pick<Checked, 'widened'>) {
  if (widened.length === 0) return null;
  return (
    <Notice tone="warn" title="This would go ahead without a question, at the worst it can be">
      <p>{[...new Set(widened.map(({ action }) => action))].join(', ')}: for an agent that others have taken over.</p>
    </Notice>
  );
}
