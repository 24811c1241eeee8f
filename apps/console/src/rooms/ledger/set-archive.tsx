import { Button, Modal, NumberInput, PasswordInput, SegmentedControl, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { archiveQuery } from './archive-query.ts';
import type { ArchiveReport } from './archive-query.ts';

type Bucket = {
  readonly bucket: string;
  readonly region: string;
  readonly endpoint: string;
  readonly authority: string;
  readonly prefix: string;
  readonly mode: 'compliance' | 'governance';
  readonly days: number;
  readonly keyId: string;
  readonly secret: string;
};

/** The place is tried before it is kept: a bucket that cannot lock is refused here. */
export function SetArchive({ report, onClose }: { readonly report: ArchiveReport; readonly onClose: () => void }) {
  const queries = useQueryClient();
  const now = report.on ? report.settings : undefined;
  const place = now?.place;
  const [kind, setKind] = useState<'s3' | 'directory'>(place?.kind ?? 's3');
  const [path, setPath] = useState(place?.kind === 'directory' ? place.path : '');
  const [bucket, setBucket] = useState<Bucket>({
    bucket: place?.kind === 's3' ? place.bucket : '',
    region: place?.kind === 's3' ? place.region : 'eu-central-1',
    endpoint: place?.kind === 's3' ? (place.endpoint ?? '') : '',
    authority: '',
    prefix: place?.kind === 's3' ? place.prefix : 'sallyport/',
    mode: place?.kind === 's3' ? place.mode : 'governance',
    days: place?.kind === 's3' ? place.retention_days : 365,
    keyId: '',
    secret: '',
  });
  const known = place?.kind === 's3' ? place.credentials : undefined;
  const [lagHours, setLagHours] = useState(now?.lag_limit_hours ?? 24);
  const change = useMutation({
    mutationFn: () =>
      call('PUT /v1/archive/settings', {
        body: {
          lag_limit_hours: lagHours,
          ...(now === undefined ? {} : { span_minutes: now.span_minutes }),
          place: kind === 'directory' ? { kind, path: path.trim() } : placeOf(bucket, known),
        },
      }),
    onSuccess: (next) => {
      queries.setQueryData(archiveQuery.queryKey, next);
      onClose();
    },
  });
  const end = useMutation({
    mutationFn: () => call('DELETE /v1/archive/settings', {}),
    onSuccess: (next) => {
      queries.setQueryData(archiveQuery.queryKey, next);
      onClose();
    },
  });
  const isComplete =
    kind === 'directory' ? path.trim() !== '' : bucket.bucket.trim() !== '' && bucket.region.trim() !== '';
  return (
    <Modal opened onClose={onClose} title="Where the ledger is archived" closeOnClickOutside={false}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          change.mutate();
        }}
      >
        <SegmentedControl
          aria-label="Kind of place"
          data={[
            { value: 's3', label: 'Bucket with Object Lock' },
            { value: 'directory', label: 'Directory' },
          ]}
          value={kind}
          onChange={(value) => setKind(value === 'directory' ? 'directory' : 's3')}
        />
        {kind === 'directory' ? (
          <TextInput
            label="Directory on the server"
            description="on another disk, or a mounted share; locks nothing"
            placeholder="/mnt/elsewhere"
            spellCheck={false}
            autoComplete="off"
            value={path}
            onChange={(event) => setPath(event.currentTarget.value)}
          />
        ) : (
          <BucketFields bucket={bucket} isKnown={place?.kind === 's3'} onChange={setBucket} />
        )}
        <NumberInput
          label="Alarm when it is behind, hours"
          min={1}
          max={8760}
          allowDecimal={false}
          value={lagHours}
          onChange={(value) => setLagHours(Number(value))}
        />
        <p className="quiet small">
          It is tried first. A weaker lock, a shorter time or another place raises an alert in your name; nothing that
          was archived is ever removed.
        </p>
        {change.error === null ? null : <ProblemNotice problem={change.error} />}
        {end.error === null ? null : <ProblemNotice problem={end.error} />}
        <div className="row">
          <Button type="submit" loading={change.isPending} disabled={!isComplete || lagHours < 1}>
            Try it and save
          </Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          {report.on ? (
            <Button variant="subtle" color="red" loading={end.isPending} onClick={() => end.mutate()}>
              Archive nothing more
            </Button>
          ) : null}
        </div>
      </form>
    </Modal>
  );
}

function BucketFields({
  bucket,
  isKnown,
  onChange,
}: {
  readonly bucket: Bucket;
  readonly isKnown: boolean;
  readonly onChange: (next: Bucket) => void;
}) {
  const text = (name: 'bucket' | 'region' | 'endpoint' | 'prefix' | 'keyId' | 'secret' | 'authority') => ({
    value: bucket[name],
    spellCheck: false,
    autoComplete: 'off',
    onChange: (event: { readonly currentTarget: { readonly value: string } }) =>
      onChange({ ...bucket, [name]: event.currentTarget.value }),
  });
  return (
    <>
      <TextInput label="Bucket" description="made with Object Lock" data-autofocus {...text('bucket')} />
      <TextInput label="Region" {...text('region')} />
      <TextInput
        label="Endpoint"
        description="of a store of your own; empty for Amazon’s"
        placeholder="https://minio.example.org"
        {...text('endpoint')}
      />
      <details className="fold">
        <summary>Prefix, and a certificate of our own</summary>
        <TextInput label="Prefix" {...text('prefix')} />
        <Textarea
          label="What its certificate must lead to, in PEM"
          description="given anew at each change when it is needed"
          autosize
          minRows={3}
          maxRows={8}
          {...text('authority')}
        />
      </details>
      <div className="stack tight">
        <span id="lock-mode">Who may shorten a lock</span>
        <SegmentedControl
          aria-labelledby="lock-mode"
          data={[
            { value: 'governance', label: 'Who has a special right' },
            { value: 'compliance', label: 'Nobody' },
          ]}
          value={bucket.mode}
          onChange={(mode) => onChange({ ...bucket, mode: mode === 'compliance' ? 'compliance' : 'governance' })}
        />
        <p className="quiet small">
          {bucket.mode === 'compliance'
            ? 'Compliance: not even the owner of the account, who pays for it to the end.'
            : 'Governance: give the right to bypass it to nobody who administers this server.'}
        </p>
      </div>
      <NumberInput
        label="Locked for, days"
        min={1}
        max={36_500}
        allowDecimal={false}
        value={bucket.days}
        onChange={(value) => onChange({ ...bucket, days: Number(value) })}
      />
      <TextInput
        label="Access key id"
        description={
          isKnown
            ? 'empty: the one in use'
            : 'it needs to put, read and list, and never to delete; empty: the machine’s own'
        }
        {...text('keyId')}
      />
      <PasswordInput label="Secret" {...text('secret')} />
    </>
  );
}

/** Without a key the one in use goes on, and where there is none the machine’s own is used. */
function placeOf(
  { bucket, region, endpoint, authority, prefix, mode, days, keyId, secret }: Bucket,
  known: 'vault' | 'environment' | undefined,
) {
  const given =
    keyId.trim() === ''
      ? { credentials: known ?? ('environment' as const) }
      : { credentials: 'vault' as const, access_key: { id: keyId.trim(), secret: secret.trim() } };
  return {
    kind: 's3' as const,
    bucket: bucket.trim(),
    region: region.trim(),
    prefix: prefix.trim(),
    mode,
    retention_days: days,
    ...(endpoint.trim() === '' ? {} : { endpoint: endpoint.trim() }),
    ...(authority.trim() === '' ? {} : { authority_pem: authority.trim() }),
    ...given,
  };
}
