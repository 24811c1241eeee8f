import { Clock } from '../../../parts/clock.tsx';
import { Notice } from '../../../parts/notice.tsx';
import { formatCount, plural } from '../../../parts/numbers.ts';
import { printable } from '../../../parts/printable.ts';
import type { Replayed } from './own-policy-queries.ts';
import { verdictWords } from './verdict-words.ts';
import type { Verdict } from './verdict-words.ts';

const rank: Readonly<Record<Verdict, number>> = { allow: 0, ask: 1, deny: 2 };

/** Which of the calls that were judged last would be judged otherwise, by what is in force and by the version. */
export function OwnReplayed({ replayed, against }: { readonly replayed: Replayed; readonly against: number }) {
  const { calls, untold, agents, different, looser, differences, partly, answers, from_ms: fromMs } = replayed;
  const judged = calls - untold;
  if (calls === 0) return <Notice title="No agent has done anything yet to try it on" />;
  return (
    <section className="stack tight" aria-label="What would have been otherwise" aria-live="polite">
      <Notice
        tone={different === 0 ? 'good' : 'warn'}
        title={`${different === 0 ? 'None' : formatCount(different)} of the last ${plural(judged, 'call')} of ${plural(agents, 'agent')} would be judged otherwise`}
      >
        <p className="small">
          {looser === 0 ? 'None would be let through sooner' : `${formatCount(looser)} would be let through sooner`}; on
          top of {against === 0 ? 'no policies of your own' : `version ${against}`}
          {fromMs === undefined ? null : (
            <>
              , since <Clock at={fromMs} />
            </>
          )}
          .{untold === 0 ? '' : ` ${formatCount(untold)} more cannot be judged again.`}
        </p>
      </Notice>
      {differences.length === 0 ? null : (
        <ul className="lines" aria-label="Calls that would be judged otherwise">
          {differences.map((one) => (
            <li
              key={JSON.stringify([
                one.agent.id,
                one.tool,
                one.server,
                one.action,
                one.was,
                one.now,
                one.would,
                one.policies,
              ])}
            >
              <span className="line-main">
                <span className="line-name">
                  <span className="chip">{rank[one.would] > rank[one.now] ? '− Stricter' : '+ Sooner'}</span>{' '}
                  <strong>{printable(one.agent.name)}</strong> {printable(one.tool)} · {printable(one.action)}:{' '}
                  {verdictWords[one.now].toLowerCase()} → {verdictWords[one.would].toLowerCase()}
                  {one.calls === 1 ? '' : `, ${formatCount(one.calls)} times`}
                </span>
                <span className="quiet small">
                  {printable(one.reason)} · last <Clock at={one.last_ms} />
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
      {partly ? <p className="quiet small">There are more kinds than these.</p> : null}
      {answers === undefined ? null : <Answers answers={answers} />}
    </section>
  );
}

/** What came back from tools: whether its words would be trusted, and whether the agent would read what stood in it. */
function Answers({ answers: read }: { readonly answers: NonNullable<Replayed['answers']> }) {
  const { answers, different, looser, differences, partly } = read;
  if (answers === 0) return null;
  return (
    <>
      <Notice
        tone={different === 0 ? 'good' : 'warn'}
        title={`${different === 0 ? 'None' : formatCount(different)} of the last ${plural(answers, 'answer')} of tools would be read otherwise`}
      >
        {different === 0 ? null : (
          <p className="small">
            {looser === 0
              ? 'None would be trusted, or read, that is not now'
              : `${formatCount(looser)} would be trusted, or read, and ${looser === 1 ? 'is' : 'are'} not now`}
            . What calls after them would be told is not looked at.
          </p>
        )}
      </Notice>
      {differences.length === 0 ? null : (
        <ul className="lines" aria-label="Answers that would be read otherwise">
          {differences.map((one) => (
            <li key={JSON.stringify([one.agent.id, one.tool, one.server, one.about, one.found, one.would])}>
              <span className="line-main">
                <span className="line-name">
                  <span className="chip">{one.would ? '+ Sooner' : '− Stricter'}</span>{' '}
                  <strong>{printable(one.agent.name)}</strong> {printable(one.tool)} · {answerWords(one)}
                  {one.answers === 1 ? '' : `, ${formatCount(one.answers)} times`}
                </span>
                <span className="quiet small">
                  last <Clock at={one.last_ms} />
                </span>
              </span>
            </li>
          ))}
        </ul>
      )}
      {partly ? <p className="quiet small">There are more kinds than these.</p> : null}
    </>
  );
}

function answerWords({ about, found, would }: NonNullable<Replayed['answers']>['differences'][number]): string {
  if (about === 'trust') return would ? 'what it says would be trusted' : 'what it says would not be trusted';
  const what = printable((found ?? '').replaceAll('-', ' '));
  return would ? `the agent would read what it holds: ${what}` : `a token in place of what it holds: ${what}`;
}
