import { IconAlertTriangle, IconCircleCheck, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { useQuery } from '@tanstack/react-query';
import { Problem } from '../api/problem.ts';
import { optionsQuery } from '../rooms/people/requests/privileges-query.ts';
import { actionWords } from './action-words.ts';
import { roleName } from './role-name.ts';

export type Tone = 'plain' | 'good' | 'warn' | 'bad';
const icons = { plain: IconInfoCircle, good: IconCircleCheck, warn: IconAlertTriangle, bad: IconAlertTriangle };

export function Notice({
  tone = 'plain',
  title,
  children,
}: {
  readonly tone?: Tone;
  readonly title: string;
  readonly children?: ReactNode;
}) {
  const Icon = icons[tone];
  return (
    <div className="notice" data-tone={tone} role={tone === 'bad' ? 'alert' : undefined}>
      <Icon aria-hidden="true" />
      <div>
        <strong>{title}</strong>
        {children}
      </div>
    </div>
  );
}

/** What happened and what to try. Of what nobody foresaw, and of what policies refused, also, folded away, what to quote when asking for help. */
export function ProblemNotice({ problem, retry }: { readonly problem: unknown; readonly retry?: () => void }) {
  const known = problem instanceof Problem ? problem : undefined;
  const lacking = lackingOf(known);
  return (
    <Notice tone="bad" title={titleOf(known, lacking)}>
      {known?.hint === undefined ? null : <p>{hintOf(known, known.hint)}</p>}
      {known?.retryAfterSeconds === undefined ? null : <p>Try again in {known.retryAfterSeconds} s.</p>}
      {lacking === undefined ? null : <MissingRight action={lacking} reason={reasonOf(known)} />}
      {known === undefined && problem instanceof Error ? <p>{problem.message}</p> : null}
      {retry === undefined ? null : (
        <p className="small">
          <button type="button" className="plain-button" onClick={retry}>
            Try again
          </button>
        </p>
      )}
      {known !== undefined && known.status > 0 && known.status < 500 && known.code !== 'scope_missing' ? null : (
        <details className="small quiet">
          <summary>Details</summary>
          Code <code>{known?.code ?? 'console_error'}</code>
          {known?.correlationId === undefined ? null : (
            <>
              {' '}
              · quote <code>{known.correlationId}</code> when you ask for help
            </>
          )}
        </details>
      )}
    </Notice>
  );
}

/** What the server advises programs to do, the console has done by itself: the dialog was closed. */
function hintOf({ code }: Problem, hint: string): string {
  return code === 'step_up_required'
    ? 'Do it again, and confirm that it is you when you are asked.'
    : capitalised(hint);
}

/** What is missing, who can give it, and where it can be asked for, the way there. */
function MissingRight({ action, reason }: { readonly action: string; readonly reason: string | undefined }) {
  const { data } = useQuery(optionsQuery());
  const ways = (data?.options ?? []).filter(({ adds, refused_because: why }) => why === null && adds.includes(action));
  const approvers = [...new Set(ways.flatMap(({ approved_by: roles }) => roles))].map(roleName);
  return (
    <>
      {reason === undefined ? null : <p className="small">{reason}.</p>}
      {data === undefined ? null : ways.length === 0 ? (
        <p className="small">
          It cannot be asked for here. Whoever changes accounts and roles can give you a role with it.
        </p>
      ) : (
        <p className="small">
          {approvers.length === 1 ? `Whoever is ${approvers[0] ?? ''}` : `Whoever is ${approvers.join(' or ')}`} can
          approve it for a time.{' '}
          <Link href={`/people/requests?view=mine&ask=1&for=${encodeURIComponent(action)}`}>
            Ask for the right to {actionWords(action)}
          </Link>
        </p>
      )}
    </>
  );
}

function titleOf(problem: Problem | undefined, lacking: string | undefined): string {
  if (lacking !== undefined) return `You may not ${actionWords(lacking)}`;
  return problem?.message ?? 'Something went wrong in this page';
}

/** Why, as the policies say it. */
function reasonOf(problem: Problem | undefined): string | undefined {
  const reason = problem?.details.get('reason');
  return typeof reason === 'string' && !reason.startsWith('No policy allows') ? reason.replace(/\.$/, '') : undefined;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The right that was missing, where somebody may get it for a time. */
function lackingOf(problem: Problem | undefined): string | undefined {
  const scope = problem?.code === 'scope_missing' ? problem.details.get('scope') : undefined;
  return typeof scope === 'string' ? scope : undefined;
}
