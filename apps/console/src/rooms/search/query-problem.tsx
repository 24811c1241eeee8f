import { Problem } from '../../api/problem.ts';
import { ProblemNotice } from '../../parts/notice.tsx';
import { replaceField } from './replace-field.ts';

/** Refusals that are about what was typed; they stand at the query, not above the room. */
export function isAboutQuery(error: Error | null): error is Problem {
  return error instanceof Problem && (error.code === 'query_invalid' || error.code === 'query_field_unknown');
}

/** What is wrong with the query, at the term that is wrong, and a click that puts it right. */
export function QueryProblem({
  problem,
  query,
  onQuery,
}: {
  readonly problem: Problem;
  readonly query: string;
  readonly onQuery: (query: string) => void;
}) {
  const field = problem.details.get('field');
  const offered = problem.details.get('suggestions');
  const suggestions: unknown[] = Array.isArray(offered) ? offered : [];
  const named = suggestions.filter((entry) => typeof entry === 'string').slice(0, 5);
  if (typeof field !== 'string' || named.length === 0) return <ProblemNotice problem={problem} />;
  return (
    <div className="query-problem small" role="alert">
      <span>
        No event can have <mark>{field}</mark>.
      </span>
      <span>Did you mean</span>
      {named.map((suggestion) => (
        <button
          key={suggestion}
          type="button"
          className="chip"
          onClick={() => onQuery(replaceField(query, field, suggestion))}
        >
          {suggestion}
        </button>
      ))}
    </div>
  );
}
