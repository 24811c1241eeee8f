import { Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ProblemNotice } from '../../parts/notice.tsx';
import type { SourceName } from '../../parts/source-address.ts';
import { setLabel } from './source-label.ts';

/** What people call a source. */
export function LabelForm({ source }: { readonly source: SourceName & { readonly label?: string | undefined } }) {
  const queries = useQueryClient();
  const [label, setText] = useState(source.label ?? '');
  const save = useMutation({
    mutationFn: (text: string) => setLabel(source, text),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['sources'] }),
  });
  return (
    <form
      className="stack tight"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(label.trim());
      }}
    >
      <div className="row form-row">
        <TextInput
          className="grow"
          label="What to call it"
          placeholder="Firewall, ground floor"
          maxLength={100}
          value={label}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button
          type="submit"
          variant="default"
          loading={save.isPending}
          disabled={label.trim() === '' || label.trim() === source.label}
        >
          Save
        </Button>
      </div>
      {save.error === null ? null : <ProblemNotice problem={save.error} />}
    </form>
  );
}
