import { Button, Modal, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { anchorsQuery } from './anchors-query.ts';

/** Its address and its roots; what it answers stands there before the dialog is closed. */
export function AddTimeAuthority({ onClose }: { readonly onClose: () => void }) {
  const queries = useQueryClient();
  const [url, setUrl] = useState('');
  const [roots, setRoots] = useState('');
  const add = useMutation({
    mutationFn: () =>
      call('POST /v1/ledger/anchors/authorities', { body: { url: url.trim(), roots_pem: roots.trim() } }),
    onSuccess: (report) => queries.setQueryData(anchorsQuery.queryKey, report),
  });
  const added = add.data?.authorities.at(-1);
  return (
    <Modal
      opened
      onClose={onClose}
      title={added === undefined ? 'Add a time-stamping authority' : 'It is added'}
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
          <TextInput
            label="Its address"
            description="http will do: what it answers is signed, and about a hash alone"
            placeholder="http://timestamp.example.org/tsr"
            spellCheck={false}
            autoComplete="off"
            data-autofocus
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
          />
          <Textarea
            label="Its roots, in PEM"
            description="the certificates its operator publishes; only stamps that lead there count"
            placeholder="-----BEGIN CERTIFICATE-----"
            spellCheck={false}
            autosize
            minRows={4}
            maxRows={10}
            value={roots}
            onChange={(event) => setRoots(event.currentTarget.value)}
          />
          <p className="quiet small">
            It learns that a checkpoint exists, and its SHA-256: nothing of what was recorded. Whether its key was
            stolen meanwhile is not looked up.
          </p>
          {add.error === null ? null : <ProblemNotice problem={add.error} />}
          <div className="row">
            <Button type="submit" loading={add.isPending} disabled={url.trim() === '' || roots.trim() === ''}>
              Add and ask it
            </Button>
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
          </div>
        </form>
      ) : (
        <div className="stack" role="status">
          <Notice
            tone={added.state === 'stamping' ? 'good' : added.state === 'wrong' ? 'bad' : 'warn'}
            title={
              added.state === 'stamping'
                ? `It stamped the log, ${formatCount(added.newest_size ?? 0)} entries`
                : 'It has not stamped anything'
            }
          >
            <p>
              {added.problem === null
                ? `From now on a log that grows is stamped every ${add.data?.every_minutes ?? 60} minutes.`
                : `${printable(added.problem)}. It is asked again by itself.`}
            </p>
          </Notice>
          <div className="row">
            <Button data-autofocus onClick={onClose}>
              Done
            </Button>
          </div>
        </div>
      )}
    </Modal>
  );
}
