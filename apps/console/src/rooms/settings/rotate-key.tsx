import { Button, Modal, NativeSelect } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import { CopyField } from '../../parts/copy-field.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';

type Key = Answer<'GET /v1/keys'>['keys'][number];

const overlaps = [
  { value: '3600000', label: 'For another hour' },
  { value: '86400000', label: 'For another day' },
  { value: '604800000', label: 'For another week' },
  { value: '0', label: 'Not any more' },
];

/** Another secret for a key, with both good for a while, so that what uses it need not stop. */
export function RotateKey({ apiKey, onClose }: { readonly apiKey: Key | undefined; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const [overlap, setOverlap] = useState('86400000');
  const rotate = useMutation({
    mutationFn: (id: string) =>
      call('POST /v1/keys/{id}/rotate', {
        params: { id },
        body: { overlapMs: Number(overlap) },
        purpose: `give ${apiKey?.name ?? 'the key'} another secret`,
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['keys'] }),
  });
  const close = (): void => {
    rotate.reset();
    onClose();
  };
  return (
    <Modal opened={apiKey !== undefined} onClose={close} title={`Rotate “${apiKey?.name ?? ''}”`}>
      {rotate.data === undefined ? (
        <div className="stack">
          <p>It keeps its name and permissions and gets another secret.</p>
          {apiKey?.previousEndsAtMs !== undefined && apiKey.previousEndsAtMs > Date.now() ? (
            <p>It was rotated lately: the secret from before that ends at once.</p>
          ) : null}
          <NativeSelect
            label="The secret it has now stays good"
            value={overlap}
            data={overlaps}
            onChange={(event) => setOverlap(event.currentTarget.value)}
          />
          {rotate.error === null ? null : <ProblemNotice problem={rotate.error} />}
          <Button loading={rotate.isPending} onClick={() => apiKey !== undefined && rotate.mutate(apiKey.id)}>
            Make another secret
          </Button>
        </div>
      ) : (
        <div className="stack">
          <p>Shown this once. The server keeps only a hash of it.</p>
          <CopyField value={rotate.data.key} label="the key" />
          <Button variant="default" onClick={close}>
            Done
          </Button>
        </div>
      )}
    </Modal>
  );
}
