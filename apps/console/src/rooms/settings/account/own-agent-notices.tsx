import { Button, Radio } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call } from '../../../api/call.ts';
import type { Answer } from '../../../api/call.ts';
import { Notice, ProblemNotice } from '../../../parts/notice.tsx';
import { printable } from '../../../parts/printable.ts';

const queryKey = ['own-agent-notices'];
const words = {
  none: 'No mail',
  own: 'Those about your own agents, and of service accounts you answer for',
  all: 'All that you may answer',
} as const;
const organizationWords = {
  none: 'no mail',
  own: 'those about your own agents',
  all: 'all that you may answer',
} as const;

/** Of which waiting questions of agents one gets mail. */
export function OwnAgentNotices() {
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: ({ signal }) => call('GET /v1/account/agent-notices', { signal }),
  });
  const choose = useMutation({
    mutationFn: (mail: 'none' | 'own' | 'all' | 'organization') =>
      call('PUT /v1/account/agent-notices', { body: { mail } }),
    onSuccess: (now) => queries.setQueryData(queryKey, now),
  });
  const tryOut = useMutation({
    mutationFn: () => call('POST /v1/account/agent-notices/test', { body: {} }),
    onSettled: () => refetch(),
  });
  if (error !== null) return <ProblemNotice problem={error} retry={() => void refetch()} />;
  if (data === undefined) return null;
  const { mail, organization, reach } = data;
  const effective = mail === 'organization' ? organization : mail;
  return (
    <section className="sheet stack tight" aria-labelledby="own-agent-notices">
      <h2 id="own-agent-notices">When agents wait for you</h2>
      <Radio.Group
        label="Questions you get mail about"
        description="That something waits, and where; never what. At most one a minute, and none about what is answered within ten seconds."
        value={choose.isPending ? choose.variables : mail}
        onChange={(value) => {
          if (value === 'organization' || value === 'none' || value === 'own' || value === 'all') choose.mutate(value);
        }}
      >
        <div className="stack tight notice-choices">
          <Radio value="organization" label={`As the organisation says: ${organizationWords[organization]}`} />
          <Radio value="none" label={words.none} />
          <Radio value="own" label={words.own} />
          <Radio value="all" label={words.all} />
        </div>
      </Radio.Group>
      {choose.error === null ? null : <ProblemNotice problem={choose.error} />}
      {effective === 'none' || reach === 'ready' ? null : (
        <Notice
          tone="warn"
          title={
            reach === 'no-mail'
              ? 'No mail leaves here yet: an administrator sets up e-mail first'
              : 'You have no e-mail address here: add one under “Where we may write to you”'
          }
        />
      )}
      <div className="row">
        <Button size="xs" variant="default" loading={tryOut.isPending} onClick={() => tryOut.mutate()}>
          Send me one to try
        </Button>
      </div>
      {tryOut.error === null ? null : <ProblemNotice problem={tryOut.error} />}
      <div aria-live="polite">{tryOut.data === undefined ? null : <Tried tried={tryOut.data} />}</div>
      <p className="quiet small">
        In an open console a notification tells of it where this browser may show some: Settings, Server and browser.
      </p>
    </section>
  );
}

const triedWords = {
  'no-mail': 'Nothing was sent: no mail leaves here yet',
  'no-address': 'Nothing was sent: you have no e-mail address here',
  'not-taken': 'The mail server did not take it: the log of the server says why',
} as const;

function Tried({ tried: { outcome, to } }: { readonly tried: Answer<'POST /v1/account/agent-notices/test'> }) {
  return outcome === 'sent' ? (
    <Notice tone="good" title={`Sent to ${printable(to ?? '')}: see whether it is there`} />
  ) : (
    <Notice tone="warn" title={triedWords[outcome]} />
  );
}
