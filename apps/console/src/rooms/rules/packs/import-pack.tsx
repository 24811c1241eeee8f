import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { call } from '../../../api/call.ts';
import { ProblemNotice } from '../../../parts/notice.tsx';
import type { Release } from './packs-queries.ts';

/** Sends a pack. What its rules are is read behind the answer. */
export function ImportPack({ onImported }: { readonly onImported: (release: Release) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const client = useQueryClient();
  const { mutate, isPending, error } = useMutation({
    mutationFn: (file: File) =>
      call('POST /v1/rules/packs', { raw: { type: 'application/vnd.sallyport.rule-pack', content: file } }),
    async onSuccess(taken) {
      await client.invalidateQueries({ queryKey: ['rule-packs'] });
      onImported(taken);
    },
  });
  return (
    <div className="stack tight">
      <input
        ref={input}
        type="file"
        hidden
        accept=".pack"
        aria-label="Rule pack to import"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          // The same file can be picked again after a refusal.
          event.currentTarget.value = '';
          if (file !== undefined) mutate(file);
        }}
      />
      <Button loading={isPending} onClick={() => input.current?.click()}>
        Import a pack
      </Button>
      {error === null ? null : <ProblemNotice problem={error} />}
    </div>
  );
}
