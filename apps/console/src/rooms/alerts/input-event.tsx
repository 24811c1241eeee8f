import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { eventQuery } from '../../api/queries.ts';
import type { EventRow } from '../../api/queries.ts';
import { decodeCommands } from '../../parts/decode-command.ts';
import { eventFacts } from '../../parts/event-facts.ts';
import { EventFields } from '../../parts/event-fields.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { Seal } from '../../seal/seal.tsx';

/** What an encoded command says, so that nobody has to paste it anywhere to see. */
function DecodedCommand({ event }: { readonly event: EventRow }) {
  const line = eventFacts(event).find(({ field }) => field === 'command_line')?.value ?? '';
  const commands = decodeCommands(line);
  if (commands.length === 0) return null;
  return (
    <>
      <h4>Command line, decoded</h4>
      {commands.map((command) => (
        <pre key={command} className="raw" tabIndex={0}>
          {printable(command)}
        </pre>
      ))}
    </>
  );
}

/** The event the rule matched, with its own seal. */
export function InputEvent({ position }: { readonly position: string }) {
  const { data, error, refetch } = useQuery(eventQuery(position));
  return (
    <section aria-labelledby="input">
      <div className="row spread">
        <h3 id="input">
          The event <span className="quiet">{position}</span>
        </h3>
        <span className="row">
          <Seal position={position} />
          <Link href={`/search?open=${position}`} className="small">
            Open in search
          </Link>
        </span>
      </div>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[120]} /> : null}
      {data === undefined ? null : <EventFields event={data} />}
      {data === undefined ? null : <DecodedCommand event={data} />}
    </section>
  );
}
