import { Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { SendCommand } from '../overview/send-command.tsx';

/** A lasting key that may send as one source and nothing else. */
export function ConnectSource() {
  const queries = useQueryClient();
  const [source, setSource] = useState('');
  const isValid = /^[\w.:/-]{1,80}$/.test(source.trim());
  const create = useMutation({
    mutationFn: (name: string) =>
      call('POST /v1/keys', { body: { name: `Source ${name}`, scopes: ['events:write'], source: name } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['keys'] }),
  });
  return (
    <div className="stack">
      <form
        className="row form-row"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(source.trim());
        }}
      >
        <TextInput
          className="grow"
          label="Name of the source"
          description="The machine or program that sends. The key may send as it and nothing else, until you revoke it."
          placeholder="web-01"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={80}
          value={source}
          error={source.trim() === '' || isValid ? undefined : 'Letters, digits and . _ : / - only'}
          onChange={(event) => setSource(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" loading={create.isPending} disabled={!isValid}>
          Make a key
        </Button>
      </form>
      {create.error === null ? null : <ProblemNotice problem={create.error} />}
      {create.data === undefined ? null : (
        <SendCommand apiKey={create.data.key}>
          The key of source {create.data.source}; it does not end by itself.
        </SendCommand>
      )}
    </div>
  );
}
