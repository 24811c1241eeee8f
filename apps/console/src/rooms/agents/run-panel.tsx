import { Clock } from '../../parts/clock.tsx';
import { printable } from '../../parts/printable.ts';
import { SidePanel } from '../../parts/side-panel.tsx';
import { callWords, harnessName, ownerName } from './agent-words.ts';
import type { Agent, Run } from './agents-query.ts';
import { RunMachine } from './run-machine.tsx';
import { RunSteps } from './run-steps.tsx';
import { StopButton } from './stop-button.tsx';
import { usageWords } from './usage-words.ts';

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
  const facts = [
    ['Folder', run.workspace],
    ['Host', run.host],
    ['Repository', run.repository],
    ['Branch', run.branch],
    ['Model', run.model?.name],
    ['Harness version', run.harness_version],
  ] as const;
  return (
    <SidePanel title={<bdi>{printable(agent?.name ?? 'Run')}</bdi>} label={`Run ${run.id}`} onClose={onClose}>
      <dl className="facts stacked">
        {agent === undefined ? null : (
          <div>
            <dt>Runs</dt>
            <dd>
              {harnessName(agent.harness)} for <bdi>{ownerName(agent)}</bdi>
              {run.attended === true ? '' : ', nobody sits before it'}
            </dd>
          </div>
        )}
        {facts.map(([name, value]) =>
          value === undefined ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd className="breaks">
                <bdi>{printable(value)}</bdi>
              </dd>
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
      {canRead ? <RunSteps run={run} /> : null}
    </SidePanel>
  );
}
