import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { Clock } from '../../parts/clock.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { SidePanel } from '../../parts/side-panel.tsx';
import { callWords, harnessName } from './agent-words.ts';
import { timelineQuery, timelineSearch } from './agents-query.ts';
import type { Agent, Run } from './agents-query.ts';
import { RunMachine } from './run-machine.tsx';
import { runStep } from './run-step.ts';
import { StepContentNote } from './step-content-note.tsx';
import { StopButton } from './stop-button.tsx';
import { usageWords } from './usage-words.ts';

const verdictWords = { allow: 'went ahead', ask: 'asked', deny: 'refused' } as const;

/** One run: where it works, and every step of it with what was decided and why. */
export function RunPanel({
  run,
  agent,
  canRead,
  canStop,
  onClose,
}: {
  readonly run: Run;
  readonly agent: Agent | undefined;
  readonly canRead: boolean;
  readonly canStop: boolean;
  readonly onClose: () => void;
}) {
  const { data, error, refetch } = useQuery({ ...timelineQuery(run), enabled: canRead });
  const steps = (data?.events ?? []).flatMap((row) => runStep(row) ?? []);
  const facts = [
    ['Folder', run.workspace],
    ['Host', run.host],
    ['Repository', run.repository],
    ['Branch', run.branch],
    ['Model', run.model?.name],
    ['Harness version', run.harness_version],
  ] as const;
  return (
    <SidePanel title={agent?.name ?? 'Run'} label={`Run ${run.id}`} onClose={onClose}>
      <dl className="facts stacked">
        {agent === undefined ? null : (
          <div>
            <dt>Runs</dt>
            <dd>
              {harnessName(agent.harness)} for {printable(agent.owner.name)}
              {run.attended === true ? '' : ', nobody sits before it'}
            </dd>
          </div>
        )}
        {facts.map(([name, value]) =>
          value === undefined ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd className="breaks">{printable(value)}</dd>
            </div>
          ),
        )}
        <div>
          <dt>Last hook</dt>
          <dd>
            {run.hook_at_ms === undefined ? 'none was ever heard' : <Clock at={run.hook_at_ms} />}
            {run.calls_judged === 0 ? '' : `, ${callWords(run)}`}
          </dd>
        </div>
        {run.usage === undefined ? null : (
          <div>
            <dt>Model use</dt>
            <dd>{usageWords(run.usage)}, as the harness tells</dd>
          </div>
        )}
      </dl>
      <RunMachine machine={run.machine} />
      {canStop && run.ended_for === undefined ? (
        <div className="row">
          <StopButton scope="session" value={run.id} what="this run" />
        </div>
      ) : null}
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {canRead && data === undefined && error === null ? <Loading heights={[40, 40, 40]} /> : null}
      {canRead ? (
        <ol className="lines agent-steps" aria-label="What it did, newest first">
          {steps.map((step) => (
            <li key={step.position}>
              <span className="line-main">
                <span className="line-name breaks">
                  {step.verdict === undefined ? null : (
                    <span className="chip" data-verdict={step.verdict}>
                      {verdictWords[step.verdict]}
                    </span>
                  )}{' '}
                  {printable(step.title)}
                </span>
                <span className="quiet small breaks">
                  <Clock at={step.received} />
                  {step.child === undefined ? '' : ` · sub-agent ${printable(step.child)}`}
                  {step.detail === '' ? '' : ` · ${printable(step.detail)}`}
                </span>
                {step.notes.map((note) => (
                  <StepContentNote key={note.words} note={note} />
                ))}
              </span>
            </li>
          ))}
        </ol>
      ) : null}
      {canRead && data !== undefined ? (
        <Link href={`/search?q=${encodeURIComponent(timelineSearch(run.id))}`} className="small">
          {steps.length === 0 ? 'Nothing is searchable of it yet. Search' : 'All of it in Search'}
        </Link>
      ) : null}
    </SidePanel>
  );
}
