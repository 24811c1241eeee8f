import { Button, FileButton, Modal } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../../api/call.ts';
import { formatDay } from '../../../parts/day.ts';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { authoritiesQuery, type Authority } from './authorities-query.ts';
import { listText } from './list-text.ts';

/** One authority: what it may say, how its lists of revocations are, and what can be done with it. */
export function AuthorityCard({
  authority,
  canManage,
  onEdit,
}: {
  readonly authority: Authority;
  readonly canManage: boolean;
  readonly onEdit: () => void;
}) {
  const queries = useQueryClient();
  const [isRemoving, setRemoving] = useState(false);
  const { id, name, enabled } = authority;
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: authoritiesQuery.queryKey });
  const toggle = useMutation({
    mutationFn: () =>
      call('PATCH /v1/certificate-authorities/{id}', {
        params: { id },
        body: { enabled: !enabled },
        purpose: enabled ? `switch ${name} off` : `let people in with certificates of ${name}`,
      }),
    onSuccess: refresh,
  });
  const upload = useMutation({
    mutationFn: async (file: File) =>
      call('PUT /v1/certificate-authorities/{id}/revocations', {
        params: { id },
        body: { list: listText(new Uint8Array(await file.arrayBuffer())) },
      }),
    onSuccess: refresh,
  });
  const remove = useMutation({
    mutationFn: () => call('DELETE /v1/certificate-authorities/{id}', { params: { id }, purpose: `remove ${name}` }),
    onSuccess: refresh,
  });
  const lists = authority.certificates.flatMap((one) => (one.list === null ? [] : [one.list]));
  const isStale = lists.some(({ stale }) => stale);
  const endingList = authority.revocation === 'list' ? lists.find(({ ending }) => ending === 'soon') : undefined;
  const ending = authority.certificates.filter((one) => one.ending !== null);
  return (
    <section className="sheet" aria-labelledby={`authority-${id}`}>
      <div className="row spread">
        <h2 id={`authority-${id}`}>{printable(name)}</h2>
        <span className="chip">{enabled ? 'Accepted' : 'Off'}</span>
      </div>
      {authority.revocation === 'list' && lists.length === 0 ? (
        <Notice tone="warn" title="Nobody can sign in with it yet">
          <p>The list of what it revoked is missing. Download it from the authority and upload the file here.</p>
        </Notice>
      ) : null}
      {isStale ? (
        <Notice tone="warn" title="A list of revocations is out of date">
          <p>
            {authority.when_stale === 'refuse'
              ? 'Nobody signs in with these certificates until the next one is here.'
              : 'Certificates are still accepted: what was revoked since is not known.'}
          </p>
        </Notice>
      ) : null}
      {endingList !== undefined && !isStale ? (
        <Notice
          tone="warn"
          title={`A list of revocations is good only until ${formatDay(endingList.next.slice(0, 10))}`}
        >
          <p>
            Upload the next one before
            {authority.when_stale === 'refuse' ? ', or nobody signs in with these certificates' : ''}. Let a job do it:{' '}
            <code>sallyport certificate-authorities revocations {id} FILE</code>
          </p>
        </Notice>
      ) : null}
      {ending.map((one) => (
        <Notice
          key={one.sha256}
          tone="warn"
          title={
            one.ending === 'over'
              ? `“${printable(one.subject)}” has expired`
              : `“${printable(one.subject)}” expires on ${formatDay(one.valid_to.slice(0, 10))}`
          }
        >
          <p>
            {one.ending === 'over'
              ? 'Nobody signs in with certificates it issued. Add its new certificate under Change.'
              : 'From then on nobody signs in with certificates it issued: add its new certificate before, under Change.'}
          </p>
        </Notice>
      ))}
      <dl className="facts">
        <dt>Finds people</dt>
        <dd>{findingWords(authority)}</dd>
        <dt>In use</dt>
        <dd>{plural(authority.people, 'certificate')} of people</dd>
        <dt>Revocations</dt>
        <dd>{authority.revocation === 'none' ? 'not looked at' : listWords(lists.length, authority.when_stale)}</dd>
      </dl>
      <ul className="lines">
        {authority.certificates.map((one) => (
          <li key={one.sha256}>
            <span className="line-main">
              <span className="line-name">{printable(one.subject)}</span>
              <span className="quiet small">
                {one.anchor ? 'Trusted for its own sake' : `Issued by ${printable(one.issuer)}`} · valid until{' '}
                {formatDay(one.valid_to.slice(0, 10))}
              </span>
              <span className="quiet small">
                {one.list === null
                  ? 'No list of revocations'
                  : `${plural(one.list.entries, 'certificate')} revoked as of ${formatDay(one.list.of.slice(0, 10))}; ${one.list.stale ? 'the next was due on' : 'the next comes by'} ${formatDay(one.list.next.slice(0, 10))}`}
              </span>
            </span>
          </li>
        ))}
      </ul>
      {upload.data === undefined ? null : (
        <Notice tone="good" title={`The list of ${printable(upload.data.issuer)} is in force`}>
          <p>
            {plural(upload.data.entries, 'certificate')} on it, {upload.data.revoked_here} of people here;{' '}
            {plural(upload.data.ended_sessions, 'session')} ended.
          </p>
        </Notice>
      )}
      {[toggle.error, upload.error].map((error) =>
        error === null ? null : <ProblemNotice key={error.message} problem={error} />,
      )}
      {canManage ? (
        <div className="row">
          <Button variant={enabled ? 'default' : 'filled'} loading={toggle.isPending} onClick={() => toggle.mutate()}>
            {enabled ? 'Switch off' : 'Accept its certificates'}
          </Button>
          <FileButton onChange={(file) => (file === null ? undefined : upload.mutate(file))}>
            {(props) => (
              <Button {...props} variant="default" loading={upload.isPending}>
                Upload a list of revocations
              </Button>
            )}
          </FileButton>
          <Button variant="default" aria-label={`Change ${name}`} onClick={onEdit}>
            Change
          </Button>
          <Button variant="default" color="red" aria-label={`Remove ${name}`} onClick={() => setRemoving(true)}>
            Remove…
          </Button>
        </div>
      ) : null}
      <Modal opened={isRemoving} onClose={() => setRemoving(false)} title={`Remove ${name}`}>
        <div className="stack">
          <p>
            Whoever came in with its certificates is signed out, and {plural(authority.people, 'certificate')} of people{' '}
            are forgotten. Whoever has no other way in needs a reset. This cannot be undone.
          </p>
          {remove.error === null ? null : <ProblemNotice problem={remove.error} />}
          <div className="row">
            <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
              Remove {name}
            </Button>
            <Button variant="default" onClick={() => setRemoving(false)}>
              Cancel
            </Button>
          </div>
        </div>
      </Modal>
    </section>
  );
}

function findingWords({ finds, domains, names_administrators: all, allows_binding: own }: Authority): string {
  const bound = own ? 'by certificates they bind themselves' : 'by certificates administrators bind';
  if (finds === 'binding') return bound;
  const where = domains.length === 0 ? '' : ` of ${domains.map((domain) => printable(domain)).join(', ')}`;
  const who = all ? '' : '; nobody who decides what others may do';
  return `${bound}; and by the ${finds === 'upn' ? 'user principal name' : 'e-mail address'} in them${where}${who}`;
}

function listWords(count: number, whenStale: Authority['when_stale']): string {
  const late = whenStale === 'refuse' ? 'nobody comes in once it is out of date' : 'also when it is out of date';
  return count === 0 ? 'a list is needed' : `by list; ${late}`;
}
