import { useQuery } from '@tanstack/react-query';
import { actionWords } from '../../../parts/action-words.ts';
import { Loading } from '../../../parts/loading.tsx';
import { ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import { answerMarks, answerWords } from './answer-words.ts';
import { matrixQuery } from './policy-queries.ts';

/** Roles by actions, asked of the policies in force: nothing here is written down a second time. */
export function PolicyMatrix() {
  const { data, error, refetch } = useQuery(matrixQuery);
  if (error !== null) return <ProblemNotice problem={error} retry={() => void refetch()} />;
  if (data === undefined) return <Loading heights={[44, 320]} />;
  return (
    <section className="sheet flush" aria-label="Who may what">
      <div className="table-wrap" tabIndex={0} role="group" aria-label="Who may what, as a table">
        <table className="plain policy-matrix">
          <thead>
            <tr>
              <th scope="col">Somebody who is…</th>
              {data.roles.map(({ id, name, words, own }) => (
                <th key={id} scope="col" title={words}>
                  {printable(name)}
                  {own ? <span className="quiet small"> (yours)</span> : null}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.actions.map((action) => (
              <tr key={action}>
                <th scope="row">
                  {actionWords(action)} <code className="quiet small wide-only">{action}</code>
                </th>
                {data.roles.map(({ id, answers }) => {
                  const answer = answers[action] ?? 'deny';
                  return (
                    <td key={id} data-answer={answer}>
                      <span aria-hidden="true">{answerMarks[answer]}</span>
                      <span className="visually-hidden">{answerWords[answer]}</span>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="quiet small matrix-legend">
        ✓ allowed, ✓ᵖ after a proof of who they are, – not allowed. Asked for somebody with a second factor and no risk.
        A role held at a site counts for what stands there.
      </p>
    </section>
  );
}
