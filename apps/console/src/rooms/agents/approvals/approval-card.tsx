import { IconAlertTriangle, IconEyeOff, IconUsers } from '@tabler/icons-react';
import { Link } from 'wouter';
import { Clock } from '../../../parts/clock.tsx';
import { Notice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { Countdown } from '../../people/requests/countdown.tsx';
import { harnessName } from '../agent-words.ts';
import { AnswerForm } from './answer-form.tsx';
import { outcomeWords, secondWords } from './approval-words.ts';
import type { AnsweredApproval, WaitingApproval } from './approvals-query.ts';

/** One call that waits: what it does, its words, who asks about it and why, what came before, and the answer. */
export function ApprovalCard({
  approval,
  saidAtMs,
  isOver,
  outcome,
  onDismiss,
}: {
  readonly approval: WaitingApproval;
  readonly saidAtMs: number;
  readonly isOver: boolean;
  readonly outcome: AnsweredApproval | undefined;
  readonly onDismiss: () => void;
}) {
  const { agent, owner, does, similar } = approval;
  const [first = `Use ${approval.tool}`, ...others] = does;
  const hidden = approval.values.reduce((sum, value) => sum + value.hidden, 0);
  const isCut = approval.values_left_out > 0 || approval.values.some(({ left_out: count }) => count > 0);
  const where = [approval.repository, approval.branch, approval.host, approval.workspace, approval.model];
  const why = withoutPolicies(approval);
  const through = [
    ['Sub-agent', approval.sub_agent],
    ['Tool server', approval.server],
  ] as const;
  return (
    <article className="sheet approval" data-over={isOver} aria-label={`${agent.name}: ${first}`}>
      <header className="approval-head">
        <span className="quiet small breaks">
          {printable(agent.name)} · {harnessName(agent.harness)} for {printable(owner.name)}
          <br />
          {where.flatMap((one) => (one === undefined ? [] : [printable(one)])).join(' · ')}
        </span>
        {isOver ? null : (
          <span className="small">
            waits <Countdown seconds={(approval.waits_until_ms - saidAtMs) / 1000} saidAtMs={saidAtMs} />
          </span>
        )}
      </header>
      <div className="stack tight">
        <h2 className="breaks">{printable(first)}</h2>
        {others.length === 0 ? null : (
          <ul className="plain-points">
            {others.map((words) => (
              <li key={words} className="breaks">
                {printable(words)}
              </li>
            ))}
          </ul>
        )}
        {approval.is_grave ? (
          <span className="approval-mark">
            <IconAlertTriangle size={16} aria-hidden="true" /> Grave: it cannot be taken back, or gives something away.
            A yes takes a fresh proof of who you are
          </span>
        ) : null}
        {approval.people_needed === 1 ? null : (
          <span className="approval-mark">
            <IconUsers size={16} aria-hidden="true" /> {secondWords(approval)}
          </span>
        )}
        {hidden === 0 ? null : (
          <span className="approval-mark">
            <IconEyeOff size={16} aria-hidden="true" />{' '}
            {hidden === 1 ? 'One sign in it is not seen' : `${hidden} signs in it are not seen`}; written as ⟨U+…⟩ here
          </span>
        )}
      </div>
      <dl className="approval-values">
        {approval.values.map(({ name, text, left_out: leftOut }, index) => (
          <div key={index}>
            <dt>{printable(name)}</dt>
            <dd>
              <pre tabIndex={0} aria-label={name}>
                {text}
              </pre>
              {leftOut === 0 ? null : <span className="small">{leftOut} characters in the middle are not shown</span>}
            </dd>
          </div>
        ))}
      </dl>
      {isCut ? (
        <Notice tone="warn" title="Not all of it is shown">
          <p>It is too long. Say yes only if that does not matter to you.</p>
        </Notice>
      ) : null}
      <dl className="facts stacked">
        <div>
          <dt>Asked by policy</dt>
          <dd className="breaks">
            {approval.policies.length === 0
              ? printable(approval.reason)
              : approval.policies.map(({ words }) => printable(words)).join('; ')}
          </dd>
        </div>
        {why === '' || approval.policies.length === 0 ? null : (
          <div>
            <dt>Why</dt>
            <dd className="breaks">{printable(why)}</dd>
          </div>
        )}
        {approval.taint.length === 0 ? null : (
          <div>
            <dt>Words of others came through</dt>
            <dd className="breaks">{approval.taint.map(printable).join(' → ')}</dd>
          </div>
        )}
        <div>
          <dt>Same tool and place before</dt>
          <dd>
            {similar.granted + similar.refused + similar.unanswered === 0
              ? 'Never asked'
              : `${similar.granted} × yes, ${similar.refused} × no${similar.unanswered === 0 ? '' : `, ${similar.unanswered} × unanswered`}`}
          </dd>
        </div>
        {through.map(([name, value]) =>
          value === undefined ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd className="breaks">{printable(value)}</dd>
            </div>
          ),
        )}
      </dl>
      <details className="fold">
        <summary>What the run did before</summary>
        {approval.steps.length === 0 ? (
          <p className="quiet small">Nothing is remembered of it; the whole stands in the ledger.</p>
        ) : (
          <ol className="lines agent-steps">
            {approval.steps.map((step, index) => (
              <li key={index}>
                <span className="line-main">
                  <span className="breaks">{printable(step.words)}</span>
                  <span className="quiet small">
                    <Clock at={step.at_ms} />
                    {step.verdict === undefined ? '' : ` · ${verdictWords[step.verdict]}`}
                  </span>
                </span>
              </li>
            ))}
          </ol>
        )}
        <Link href={`/agents?run=${encodeURIComponent(approval.session_id)}`} className="small">
          The run
        </Link>
      </details>
      {isOver ? (
        <div className="row approval-over" role="status">
          <span className="breaks">{outcomeWords(outcome)}</span>
          <button type="button" className="plain-button" onClick={onDismiss}>
            Take it away
          </button>
        </div>
      ) : approval.may_answer ? (
        <AnswerForm approval={approval} />
      ) : (
        <p className="quiet small">{answeredBy(owner)} You may look.</p>
      )}
    </article>
  );
}

/** The reason begins with words of policies, which stand above it; some of them or all. */
function withoutPolicies({ reason, policies }: WaitingApproval): string {
  let rest = reason;
  for (const { words } of policies) if (rest.startsWith(words)) rest = rest.slice(words.length).replace(/^[.;]\s*/, '');
  return rest;
}

function answeredBy({ kind, name }: WaitingApproval['owner']): string {
  if (kind === 'key') return 'Whoever may answer for everybody’s agents answers it.';
  const who = kind === 'service' ? `Whoever answers for the service account ${printable(name)}` : printable(name);
  return `${who} answers it, or whoever may answer for everybody’s agents.`;
}

const verdictWords = { allow: 'went ahead', ask: 'asked', deny: 'refused' } as const;
