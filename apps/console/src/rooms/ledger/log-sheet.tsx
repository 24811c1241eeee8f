import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { callText } from '../../api/call.ts';
import type { Answer } from '../../api/call.ts';
import { Clock } from '../../parts/clock.tsx';
import { Notice } from '../../parts/notice.tsx';
import { downloadText } from '../../seal/download.ts';
import { forgetPinnedKey, keyFingerprint, pinIfNew, pinnedKey } from '../../seal/pinned-keys.ts';
import { VerifyAll } from './verify-all.tsx';

type LedgerLog = Answer<'GET /v1/ledger'>['logs'][number];

/** One log: its name, its key as this browser knows it, its checkpoint, and the check of all of it. */
export function LogSheet({ log, isCurrent }: { readonly log: LedgerLog; readonly isCurrent: boolean }) {
  const checkpoint = useQuery({
    queryKey: ['checkpoint', log.number],
    queryFn: ({ signal }) => callText('GET /v1/ledger/logs/{log}/checkpoint', { params: { log: log.number }, signal }),
    refetchInterval: isCurrent ? 10_000 : false,
  });
  const pin = useQuery({
    queryKey: ['pinned-key', log.number, log.verifier_key],
    queryFn: () => {
      pinIfNew(log.number, log.verifier_key);
      return pinnedKey(log.number) ?? null;
    },
  });
  const isOther = pin.data !== undefined && pin.data !== null && pin.data.verifierKey !== log.verifier_key;
  return (
    <section className="sheet" aria-labelledby={`log-${log.number}`}>
      <div className="sheet-head">
        <h2 id={`log-${log.number}`}>Log {log.number}</h2>
        <span className="quiet small">{isCurrent ? 'growing' : 'closed by a restore; it goes on in the next'}</span>
      </div>
      {isOther ? (
        <Notice tone="bad" title="The key of this log has changed">
          <p>
            This browser knows log {log.number} by <code>{keyFingerprint(pin.data?.verifierKey ?? '')}</code>. The
            server now shows <code>{keyFingerprint(log.verifier_key)}</code>. Either the ledger was set up anew on
            purpose, or somebody puts another one in its place. Ask before you trust it.
          </p>
          <p>
            <button
              type="button"
              className="plain-button"
              onClick={() => {
                forgetPinnedKey(log.number);
                void pin.refetch();
              }}
            >
              I know why: trust the new key
            </button>
          </p>
        </Notice>
      ) : null}
      <dl className="facts">
        <div>
          <dt>Origin</dt>
          <dd className="mono">{log.origin}</dd>
        </div>
        <div>
          <dt>Key</dt>
          <dd className="mono">{log.verifier_key}</dd>
        </div>
        <div>
          <dt>Known here</dt>
          <dd>
            {pin.data === undefined || pin.data === null ? (
              '…'
            ) : (
              <>
                since <Clock at={pin.data.firstSeenMs} short={false} />, trusted on first sight
              </>
            )}
          </dd>
        </div>
      </dl>
      <VerifyAll
        log={log.number}
        verifierKey={pin.data?.verifierKey ?? log.verifier_key}
        minimumIndex={log.minimum_index}
      />
      <details className="fold">
        <summary>Checkpoint</summary>
        <pre className="raw" tabIndex={0}>
          {checkpoint.data ?? '…'}
        </pre>
      </details>
      <div>
        <Button
          variant="default"
          disabled={checkpoint.data === undefined}
          onClick={() => downloadText(`checkpoint-${log.number}.txt`, checkpoint.data ?? '')}
        >
          Download the checkpoint
        </Button>
      </div>
    </section>
  );
}
