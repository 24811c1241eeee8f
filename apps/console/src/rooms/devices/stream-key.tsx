import { Button } from '@mantine/core';
import { Link } from 'wouter';
import { CopyField } from '../../parts/copy-field.tsx';
import { Notice } from '../../parts/notice.tsx';
import { leadsNowhereElse } from './device-words.ts';
import type { MadeStream } from './devices-query.ts';

/** What a program such as OBS is told once, and nobody again. */
export function StreamKey({ made, onClose }: { readonly made: MadeStream; readonly onClose: () => void }) {
  return (
    <div className="stack">
      {leadsNowhereElse(made.url) ? (
        <Notice tone="warn" title="Only this computer can reach it">
          <p>
            The address is that of this computer alone. <Link href="/settings">Open the server to others</Link> for
            programs elsewhere.
          </p>
        </Notice>
      ) : null}
      <p>In OBS: Settings, Stream, service WHIP. Other programs ask for the same two.</p>
      <div>
        <p className="quiet small">Server</p>
        <CopyField value={made.url} label="the address" />
      </div>
      <div>
        <p className="quiet small">Bearer token</p>
        <CopyField value={made.key} label="the key" />
      </div>
      <Notice tone="warn" title="The key is shown only now">
        <p>
          Whoever has it can send pictures as {made.device.name}, and do nothing else. It is good until you revoke the
          device.
        </p>
      </Notice>
      <div className="row">
        <Button data-autofocus onClick={onClose}>
          Done
        </Button>
      </div>
    </div>
  );
}
