import { Problem } from '../api/problem.ts';
import { Notice, ProblemNotice } from './notice.tsx';

/** A refusal with its code and what to do about it, for rooms where a refusal is a part of the procedure. */
export function ProblemWithStep({
  problem,
  nextSteps,
  retry,
}: {
  readonly problem: unknown;
  /** What to do, by code, where the server does not say. */
  readonly nextSteps: Readonly<Record<string, string>>;
  readonly retry?: () => void;
}) {
  // What the server says of this very case is better than what is true of every such one.
  const step = problem instanceof Problem ? (problem.hint ?? nextSteps[problem.code]) : undefined;
  if (!(problem instanceof Problem) || (step === undefined && (problem.status >= 500 || problem.status === 0)))
    return <ProblemNotice problem={problem} {...(retry === undefined ? {} : { retry })} />;
  return (
    <Notice tone="bad" title={problem.message}>
      {step === undefined ? null : <p>{step.charAt(0).toUpperCase() + step.slice(1)}</p>}
      <p className="small quiet">
        Code <code>{problem.code}</code>
        {problem.correlationId === undefined ? null : (
          <>
            {' '}
            · quote <code>{problem.correlationId}</code> when you ask for help
          </>
        )}
      </p>
    </Notice>
  );
}
