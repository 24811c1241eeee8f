import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { RefObject } from 'react';
import { useLocation } from 'wouter';
import { call } from '../../../api/call.ts';
import { Problem } from '../../../api/problem.ts';
import type { Me } from '../../../api/queries.ts';
import { rulesQuery } from '../../../api/queries.ts';
import { may } from '../../../app/rooms.ts';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import type { RuleTestDraft } from './rule-test-draft.ts';
import { documentQuery, documentsQuery } from './studio-queries.ts';
import type { Checked, OpenDocument } from './studio-queries.ts';

type Props = {
  readonly me: Me;
  readonly document: OpenDocument | undefined;
  readonly draft: { readonly text: string; readonly tests: readonly RuleTestDraft[]; readonly note: string };
  /** The version that is being changed; undefined for a new document. */
  readonly base: number | undefined;
  readonly isChanged: boolean;
  readonly check: Checked | undefined;
  /** Saves from elsewhere, as by the keyboard. */
  readonly saveRef: RefObject<() => void>;
  readonly onSaved: (version: number) => void;
};

/** From draft to staging to force, and out of it again: one step at a time, each said aloud. */
export function DocumentSteps({ me, document, draft, base, isChanged, check, saveRef, onSaved }: Props) {
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const id = document?.document.id ?? '';
  const refresh = (): Promise<unknown> =>
    Promise.all([
      queries.invalidateQueries({ queryKey: documentsQuery.queryKey }),
      queries.invalidateQueries({ queryKey: documentQuery(id).queryKey }),
      queries.invalidateQueries({ queryKey: rulesQuery.queryKey }),
    ]);
  const save = useMutation({
    mutationFn: async () => {
      const { note, text } = draft;
      const body = { text, tests: draft.tests.map((test) => ({ ...test })), ...(note === '' ? {} : { note }) };
      return document === undefined || base === undefined
        ? call('POST /v1/rules/documents', { body })
        : call('POST /v1/rules/documents/{id}/versions', { params: { id }, body: { ...body, expected: base } });
    },
    async onSuccess(saved) {
      onSaved(saved.document.version);
      await refresh();
      if (document === undefined) navigate(`/rules/studio/${saved.document.id}`, { replace: true });
    },
  });
  const step = useMutation({
    mutationFn: async (to: 'stage' | 'activate' | 'unstage' | 'retire') => {
      // What is seen here: the server refuses where somebody saved another meanwhile.
      const version = base ?? 0;
      if (to === 'stage') return call('POST /v1/rules/documents/{id}/stage', { params: { id }, body: { version } });
      if (to === 'activate') {
        const staged = document?.document.staged_version ?? version;
        return call('POST /v1/rules/documents/{id}/activate', { params: { id }, body: { version: staged } });
      }
      if (to === 'unstage') return call('POST /v1/rules/documents/{id}/unstage', { params: { id } });
      return call('POST /v1/rules/documents/{id}/retire', { params: { id } });
    },
    onSettled: refresh,
  });
  const mayWrite = may(me, 'rules:write');
  const mayActivate = may(me, 'rules:manage');
  const isSound = check !== undefined && check.refusals.length === 0 && check.tests.every(({ passed }) => passed);
  useEffect(() => {
    saveRef.current = () => {
      if (mayWrite && isChanged && !save.isPending) save.mutate();
    };
  });
  if (!mayWrite) return null;
  const shown = document?.document;
  const isHeadStaged = shown !== undefined && shown.staged_version === shown.version;
  const isHeadActive = shown !== undefined && shown.active_version === shown.version;
  const isConflict = save.error instanceof Problem && save.error.code === 'rule_document_conflict';
  return (
    <div className="stack tight studio-steps">
      <div className="row">
        <Button
          variant={isChanged ? 'filled' : 'default'}
          disabled={!isChanged}
          loading={save.isPending}
          onClick={() => save.mutate()}
        >
          Save
        </Button>
        {shown === undefined || isHeadStaged || isHeadActive ? null : (
          <Button
            variant={isChanged ? 'default' : 'filled'}
            disabled={isChanged || !isSound}
            loading={step.isPending}
            onClick={() => step.mutate('stage')}
          >
            Stage
          </Button>
        )}
        {shown?.staged_version === undefined ? null : (
          <>
            <Button
              disabled={isChanged || !mayActivate}
              title={mayActivate ? undefined : 'Somebody who may put rules into force has to do it'}
              loading={step.isPending}
              onClick={() => step.mutate('activate')}
            >
              Activate
            </Button>
            <Button variant="default" loading={step.isPending} onClick={() => step.mutate('unstage')}>
              Unstage
            </Button>
          </>
        )}
        {shown?.active_version === undefined || !mayActivate ? null : (
          <Button variant="default" color="red" loading={step.isPending} onClick={() => step.mutate('retire')}>
            Retire
          </Button>
        )}
      </div>
      <p className="quiet small" role="status">
        {nextWords({
          isChanged,
          isSound,
          isHeadStaged,
          isHeadActive,
          isLoaded: document?.in_force.version === shown?.version,
        })}
      </p>
      {shown === undefined || base === undefined || shown.version <= base ? null : (
        <p className="small">
          {printable(shown.head.by)} saved version {shown.version} meanwhile.{' '}
          <a href={`/rules/studio/${id}`}>Open it</a> in place of this text.
        </p>
      )}
      {save.error === null ? null : <ProblemNotice problem={save.error} />}
      {isConflict ? (
        <p className="small">
          What you wrote is still here. <a href={`/rules/studio/${id}`}>Open what they saved</a> in place of it, or copy
          your text first.
        </p>
      ) : null}
      {step.error === null ? null : <ProblemNotice problem={step.error} />}
    </div>
  );
}

function nextWords(now: {
  readonly isChanged: boolean;
  readonly isSound: boolean;
  readonly isHeadStaged: boolean;
  readonly isHeadActive: boolean;
  /** Detection has loaded this version. */
  readonly isLoaded: boolean;
}): string {
  if (now.isChanged) return 'Not saved yet. A draft may be wrong: it changes nothing.';
  if (now.isHeadActive)
    return now.isLoaded
      ? 'In force: its matches make alerts.'
      : 'Being put into force: detection has not loaded it yet.';
  if (now.isHeadStaged) return 'Staged: it is matched on what comes in, and alerts nobody.';
  return now.isSound
    ? 'Saved. Staged, it is matched on what comes in and alerts nobody.'
    : 'Saved. It can be staged when nothing is refused and every test holds.';
}
