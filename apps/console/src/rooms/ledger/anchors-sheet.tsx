import { Button } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleDashed, IconCloudOff } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../../api/call.ts';
import { Clock } from '../../parts/clock.tsx';
import { Loading } from '../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../parts/notice.tsx';
import { formatCount } from '../../parts/numbers.ts';
import { printable } from '../../parts/printable.ts';
import { AddTimeAuthority } from './add-time-authority.tsx';
import { anchorsQuery } from './anchors-query.ts';
import type { TimeAuthority, TimeStamp } from './anchors-query.ts';
import { anchorsVerdict, authorityStates } from './anchors-words.ts';

const icons = { stamping: IconCircleCheck, waiting: IconCircleDashed, away: IconCloudOff, wrong: IconAlertTriangle };
const shown = 5;

/** Who outside states when checkpoints existed, and the newest of their stamps. */
export function AnchorsSheet({ canChange }: { readonly canChange: boolean }) {
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery(anchorsQuery);
  const [isAdding, setAdding] = useState(false);
  const ask = useMutation({
    mutationFn: (id: string) => call('POST /v1/ledger/anchors/authorities/{id}/ask', { params: { id } }),
    onSuccess: (report) => queries.setQueryData(anchorsQuery.queryKey, report),
  });
  const remove = useMutation({
    mutationFn: (id: string) => call('DELETE /v1/ledger/anchors/authorities/{id}', { params: { id } }),
    onSuccess: (report) => queries.setQueryData(anchorsQuery.queryKey, report),
  });
  const verdict = data === undefined ? undefined : anchorsVerdict(data);
  return (
    <section className="sheet" aria-labelledby="anchors">
      <div className="sheet-head">
        <h2 id="anchors">Anchors</h2>
        <span className="quiet small">others who state when a checkpoint existed</span>
        {canChange && data !== undefined ? (
          <Button size="compact-sm" onClick={() => setAdding(true)}>
            Add a time-stamping authority
          </Button>
        ) : null}
      </div>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {ask.error === null ? null : <ProblemNotice problem={ask.error} />}
      {remove.error === null ? null : <ProblemNotice problem={remove.error} />}
      {data === undefined && error === null ? <Loading heights={[60]} /> : null}
      {data === undefined || verdict === undefined ? null : (
        <>
          <div role="status">
            <Notice tone={verdict.tone} title={verdict.title}>
              <p>{verdict.text}</p>
            </Notice>
          </div>
          {data.authorities.length === 0 ? null : (
            <ul className="lines" aria-label="Time-stamping authorities">
              {data.authorities.map((authority) => (
                <AuthorityRow
                  key={authority.id}
                  authority={authority}
                  isAsking={ask.isPending && ask.variables === authority.id}
                  {...(canChange
                    ? { onAsk: () => ask.mutate(authority.id), onRemove: () => remove.mutate(authority.id) }
                    : {})}
                />
              ))}
            </ul>
          )}
          {data.stamps.length === 0 ? null : (
            <>
              <h3>
                Newest stamps <span className="quiet small">{formatCount(data.stamps_in_all)} in all</span>
              </h3>
              <ul className="lines" aria-label="Time-stamps">
                {data.stamps.slice(0, shown).map((stamp) => (
                  <StampRow key={`${stamp.log}/${stamp.size}/${stamp.authority}`} stamp={stamp} />
                ))}
              </ul>
            </>
          )}
          <p className="small quiet">
            A checkpoint of your own, kept elsewhere, is an anchor too: download it below from time to time, or let
            “sallyport ledger checkpoint --out FILE” keep it and check each time that the log has only grown.
          </p>
          {isAdding ? <AddTimeAuthority onClose={() => setAdding(false)} /> : null}
        </>
      )}
    </section>
  );
}

function AuthorityRow({
  authority,
  isAsking,
  onAsk,
  onRemove,
}: {
  readonly authority: TimeAuthority;
  readonly isAsking: boolean;
  readonly onAsk?: () => void;
  readonly onRemove?: () => void;
}) {
  const Icon = icons[authority.state];
  const { word, tone } = authorityStates[authority.state];
  return (
    <li className="witness">
      <span className="line-main">
        <span className="line-name">
          {authority.url}{' '}
          <span className={`state-mark ${tone}`}>
            <Icon size={16} stroke={1.8} aria-hidden="true" /> {word}
          </span>
        </span>
        <span className="quiet small">
          {authority.newest_at === null ? (
            'nothing of the newest log yet'
          ) : (
            <>
              {formatCount(authority.newest_size ?? 0)} entries, <Clock at={authority.newest_at} short={false} />
            </>
          )}
        </span>
        {authority.problem === null ? null : <span className="small">{printable(authority.problem)}.</span>}
      </span>
      {onAsk === undefined || onRemove === undefined ? null : (
        <span className="row">
          <Button size="compact-sm" variant="default" loading={isAsking} onClick={onAsk}>
            Stamp now
          </Button>
          <Button size="compact-sm" variant="default" onClick={onRemove} aria-label={`Remove ${authority.url}`}>
            Remove
          </Button>
        </span>
      )}
    </li>
  );
}

/** Both files are what OpenSSL takes, so that nothing of ours is needed to check them. */
function StampRow({ stamp }: { readonly stamp: TimeStamp }) {
  const folder = `/v1/ledger/anchors/${stamp.log}/${stamp.size}`;
  return (
    <li>
      <span className="line-main">
        <span className="line-name">
          <Clock at={stamp.at} short={false} />
        </span>
        <span className="quiet small">
          {formatCount(stamp.size)} entries of log {stamp.log}, by {printable(stamp.signer)}
          {stamp.witnesses === 0 ? '' : `, cosigned by ${stamp.witnesses}`}
        </span>
      </span>
      <span className="row small">
        <a href={`${folder}/checkpoint`} download={`checkpoint-${stamp.log}-${stamp.size}.txt`}>
          Checkpoint
        </a>
        <a href={`${folder}/${stamp.authority}`} download={`checkpoint-${stamp.log}-${stamp.size}.tst`}>
          Time-stamp
        </a>
      </span>
    </li>
  );
}
