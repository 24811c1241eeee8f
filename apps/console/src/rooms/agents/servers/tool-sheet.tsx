import { useQuery } from '@tanstack/react-query';
import { Clock } from '../../../parts/clock.tsx';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { changeWords, findingName, weightWords } from './server-words.ts';
import { toolQuery } from './servers-query.ts';
import type { ServerTool, ServerWithTools, ToolView } from './servers-query.ts';
import { BeforeAfter, TextParts } from './text-parts.tsx';
import { ToolDecision } from './tool-decision.tsx';

/** All that somebody needs to decide about one tool: what changed, what is odd, what it takes, what it does. */
export function ToolSheet({
  server,
  tool,
  canManage,
}: {
  readonly server: ServerWithTools;
  readonly tool: ServerTool;
  readonly canManage: boolean;
}) {
  const { data, error, refetch } = useQuery(toolQuery(server.id, tool));
  if (error !== null) return <ProblemNotice problem={error} retry={() => void refetch()} />;
  if (data === undefined) return <Loading heights={[160]} />;
  return (
    <div className="tool-sheet stack">
      {data.changes.length === 0 ? null : <Changes changes={data.changes} />}
      <Findings view={data} />
      <section aria-label={`What ${tool.name} says of itself`}>
        <h3>What it says of itself</h3>
        <p>
          <TextParts parts={data.description} />
        </p>
        <Parameters view={data} />
        <details>
          <summary>All of it, as it is pinned</summary>
          <pre className="pinned-json">{printable(data.canonical)}</pre>
          <p className="quiet small breaks">{data.digest}</p>
        </details>
      </section>
      <section aria-label={`What ${tool.name} does`}>
        <h3>What it does</h3>
        <ul className="plain-points">
          {data.does.why.map((why) => (
            <li key={why}>{printable(why)}</li>
          ))}
        </ul>
      </section>
      {canManage ? <ToolDecision server={server} view={data} /> : null}
      <History view={data} />
    </div>
  );
}

function Changes({ changes }: { readonly changes: ToolView['changes'] }) {
  return (
    <section aria-label="What changed">
      <h3>What changed</h3>
      <ul className="tool-changes">
        {changes.map(({ kind, weight, path, parts }) => (
          <li key={`${kind} ${path}`} data-weight={weight}>
            <p>
              <strong>{weightWords[weight]}.</strong> {changeWords[kind]}{' '}
              <code className="quiet small breaks">{printable(path)}</code>
            </p>
            <BeforeAfter parts={parts} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Findings({ view: { findings, looks_like: likenesses } }: { readonly view: ToolView }) {
  if (findings.length === 0 && likenesses.length === 0) return null;
  return (
    <section aria-label="To look at">
      <h3>To look at</h3>
      <ul className="plain-points">
        {likenesses.map(({ server, tool, how }) => (
          <li key={`${server} ${tool}`} className="pin-warning">
            {how === 'same' ? 'Has the name of a tool of' : 'Its name can be taken for that of a tool of'}{' '}
            {printable(server)}: {printable(tool)}
          </li>
        ))}
        {findings.map(({ what, path, start, shown }) => (
          <li key={`${what} ${path} ${start}`}>
            <span className="pin-warning">{findingName(what)}</span> in{' '}
            <code className="small breaks">{printable(path)}</code>: <span className="breaks">{printable(shown)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Parameters({ view: { kind, parameters } }: { readonly view: ToolView }) {
  if (parameters.length === 0)
    return kind === 'tool' || kind === 'prompt' ? <p className="quiet small">It takes no parameters.</p> : null;
  return (
    <dl className="facts stacked">
      {parameters.map(({ name, type, required, description }) => (
        <div key={name.map(({ text }) => text).join('')}>
          <dt>
            <TextParts parts={name} />
          </dt>
          <dd>
            <span className="quiet small">
              {printable(type)}
              {required ? ', must be given' : ''}
            </span>{' '}
            <TextParts parts={description} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

const pinWords = { held: 'nobody decided', approved: 'approved', refused: 'another was chosen over it' } as const;

function History({ view: { history } }: { readonly view: ToolView }) {
  return (
    <details>
      <summary>What it said of itself before</summary>
      <ul className="lines">
        {history.map((pinned) => (
          <li key={pinned.digest}>
            <span className="line-main">
              <code className="small breaks">{pinned.digest.slice(0, 23)}</code>
              <span className="quiet small">
                {pinWords[pinned.state]}
                {pinned.decided === undefined ? '' : ` by ${printable(pinned.decided.by)}`} · met first by{' '}
                {printable(pinned.first_seen.agent)} of {printable(pinned.first_seen.owner)},{' '}
                <Clock at={pinned.first_seen_at_ms} /> · seen last <Clock at={pinned.last_seen_at_ms} />
              </span>
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
