import { Link } from 'wouter';
import type { Overview } from '../../api/queries.ts';
import { Notice } from '../../parts/notice.tsx';
import { formatCount } from '../../parts/numbers.ts';
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
      <p className="quiet small">
        Every event, alert and decision is one entry. Nothing can be changed or taken out without the seal turning red.
      </p>
    </section>
  );
}
