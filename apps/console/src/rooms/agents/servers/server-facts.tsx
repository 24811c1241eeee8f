import { Link } from 'wouter';
import { Clock } from '../../../parts/clock.tsx';
import { printable } from '../../../parts/printable.ts';
import type { ToolServer } from './servers-query.ts';

/** Where a server is, who brought it, and who decided about it. What it says of itself is marked as that. */
export function ServerFacts({ server }: { readonly server: ToolServer }) {
  const { first_seen: first, decided } = server;
  return (
    <section className="sheet" aria-label="Server">
      {server.looks_like.length === 0 ? null : (
        <p className="pin-warning">
          Its name is that of another server, or can be taken for it:{' '}
          {server.looks_like.map(({ id, name }, index) => (
            <span key={id}>
              {index === 0 ? '' : ', '}
              <Link href={`/agents/servers/${encodeURIComponent(id)}`}>{printable(name)}</Link>
            </span>
          ))}
        </p>
      )}
      <dl className="facts stacked">
        <div>
          <dt>{server.transport === 'stdio' ? 'Command' : 'Address'}</dt>
          <dd className="breaks">
            <code>{printable(server.target)}</code>
          </dd>
        </div>
        <div>
          <dt>Met first</dt>
          <dd>
            by {printable(first.agent)} of {printable(first.owner)}, <Clock at={server.first_seen_at_ms} /> ·{' '}
            <Link href={`/agents?run=${encodeURIComponent(first.session)}`}>run {printable(first.session)}</Link>
          </dd>
        </div>
        <div>
          <dt>Seen last</dt>
          <dd>
            <Clock at={server.last_seen_at_ms} />
          </dd>
        </div>
        {decided === undefined ? null : (
          <div>
            <dt>{server.state === 'blocked' ? 'Blocked' : 'Approved'}</dt>
            <dd>
              by {printable(decided.by)}, <Clock at={decided.at_ms} />
              {decided.reason === '' ? '' : `: ${printable(decided.reason)}`}
            </dd>
          </div>
        )}
        <div>
          <dt>Says of itself</dt>
          <dd>
            {server.says === undefined ? 'nothing' : printable(server.says)} · MCP {printable(server.protocol)}
          </dd>
        </div>
      </dl>
    </section>
  );
}
