import { Button, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { ReasonDialog } from '../../../parts/reason-dialog.tsx';
import { approvalsKey } from './approvals-query.ts';
import type { WaitingApproval } from './approvals-query.ts';

type Said = { readonly answer: 'grant' | 'refuse'; readonly scope: 'once' | 'session' };

/** Yes to this call, yes for the run, or no; with words for the agent, and a note for whoever chooses policies. */
export function AnswerForm({ approval }: { readonly approval: WaitingApproval }) {
  const queries = useQueryClient();
  const [words, setWords] = useState('');
  const answer = useMutation({
    mutationFn: (said: Said) =>
      call('POST /v1/agent/approvals/{id}/answer', {
        params: { id: approval.id },
        body: { ...said, digest: approval.digest, words: words.trim() },
        purpose: `let ${approval.agent.name} do this`,
      }),
    onSettled: () => queries.invalidateQueries({ queryKey: approvalsKey }),
  });
  const isSaying = (said: Said): boolean =>
    answer.isPending && answer.variables.answer === said.answer && answer.variables.scope === said.scope;
  const button = (said: Said) => ({
    loading: isSaying(said),
    // A first yes of two is no end: whoever said it may still say no.
    disabled: answer.isPending || (answer.isSuccess && (said.answer === 'grant' || approval.people_needed === 1)),
    onClick: () => answer.mutate(said),
  });
  return (
    <div className="stack tight">
      <Textarea
        label="Words for the agent"
        description="It reads them with your answer; you may leave them out"
        autosize
        minRows={1}
        maxLength={500}
        value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
      />
      {answer.error === null ? null : <ProblemNotice problem={answer.error} />}
      <div className="approval-answers">
        {approval.not_counted === undefined ? (
          <Button {...button({ answer: 'grant', scope: 'once' })}>
            {approval.people_needed === 1
              ? 'Yes, this once'
              : approval.yeses.length === 0
                ? 'Yes, as the first of two'
                : 'Yes, as the second'}
          </Button>
        ) : null}
        {approval.may_hold ? (
          <Button variant="default" {...button({ answer: 'grant', scope: 'session' })}>
            Yes, for this run
          </Button>
        ) : null}
        <Button color="red" variant="light" {...button({ answer: 'refuse', scope: 'once' })}>
          No
        </Button>
      </div>
      {approval.may_hold ? (
        <p className="quiet small">
          For this run: the same tool, place and kind, as long as the same policy asks. Anything else is asked again.
        </p>
      ) : null}
      <ProposeButton approval={approval} />
    </div>
  );
}

/** Somebody who is asked this too often, or thinks nobody should say yes to it, tells whoever chooses policies. */
function ProposeButton({ approval }: { readonly approval: WaitingApproval }) {
  const [isOpen, setOpen] = useState(false);
  const queries = useQueryClient();
  const propose = useMutation({
    mutationFn: (said: string) => call('POST /v1/agent/proposals', { body: { approval_id: approval.id, words: said } }),
    async onSuccess() {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: ['agents', 'proposals'] });
    },
  });
  return (
    <>
      {propose.isSuccess ? (
        <p className="small" role="status">
          Proposed. Whoever chooses policies reads it.
        </p>
      ) : (
        <p className="small">
          <button type="button" className="plain-button" onClick={() => setOpen(true)}>
            Propose that policy answers this
          </button>
        </p>
      )}
      {isOpen ? (
        <ReasonDialog
          title="Propose a change of policy"
          points={[
            'It answers nothing now: this call still waits for you.',
            'Whoever may change what agents may do reads it, with this call.',
          ]}
          confirm="Propose"
          why="what should happen with such a call, and why"
          isPending={propose.isPending}
          problem={propose.error === null ? null : <ProblemNotice problem={propose.error} />}
          onConfirm={(said) => propose.mutate(said)}
          onClose={() => setOpen(false)}
        />
      ) : null}
    </>
  );
}
