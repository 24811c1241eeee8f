import { Button, Modal, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { CopyBlock } from '../../parts/copy-block.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { registerCommand } from './witness-row.tsx';
import { stateWords } from './witness-words.ts';
import { witnessesQuery } from './witnesses-query.ts';
import type { Witness, WitnessesReport } from './witnesses-query.ts';

/** Its address and its key; what it answers stands there before the dialog is closed. */
export function AddWitness({ log, onClose }: { readonly log: WitnessesReport['log']; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const [url, setUrl] = useState('');
  const [key, setKey] = useState('');
  const [authority, setAuthority] = useState('');
  const add = useMutation({
    mutationFn: () =>
      call('POST /v1/ledger/witnesses', {
        body: {
          url: url.trim(),
          verifier_key: key.trim(),
          ...(authority.trim() === '' ? {} : { authority_pem: authority.trim() }),
        },
      }),
    onSuccess: (report) => queries.setQueryData(witnessesQuery.queryKey, report),
  });
  // As it stands now, not as it stood when it was added: one that was slow to answer is asked again by itself.
  const { data: report = add.data } = useQuery(witnessesQuery);
  const isAdded = add.data?.witnesses.some((witness) => witness.verifier_key === key.trim()) ?? false;
  const added = isAdded ? report?.witnesses.find((witness) => witness.verifier_key === key.trim()) : undefined;
  return (
    <Modal
      opened
      onClose={onClose}
      title={added === undefined ? 'Add a witness' : `${added.name} is added`}
      closeOnClickOutside={false}
    >
      {added === undefined ? (
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            add.mutate();
          }}
        >
          <CopyBlock title="First, where the witness runs, let it know this log" text={registerCommand(log)} />
          <TextInput
            label="Its address"
            description="https; the part before /add-checkpoint"
            placeholder="https://witness.example.org"
            spellCheck={false}
            autoComplete="off"
            data-autofocus
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
          />
          <Textarea
            label="Its key"
            description="as “sallyport witness key” prints it: the first (Ed25519) or the second (ML-DSA-44), not both"
            placeholder="witness.example.org/w1+1234abcd+B…"
            spellCheck={false}
            autoComplete="off"
            autosize
            minRows={2}
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
          />
          <details className="fold">
            <summary>Its certificate is our own</summary>
            <Textarea
              label="What its certificate must lead to, in PEM"
              description="needed when no public authority vouches for it"
              spellCheck={false}
              autosize
              minRows={3}
              maxRows={8}
              value={authority}
              onChange={(event) => setAuthority(event.currentTarget.value)}
            />
          </details>
          <p className="quiet small">
            A witness is worth as much as it is independent: another machine, another owner, no snapshot of its state.
          </p>
          {add.error === null ? null : <ProblemNotice problem={add.error} />}
          <div className="row">
            <Button type="submit" loading={add.isPending} disabled={url.trim() === '' || key.trim() === ''}>
              Add and ask it
            </Button>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
          </div>
        </form>
      ) : (
        <Answered witness={added} log={log} onClose={onClose} />
      )}
    </Modal>
  );
}

function Answered({
  witness,
  log,
  onClose,
}: {
  readonly witness: Witness;
  readonly log: WitnessesReport['log'];
  readonly onClose: () => void;
}) {
  const isGood = witness.state === 'cosigning';
  const { word, tone } = stateWords[witness.state];
  return (
    <div className="stack" role="status">
      <Notice
        tone={isGood ? 'good' : tone === 'bad' ? 'bad' : 'warn'}
        title={isGood ? `It cosigned the log, ${witness.cosigned_size ?? 0} entries` : word}
      >
        <p>
          {isGood
            ? 'From now on it is asked every few seconds, and evidence carries its signature.'
            : `${witness.problem?.message ?? 'It has not answered yet'}. It is asked again by itself.`}
        </p>
      </Notice>
      {witness.state === 'unknown_log' ? (
        <CopyBlock title="Where the witness runs" text={registerCommand(log)} />
      ) : null}
      <div className="row">
        <Button data-autofocus onClick={onClose}>
          Done
        </Button>
      </div>
    </div>
  );
}
