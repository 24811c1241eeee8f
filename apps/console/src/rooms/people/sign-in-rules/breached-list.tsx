import { useQuery } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import { formatDay } from '../../../parts/day.ts';
import { Loading } from '../../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';

/** What new passwords are looked up in. The list is too large for a browser: it is imported on the command line. */
export function BreachedList() {
  const { data, error, refetch } = useQuery({
    queryKey: ['passwords', 'breached'],
    queryFn: ({ signal }) => call('GET /v1/passwords/breached', { signal }),
  });
  return (
    <section className="sheet" aria-labelledby="breached-list">
      <div className="sheet-head">
        <h2 id="breached-list">Passwords known from breaches</h2>
        <span className="quiet small">looked up on this server; nothing leaves it</span>
      </div>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <Loading heights={[44]} /> : null}
      {data?.state === 'in-use' ? (
        <p>
          {new Intl.NumberFormat().format(data.entries)} passwords nobody may choose, imported{' '}
          {formatDay((data.imported_at ?? '').slice(0, 10))}. Every new password is also measured against word lists and
          patterns.
        </p>
      ) : null}
      {data?.state === 'damaged' ? (
        <Notice tone="warn" title="The list cannot be read">
          <p>Until it is imported again or removed, nobody can set a password.</p>
        </Notice>
      ) : null}
      {data?.state === 'none' ? (
        <p>
          None yet. New passwords are measured against the word lists that come with Sallyport. To refuse what was
          stolen elsewhere, download the SHA-1 list of Have I Been Pwned, ordered by hash, and run on this server:
        </p>
      ) : null}
      {data === undefined || data.state === 'in-use' ? null : (
        <p>
          <code>./sallyport passwords import FILE</code>
        </p>
      )}
    </section>
  );
}
