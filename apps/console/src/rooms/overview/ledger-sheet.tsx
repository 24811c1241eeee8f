import { Link } from 'wouter';
import type { Overview } from '../../api/queries.ts';
import { Notice } from '../../parts/notice.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { spanWords } from '../ledger/witness-words.ts';
import { Seal } from '../../seal/seal.tsx';

export function LedgerSheet({ overview }: { readonly overview: Overview }) {
  const [log = '1', size = '0'] = overview.ledger?.head.split('/') ?? [];
  const last = Number(size) - 2;
  return (
    <section className="sheet full" aria-labelledby="ledger-title">
      <div className="sheet-head">
        <h2 id="ledger-title">Ledger</h2>
        <Link href="/ledger" className="small">
          Verify
        </Link>
      </div>
      {overview.ledger === null ? <Notice tone="warn" title="The ledger is not reachable" /> : null}
      <div className="row spread">
        <div>
          <strong className="figure">{formatCount(Number(size))}</strong>
          <p className="quiet small">entries sealed in log {log}</p>
        </div>
        {last >= 0 ? <Seal position={`${log}/${last}`} /> : null}
      </div>
      {overview.ledger === null ? null : <Witnessed witnesses={overview.ledger.witnesses} />}
      <p className="quiet small">
        Every event, alert and decision is one entry. Nothing can be changed or taken out without the seal turning red.
      </p>
    </section>
  );
}

type WatchedBy = NonNullable<Overview['ledger']>['witnesses'];

/** Only what somebody should see to stands out. */
function Witnessed({ witnesses }: { readonly witnesses: WatchedBy }) {
  const { configured, held, tail_too_old: isTooOld, tail_age_seconds: age, witnessed_entries: seen } = witnesses;
  if (held) return <Notice tone="bad" title="The log is not signed: its witnesses did not vouch for it" />;
  if (isTooOld) return <Notice tone="bad" title={`Its end is unwitnessed for ${spanWords(age ?? 0)}`} />;
  return (
    <p className="quiet small">
      {configured === 0 ? (
        <>
          No <Link href="/ledger">witness</Link>: nobody can notice when everything is put back together.
        </>
      ) : (
        `${formatCount(seen)} entries are witnessed outside.`
      )}
    </p>
  );
}
