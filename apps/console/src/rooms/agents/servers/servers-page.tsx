import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { Clock } from '../../../parts/clock.tsx';
import { CopyBlock } from '../../../parts/copy-block.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import { RoomHead } from '../../../parts/room-head.tsx';
import { byNeed, toolsWords } from './server-words.ts';
import { serversQuery } from './servers-query.ts';
import { StateChip } from './state-chip.tsx';

/** Every MCP server an agent met, what waits for a decision first. */
export function ServersPage() {
  const { data, error, refetch } = useQuery(serversQuery);
  return (
    <div className="room-inner">
      <RoomHead
        title="Tool servers"
        lead="MCP servers that agents met. Nothing of a new one may be used until somebody approves it, and a tool that says something else than what was approved waits again."
      />
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[72, 72, 72]} /> : null}
      {data?.servers.length === 0 ? (
        <section className="sheet stack">
          <p>
            No agent met a server yet. Servers come by themselves, once a harness reaches them through the gateway,
            which stands before the server’s own command or address:
          </p>
          <CopyBlock text="sallyport-guard mcp --name docs -- npx -y docs-server" title="In the harness’s settings" />
        </section>
      ) : null}
      {data === undefined || data.servers.length === 0 ? null : (
        <section className="sheet" aria-label="Servers">
          <ul className="lines wrapping">
            {byNeed(data.servers).map((server) => (
              <li key={server.id}>
                <span className="line-main">
                  <span className="line-name">
                    <Link href={`/agents/servers/${encodeURIComponent(server.id)}`}>{printable(server.name)}</Link>{' '}
                    <StateChip state={server.state} />
                  </span>
                  <code className="small breaks">{printable(server.target)}</code>
                  <span className="quiet small">
                    {toolsWords(server)} · seen <Clock at={server.last_seen_at_ms} />
                  </span>
                  {server.warnings === 0 ? null : (
                    <span className="small pin-warning">{plural(server.warnings, 'thing')} to look at</span>
                  )}
                  {server.looks_like.length === 0 ? null : (
                    <span className="small pin-warning">
                      Has the name of another server, or one like it:{' '}
                      {server.looks_like.map(({ name }) => printable(name)).join(', ')}
                    </span>
                  )}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
