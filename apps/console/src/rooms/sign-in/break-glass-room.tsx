import { Button, TextInput, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { call } from '../../api/call.ts';
import { sessionQuery } from '../../api/queries.ts';
import { Alone } from '../../parts/alone.tsx';
import { RoomHead } from '../../parts/room-head.tsx';
import {
  afterRefusal,
  isWhole,
  noProof,
  ProofProblem,
  SealedProofInput,
  shownProof,
} from '../../parts/sealed-proof.tsx';

/** Both sealed codes, or one and a security key; who it is, and why. */
export function BreakGlassRoom() {
  const [, navigate] = useLocation();
  const queries = useQueryClient();
  const [proof, setProof] = useState(noProof);
  const [person, setPerson] = useState('');
  const [reason, setReason] = useState('');
  const open = useMutation({
    mutationFn: async () =>
      call('POST /v1/break-glass/open', {
        body: { ...(await shownProof(proof)), person: person.trim(), reason: reason.trim() },
      }),
    onSuccess: async () => {
      queries.setQueryData(sessionQuery.queryKey, await call('GET /v1/session', {}));
      navigate('/', { replace: true });
    },
    onError: (error) => setProof(afterRefusal(proof, error)),
  });
  return (
    <Alone>
      <RoomHead
        title="Break the glass"
        lead="Both sealed codes, or one and the security key, let you in once, with all rights, for a bounded time. An alarm goes off at once, and somebody reviews what you do."
      />
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          open.mutate();
        }}
      >
        <SealedProofInput proof={proof} onChange={setProof} />
        <TextInput
          label="Who you are"
          size="md"
          maxLength={100}
          value={person}
          onChange={(event) => setPerson(event.currentTarget.value)}
        />
        <Textarea
          label="Why"
          size="md"
          autosize
          minRows={2}
          maxLength={1000}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <ProofProblem error={open.error} />
        <Button
          type="submit"
          size="md"
          color="red"
          loading={open.isPending}
          disabled={!isWhole(proof) || person.trim().length < 2 || reason.trim().length < 3}
        >
          Break the glass
        </Button>
        <Button variant="default" size="md" onClick={() => navigate('/')}>
          Back to sign-in
        </Button>
      </form>
    </Alone>
  );
}
