import { Button, Modal } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { call } from '../../../api/call.ts';
import { Loading } from '../../../parts/loading.tsx';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';
import type { Provider } from './provider-draft.ts';
import { TrialResult, trialChannel } from './trial-result.tsx';
import type { TrialNews } from './trial-result.tsx';

const icons = { good: IconCircleCheck, noted: IconInfoCircle, failed: IconAlertTriangle };
const stateWords = { good: 'Good', noted: 'Note', failed: 'Failed' };

/** Metadata and keys at once; then a real sign-in in another tab that signs nobody in. */
export function ProviderTest({ provider, onClose }: { readonly provider: Provider; readonly onClose: () => void }) {
  const [news, setNews] = useState<TrialNews>();
  const test = useQuery({
    queryKey: ['provider-test', provider.id],
    queryFn: () => call('POST /v1/providers/{id}/test', { params: { id: provider.id } }),
    gcTime: 0,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    retry: false,
  });
  useEffect(() => {
    const channel = new BroadcastChannel(trialChannel);
    channel.addEventListener('message', ({ data }: MessageEvent<TrialNews>) => {
      if (data.provider === provider.id) setNews(data);
    });
    return () => channel.close();
  }, [provider.id]);
  const url = test.data?.url ?? null;
  return (
    <Modal opened onClose={onClose} title={`Test ${provider.name}`} size="lg">
      <div className="stack">
        {test.error === null ? null : <ProblemNotice problem={test.error} retry={() => void test.refetch()} />}
        {test.isFetching && test.data === undefined ? <Loading heights={[24, 24, 24]} /> : null}
        <ul className="check-list" aria-label="What was looked at">
          {(test.data?.steps ?? []).map(({ name, state, words }) => {
            const Icon = icons[state];
            return (
              <li key={name} data-state={state}>
                <Icon size={18} aria-label={stateWords[state]} role="img" />
                <span>{printable(words)}</span>
              </li>
            );
          })}
        </ul>
        {news?.problem === undefined ? null : (
          <Notice tone="bad" title="The trial sign-in failed">
            <p>{printable(news.problem)}</p>
          </Notice>
        )}
        {news?.trial === undefined ? null : <TrialResult trial={news.trial} />}
        <div className="row">
          {url === null ? null : (
            // A link, so that no popup is blocked; the tab it opens cannot reach this one.
            <Button
              component="a"
              href={url}
              target="_blank"
              rel="noopener noreferrer"
              onClick={() => setNews(undefined)}
            >
              Try to sign in, in another tab
            </Button>
          )}
          <Button variant="default" loading={test.isFetching} onClick={() => void test.refetch()}>
            Look again
          </Button>
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
        </div>
        {url === null ? null : (
          <p className="small quiet">Good once, for ten minutes, in this browser. “Look again” makes another.</p>
        )}
      </div>
    </Modal>
  );
}
