import type { Answer } from '../../../api/call.ts';
import { Notice } from '../../../parts/notice.tsx';

export type Trial = NonNullable<Answer<'POST /v1/session/provider'>['trial']>;
export type TrialNews = { readonly provider: string; readonly trial?: Trial; readonly problem?: string };

/** Between the tab where the trial was begun and the one it came back in: of this browser alone. */
export const trialChannel = 'sallyport.provider-trial';

export function tellTrial(news: TrialNews): void {
  const channel = new BroadcastChannel(trialChannel);
  // A channel has no target: it reaches this origin alone.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  channel.postMessage(news);
  channel.close();
}

/** Who came, who they would be here and what they might do, and what the provider said of them. */
export function TrialResult({ trial }: { readonly trial: Trial }) {
  const { person } = trial;
  return (
    <div className="stack">
      <Notice tone={person.kind === 'refused' ? 'warn' : 'good'} title={person.words}>
        <p>
          {person.name === '' ? null : (
            <>
              <strong>{person.name}</strong>,{' '}
            </>
          )}
          {trial.roles.length === 0 ? 'without any role' : `as ${trial.roles.join(', ')}`}; the provider’s word counts
          as {assuranceWords[trial.assurance] ?? ''}.
        </p>
      </Notice>
      {trial.notes.length === 0 ? null : (
        <ul className="small">
          {trial.notes.map((note) => (
            <li key={note}>{note}.</li>
          ))}
        </ul>
      )}
      {trial.groups.length === 0 ? null : (
        <ul aria-label="Groups that came, and what they give here">
          {trial.groups.map(({ group, roles }) => (
            <li key={group} className="break">
              <code>{group}</code> → {roles.length === 0 ? <span className="quiet">nothing</span> : roles.join(', ')}
            </li>
          ))}
        </ul>
      )}
      <details>
        <summary>Everything the provider said ({trial.claims.length} claims)</summary>
        <div className="table-wrap" tabIndex={0} role="group" aria-label="Claims">
          <table className="plain">
            <tbody>
              {trial.claims.map(({ name, value }) => (
                <tr key={name}>
                  <th scope="row" className="mono">
                    {name}
                  </th>
                  <td className="mono break">{value}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </div>
  );
}

const assuranceWords: Readonly<Record<number, string>> = {
  1: 'one factor',
  2: 'two factors',
  3: 'two factors that cannot be phished',
};
