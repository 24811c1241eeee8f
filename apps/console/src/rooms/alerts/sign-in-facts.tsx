import { useQuery } from '@tanstack/react-query';
import { eventQuery } from '../../api/queries.ts';
import { printable } from '../../parts/printable.ts';
import { signInFailure } from './sign-in-failure.ts';

/** Of an alert about a failed sign-in here: whose name was tried, why it failed, and from where. */
export function SignInFacts({ position }: { readonly position: string }) {
  const { data } = useQuery(eventQuery(position));
  const failed = data === undefined ? undefined : signInFailure(data.event);
  if (failed === undefined) return null;
  return (
    <dl className="facts" aria-label="The sign-in that failed">
      <div>
        <dt>Name tried</dt>
        <dd>{printable(failed.name)}</dd>
      </div>
      <div>
        <dt>Failed because</dt>
        <dd>{printable(failed.reason)}</dd>
      </div>
      {failed.address === '' ? null : (
        <div>
          <dt>From</dt>
          <dd>{printable(failed.address)}</dd>
        </div>
      )}
    </dl>
  );
}
