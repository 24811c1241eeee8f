import { Button, TextInput, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { call } from '../../api/call.ts';
import { sessionQuery } from '../../api/queries.ts';
import { Alone } from '../../parts/alone.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { RoomHead } from '../../parts/room-head.tsx';

/** Both sealed codes, who it is, and why. */
export function BreakGlassRoom() {
  const [, navigate] = useLocation();
  const queries = useQueryClient();
  const [first, setFirst] = useState('');
  const [second, setSecond] = useState('');
  const [person, setPerson] = useState('');
  const [reason, setReason] = useState('');
  const open = useMutation({
    mutationFn: () =>
      call('POST /v1/break-glass/open', { body: { first, second, person: person.trim(), reason: reason.trim() } }),
    onSuccess: async () => {
      queries.setQueryData(sessionQuery.queryKey, await call('GET /v1/session', {}));
      navigate('/', { replace: true });
    },
  });
  return (
    <Alone>
      <RoomHead
        title="Break the glass"
        lead="Both sealed codes let you in once, with all rights, for a bounded time. An alarm goes off at once, and somebody reviews what you do."
      />
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          open.mutate();
        }}
      >
        <TextInput
          label="Code of the first envelope"
          size="md"
          autoComplete="off"
          autoFocus
          value={first}
          onChange={(event) => setFirst(event.currentTarget.value)}
        />
        <TextInput
          label="Code of the second envelope"
          size="md"
          autoComplete="off"
          value={second}
          onChange={(event) => setSecond(event.currentTarget.value)}
        />
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
        {open.error === null ? null : <ProblemNotice problem={open.error} />}
        <Button
          type="submit"
          size="md"
          color="red"
          loading={open.isPending}
          disabled={first === '' || second === '' || person.trim().length < 2 || reason.trim().length < 3}
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
