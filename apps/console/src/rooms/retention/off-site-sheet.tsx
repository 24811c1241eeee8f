import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { Clock } from '../../parts/clock.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { formatCount, plural } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { formatBytes } from '../../parts/span.ts';
import { archiveQuery } from '../ledger/archive-query.ts';

/** Where a copy is kept elsewhere: without one, keys are destroyed here and no certificate can say that they are gone. */
export function OffSiteSheet() {
  const { data, error, refetch } = useQuery(archiveQuery);
  return (
    <section className="sheet" aria-labelledby="off-site">
      <div className="sheet-head">
        <h2 id="off-site">Kept elsewhere</h2>
        <span className="quiet small">the vault without the destroyed keys, and the record of what was destroyed</span>
      </div>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {data === undefined ? null : data.on ? (
        <>
          <p>
            {printable(data.place)}{' '}
            <span className={`state-mark ${data.state === 'failing' ? 'bad' : data.late ? 'warn' : 'good'}`}>
              {data.state === 'failing' ? 'Does not take what is sent' : data.late ? 'Behind' : 'Up to date'}
            </span>
          </p>
          {data.failure === null ? null : (
            <Notice tone="bad" title={printable(data.failure.message)}>
              <p>
                Since <Clock at={data.failure.since} short={false} />. It is tried again by itself.
              </p>
            </Notice>
          )}
          <p className="small quiet">
            {formatCount(data.files)} files, {formatBytes(data.bytes)}
            {data.vault === null ? '' : '; the newest vault there is of '}
            {data.vault === null ? null : <Clock at={data.vault.at} short={false} />}
            {data.held === 0 ? '' : `; ${plural(data.held, 'file')} under a legal hold`}.
          </p>
          {data.not_promised.length === 0 ? null : (
            <ul className="plain-points small quiet">
              {data.not_promised.map((text) => (
                <li key={text}>{printable(text)}.</li>
              ))}
            </ul>
          )}
        </>
      ) : (
        <Notice tone="warn" title="Nothing is kept elsewhere: no certificate can be given">
          <p>
            Keys are still removed from the vault, and their master keys stay with the provider, so that this machine’s
            loss is not the loss of everything. Name a bucket with Object Lock, or a directory on another disk:{' '}
            <Link href="/ledger">set it up in the Ledger room</Link>, or with <code>./sallyport archive</code>.
          </p>
        </Notice>
      )}
    </section>
  );
}
