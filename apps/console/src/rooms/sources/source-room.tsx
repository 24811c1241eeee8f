import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'wouter';
import type { Me } from '../../api/queries.ts';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { RoomHead } from '../../parts/room-head.tsx';
import { searchAddress, sourceTerms } from '../../parts/source-address.ts';
import { SourceStateMark, standingWords } from '../../parts/source-state.tsx';
import { MappingPreview } from './mapping-preview.tsx';
import { SourceFields } from './source-fields.tsx';
import { sourceQuery, sourceTitle } from './source-queries.ts';
import { SourceRate } from './source-rate.tsx';
import { SourceSample } from './source-sample.tsx';
import { SourceSettings } from './source-settings.tsx';
import { SourceTrouble } from './source-trouble.tsx';

/** One source: how much it sends, how late, what of it is understood, and how it is treated. */
export function SourceRoom({ me }: { readonly me: Me }) {
  const { keyId, name } = useParams<{ keyId: string; name: string }>();
  const { data: source, error, refetch, dataUpdatedAt } = useQuery(sourceQuery({ key_id: keyId, name }));
  const title = printable(source === undefined ? name : sourceTitle(source));
  return (
    <div className="room-inner">
      <RoomHead
        title={title}
        lead={
          source === undefined ? undefined : (
            <span className="row">
              <SourceStateMark state={source.state} short />
              <span>
                {standingWords(
                  { state: source.state, lastSeenMs: source.last_seen_ms, dueMs: source.due_ms },
                  dataUpdatedAt,
                )}
              </span>
            </span>
          )
        }
      >
        <Link href="/sources" className="small">
          All sources
        </Link>
        <Link href={searchAddress(sourceTerms({ key_id: keyId, name }))} className="primary-link quiet-link">
          Search its events
        </Link>
      </RoomHead>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {source === undefined && error === null ? <Loading heights={[260, 160, 200]} /> : null}
      {source === undefined ? null : (
        <>
          <SourceRate source={source} />
          <SourceTrouble source={source} />
          <SourceFields source={source} />
          <SourceSample source={source} />
        </>
      )}
      <MappingPreview />
      {source === undefined ? null : <SourceSettings source={source} me={me} />}
    </div>
  );
}
