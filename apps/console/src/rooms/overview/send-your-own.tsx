import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { call } from '../../api/call.ts';
import { CopyField } from '../../parts/copy-field.tsx';
import { ProblemNotice } from '../../parts/notice.tsx';

/** One command with a fresh key in it. The key is shown once and may only send. */
export function SendYourOwn() {
  const make = useMutation({ mutationKey: ['demo-key'], mutationFn: () => call('POST /v1/demo/ingest-key', {}) });
  if (make.data === undefined) {
    return (
      <div className="stack tight">
        <p className="quiet">
          One JSON object a line, from anywhere that reaches this server. The key may send events and nothing else.
        </p>
        {make.error === null ? null : <ProblemNotice problem={make.error} />}
        <div>
          <Button variant="default" loading={make.isPending} onClick={() => make.mutate()}>
            Make a key
          </Button>
        </div>
      </div>
    );
  }
  const command = `curl ${location.origin}/v1/events -H 'Authorization: Bearer ${make.data.key}' -H 'Content-Type: application/x-ndjson' --data-raw '{"message":"hello from my own machine"}'`;
  return (
    <div className="stack tight">
      <p className="quiet">Paste it into a terminal. The key is shown this once; revoke it in Settings.</p>
      <CopyField value={command} label="the command" />
    </div>
  );
}
