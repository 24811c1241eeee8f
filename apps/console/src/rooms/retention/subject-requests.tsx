import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { callBytes } from '../../api/call.ts';
import { Clock } from '../../parts/clock.tsx';
import { EmptyRoom } from '../../parts/empty-room.tsx';
import { Loading } from '../../parts/loading.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { printable } from '../../parts/printable.ts';
import { saveBlob } from '../../seal/download.ts';
import { requestsQuery } from './personal-query.ts';
import { requestWords } from './personal-words.ts';

/** What people asked, and how far it is. */
export function SubjectRequests({
  canManage,
  onOpenIntent,
}: {
  readonly canManage: boolean;
  readonly onOpenIntent: (id: string) => void;
}) {
  const { data, error, refetch } = useQuery(requestsQuery);
  const save = useMutation({
    mutationFn: async (id: string) => {
      const response = await callBytes('GET /v1/personal-data/requests/{id}/export', { params: { id } });
      saveBlob(`subject-${id}.json`, await response.blob());
    },
  });
  return (
    <section className="sheet" aria-labelledby="asked">
      <div className="sheet-head">
        <h2 id="asked">What people asked</h2>
        <span className="quiet small">the newest first</span>
      </div>
      {error === null ? null : <ProblemNotice problem={error} retry={() => void refetch()} />}
      {save.error === null ? null : <ProblemNotice problem={save.error} />}
      {data === undefined && error === null ? <Loading heights={[60]} /> : null}
      {data?.requests.length === 0 ? (
        <EmptyRoom title="Nobody has asked anything">
          When somebody asks what you hold on them, or to be forgotten: find them above, and record what they ask.
        </EmptyRoom>
      ) : null}
      {data === undefined || data.requests.length === 0 ? null : (
        <ul className="lines" aria-label="Requests">
          {data.requests.map((request) => {
            const { title, word, tone, text } = requestWords(request);
            const { destruction } = request;
            return (
              <li key={request.id} className="provider">
                <span className="line-main">
                  <span className="line-name">
                    {printable(title)} <span className={`state-mark ${tone}`}>{word}</span>
                  </span>
                  <span className="small">{text}</span>
                  <span className="small quiet">
                    {printable(request.reason)} · {printable(request.asked_by.name)},{' '}
                    <Clock at={request.asked_at} short={false} />
                  </span>
                </span>
                <span className="row">
                  {destruction === null ? null : (
                    <Button size="compact-sm" variant="default" onClick={() => onOpenIntent(destruction.id)}>
                      {destruction.certificate ? 'Steps and certificate' : 'Steps and signatures'}
                    </Button>
                  )}
                  {canManage && request.kind === 'access' && request.state === 'answered' ? (
                    <Button
                      size="compact-sm"
                      variant="default"
                      leftSection={<IconDownload size={16} aria-hidden="true" />}
                      loading={save.isPending && save.variables === request.id}
                      onClick={() => save.mutate(request.id)}
                    >
                      Download what is held
                    </Button>
                  ) : null}
                </span>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
