import type { EvidenceVerification } from '@sallyport/ledger/evidence';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { Clock } from '../parts/clock.tsx';
import { formatCount } from '../parts/numbers.ts';
import { ProblemNotice } from '../parts/notice.tsx';
import { printable } from '../parts/printable.ts';
import { downloadEvidencePage, downloadText } from './download.ts';
import { forgetPinnedKey, keyFingerprint, pinnedKey } from './pinned-keys.ts';
import { SealDrawing } from './seal-drawing.tsx';
import { sealQuery } from './seal-query.ts';
import { sealState } from './seal.tsx';
import { useMayCheck } from './use-may-check.ts';

/** The seal of one entry in full: checks by itself, says what was checked, and hands out the evidence. */
export function SealCard({
  position,
  alert,
}: {
  readonly position: string;
  /** The alert it stands in, to come back to. */
  readonly alert?: string;
}) {
  const mayCheck = useMayCheck();
  const { data, error, isFetching, refetch } = useQuery({ ...sealQuery(position), enabled: mayCheck });
  const state = sealState(data, isFetching);
  const name = `evidence-${position.replace('/', '-')}`;
  if (!mayCheck) {
    return (
      <div className="seal-card" data-state="recorded" role="group" aria-label={`Seal of ${position}`}>
        <span className="seal" data-state="recorded" data-size="large">
          <SealDrawing state="recorded" />
        </span>
        <div>
          <h3>Recorded as entry {position}</h3>
          <p className="small quiet">
            Your role cannot check seals here; ask an analyst, an auditor or an administrator to check this one.
          </p>
        </div>
      </div>
    );
  }
  if (error !== null && data === undefined) return <ProblemNotice problem={error} retry={() => void refetch()} />;
  const log = Number(position.split('/')[0]);
  return (
    <div className="seal-card" data-state={state} role="status" aria-label={`Seal of ${position}`}>
      <span className="seal" data-state={state} data-size="large">
        <SealDrawing state={state} />
      </span>
      <div>
        {data === undefined ? (
          <>
            <h3>Checking the proof…</h3>
            <p className="small quiet">Entry {position}</p>
          </>
        ) : data.result.ok ? (
          <>
            <h3 className="good">Verified in this browser</h3>
            <p className="small quiet">
              Entry {formatCount(data.result.index)} in a tree of {formatCount(data.result.treeSize)} · sealed{' '}
              <Clock at={data.result.receivedAtMs} /> · signed by{' '}
              <span title={data.result.verifierKey}>{keyFingerprint(data.result.verifierKey)}</span>
            </p>
            <WitnessedBy witnesses={data.result.witnesses} />
            <p className="small quiet">
              {data.keyWasKnown
                ? 'The key is the one this browser has known.'
                : 'This browser meets the key for the first time and will remember it.'}
            </p>
          </>
        ) : (
          <>
            <h3 className="bad">Does not verify</h3>
            <p className="small">{data.result.reason}.</p>
            <p className="small quiet">
              {data.result.check === 'key'
                ? `This browser knows log ${log} by ${keyFingerprint(pinnedKey(log)?.verifierKey ?? '')}. Ask the administrator whether the ledger was set up anew; if nobody can say, treat it as tampering.`
                : 'Do not rely on this entry. Keep the evidence file and tell the administrator.'}
            </p>
          </>
        )}
      </div>
      {data === undefined ? null : (
        <div className="seal-actions">
          <button type="button" className="plain-button" onClick={() => void refetch()}>
            Check again
          </button>
          <Link href={`/verify?at=${position}${alert === undefined ? '' : `&alert=${encodeURIComponent(alert)}`}`}>
            Try to break it
          </Link>
          <button type="button" className="plain-button" onClick={() => downloadText(`${name}.txt`, data.evidence)}>
            Evidence file
          </button>
          <button
            type="button"
            className="plain-button"
            onClick={() => void downloadEvidencePage(`${name}.html`, data.evidence)}
          >
            Page that verifies offline
          </button>
          {!data.result.ok && data.result.check === 'key' ? (
            <button
              type="button"
              className="plain-button"
              onClick={() => {
                forgetPinnedKey(log);
                void refetch();
              }}
            >
              I know why the key changed: trust the new one
            </button>
          ) : null}
        </div>
      )}
    </div>
  );
}

type Witnesses = Extract<EvidenceVerification, { ok: true }>['witnesses'];

/** Who outside has seen the log with this entry in it. */
function WitnessedBy({ witnesses }: { readonly witnesses: Witnesses }) {
  if (witnesses.length === 0) return <p className="small quiet">Not witnessed outside.</p>;
  return (
    <p className="small quiet">
      Witnessed by{' '}
      {witnesses.map(({ name, verifierKey, cosignedAtMs }, at) => (
        <span key={verifierKey}>
          {at === 0 ? '' : ', '}
          <span title={verifierKey}>{printable(name)}</span> <Clock at={cosignedAtMs} />
        </span>
      ))}
    </p>
  );
}
