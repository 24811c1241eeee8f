import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { Clock } from '../../parts/clock.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';
import { SendCommand } from './send-command.tsx';

/** A key for trying out: it may only send, and ends soon. */
export function SendYourOwn() {
  const make = useMutation({ mutationKey: ['demo-key'], mutationFn: () => call('POST /v1/demo/ingest-key', {}) });
  if (make.data !== undefined) {
    return (
      <SendCommand apiKey={make.data.key}>
        A key to try it with, as source {make.data.source}. It works until{' '}
        <Clock at={make.data.expires_at} short={false} />.
      </SendCommand>
    );
  }
  return (
    <div className="stack tight">
      <p className="quiet">One JSON object a line. The key may send events and nothing else, and ends after an hour.</p>
      {make.error === null ? null : <ProblemNotice problem={make.error} />}
      <div>
        <Button variant="default" loading={make.isPending} onClick={() => make.mutate()}>
          Make a key
        </Button>
      </div>
    </div>
  );
}
