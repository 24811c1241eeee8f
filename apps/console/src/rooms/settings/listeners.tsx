import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import { call } from '../../api/call.ts';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { formatCount, plural } from '../../parts/numbers.ts';
import { listenerChange, transportWords, transports } from '../sources/listener-change.ts';
import type { Transport } from '../sources/listener-change.ts';
import { refusalWords } from '../sources/refusal-words.ts';
import { listenersQuery } from '../sources/source-queries.ts';
import type { Listeners } from '../sources/source-queries.ts';

/** Which doors for syslog are open, and closing them. They are opened where a source is added. */
export function SyslogListeners({ canChange }: { readonly canChange: boolean }) {
  const { data, error, refetch } = useQuery(listenersQuery);
  const open = data === undefined ? [] : transports.filter((transport) => data[transport].port !== undefined);
  return (
    <section className="sheet" aria-labelledby="listeners">
      <div className="sheet-head">
        <h2 id="listeners">Syslog listeners</h2>
        {canChange ? (
          <Link href="/sources/add" className="small">
            Open one for a source
          </Link>
        ) : null}
      </div>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[44]} /> : null}
      {data?.problem === undefined ? null : <Notice tone="bad" title={data.problem} />}
      {data === undefined ? null : open.length === 0 ? (
        <p className="quiet">None is open.</p>
      ) : (
        <>
          <ul className="lines">
            {open.map((transport) => (
              <OneListener key={transport} listeners={data} transport={transport} canChange={canChange} />
            ))}
          </ul>
          <p className="quiet small">
            From {data.allowed_networks.join(', ')}; at most {formatCount(data.messages_per_second)} messages a second
            from each sender.
          </p>
        </>
      )}
      {Object.entries(data?.refused_by ?? {}).map(([reason, count]) =>
        count === 0 ? null : (
          <p key={reason} className="small warn">
            Refused {plural(count, 'time')}: {refusalWords(reason).words}
          </p>
        ),
      )}
    </section>
  );
}

function OneListener({
  listeners,
  transport,
  canChange,
}: {
  readonly listeners: Listeners;
  readonly transport: Transport;
  readonly canChange: boolean;
}) {
  const queries = useQueryClient();
  const { port, connections, accepted, dropped } = listeners[transport];
  const close = useMutation({
    mutationFn: () =>
      call('PUT /v1/settings/listeners', {
        body: listenerChange(listeners, transport, { port: undefined, networks: listeners.allowed_networks }),
      }),
    onSettled: () => queries.invalidateQueries({ queryKey: listenersQuery.queryKey }),
  });
  return (
    <li>
      <span className="line-main">
        <span className="line-name">
          {transportWords[transport]}, port {port}
        </span>
        <span className="quiet small">
          {plural(accepted, 'message')} since the server started
          {transport === 'udp' ? '' : `, ${plural(connections, 'connection')} now`}
          {dropped === 0 ? '' : `, ${formatCount(dropped)} dropped`}
        </span>
        {close.error === null ? null : <ProblemNotice problem={close.error} />}
      </span>
      {canChange ? (
        <Button
          size="compact-sm"
          variant="default"
          loading={close.isPending}
          onClick={() => close.mutate()}
          aria-label={`Close ${transportWords[transport]}`}
        >
          Close
        </Button>
      ) : null}
    </li>
  );
}
