import { isJsonObject, roleChange } from '@sallyport/contracts';
import { Button, Switch, TextInput } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { call } from '../../api/call.ts';
import { useAddress } from '../../app/address.ts';
import { Clock } from '../../parts/clock.tsx';
import { EmptyRoom } from '../../parts/empty-room.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { Seal } from '../../seal/seal.tsx';

/** What people and keys did, from the ledger: each line has a seal. */
export function AuditTrail() {
  const { get, change } = useAddress();
  const [actor, action] = [get('actor'), get('action')];
  // Looking at things makes most records and changes nothing. Who asks for an action gets it, whatever it is.
  const reads = get('reads') === 'show' || action !== undefined ? 'show' : 'hide';
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['audit', actor, action, reads],
    queryFn: ({ pageParam, signal }) =>
      call('GET /v1/audit', {
        query: { limit: 100, actor, action, reads, ...(pageParam === '' ? {} : { after: pageParam }) },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
  });
  const entries = data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <div className="stack">
      <div className="row spread form-row">
        <AuditFilter key={`${actor ?? ''} ${action ?? ''}`} actor={actor} action={action} onChange={change} />
        {action === undefined ? (
          <Switch
            label="Show reads too"
            checked={reads === 'show'}
            onChange={(event) => change({ reads: event.currentTarget.checked ? 'show' : undefined })}
          />
        ) : null}
      </div>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[44, 44, 44, 44]} /> : null}
      {data !== undefined && entries.length === 0 ? (
        <div className="sheet">
          <EmptyRoom title="Nothing here">No entry fits the filter above.</EmptyRoom>
        </div>
      ) : null}
      {entries.length === 0 ? null : (
        <section className="sheet flush" aria-label="Audit trail">
          <div className="table-wrap" tabIndex={0} role="group" aria-label="Audit trail, as a table">
            <table className="plain">
              <thead>
                <tr>
                  <th scope="col">When</th>
                  <th scope="col">Who</th>
                  <th scope="col">Did</th>
                  <th scope="col">To</th>
                  <th scope="col">Outcome</th>
                  <th scope="col">Seal</th>
                </tr>
              </thead>
              <tbody>
                {entries.map((entry) => (
                  <tr key={entry.position}>
                    <td className="quiet">
                      <Clock at={entry.received} />
                    </td>
                    <td>{entry.actor.name === '' ? entry.actor.id : entry.actor.name}</td>
                    <td className="mono">{entry.action}</td>
                    <td>
                      {targetText(entry.target)}
                      <AuditChange details={entry.details} />
                    </td>
                    <td>
                      {entry.outcome}
                      {entry.action === 'request.denied' ? (
                        <>
                          {' '}
                          <Link
                            className="small"
                            href={`/people/policy?tab=why&decision=${encodeURIComponent(entry.position)}`}
                          >
                            Why?
                          </Link>
                        </>
                      ) : null}
                    </td>
                    <td>
                      <Seal position={entry.position} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
      {hasNextPage ? (
        <div>
          <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Older
          </Button>
        </div>
      ) : null}
    </div>
  );
}

/** What became of it: `analyst → guard`. */
function AuditChange({ details }: { readonly details: Readonly<Record<string, unknown>> }) {
  const change = isJsonObject(details) ? roleChange(details) : '';
  return change === '' ? null : <span className="quiet">: {printable(change)}</span>;
}

function targetText({ kind, id, name }: { readonly kind: string; readonly id: string; readonly name: string }): string {
  if (kind === 'route') return `${name} ${id}`;
  return name === '' ? id : name;
}

function AuditFilter({
  actor,
  action,
  onChange,
}: {
  readonly actor: string | undefined;
  readonly action: string | undefined;
  readonly onChange: (changes: Record<string, string | undefined>) => void;
}) {
  const [who, setWho] = useState(actor ?? '');
  const [did, setDid] = useState(action ?? '');
  return (
    <form
      className="row form-row"
      onSubmit={(event) => {
        event.preventDefault();
        onChange({ actor: who.trim(), action: did.trim() });
      }}
    >
      <TextInput label="Who" value={who} onChange={(event) => setWho(event.currentTarget.value)} />
      <TextInput
        label="Did"
        placeholder="user.create"
        value={did}
        onChange={(event) => setDid(event.currentTarget.value)}
      />
      <Button type="submit" variant="default">
        Filter
      </Button>
    </form>
  );
}
