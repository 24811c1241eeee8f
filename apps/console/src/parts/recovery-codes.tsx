import { Button, Checkbox } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { useState } from 'react';
import { downloadText } from '../seal/download.ts';

/** Shown this once: the way back in when the second factor is lost. */
export function RecoveryCodes({
  codes,
  account,
  onDone,
}: {
  readonly codes: readonly string[];
  readonly account: string;
  readonly onDone: () => void;
}) {
  const { copy, copied } = useClipboard({ timeout: 2000 });
  const [isKept, setKept] = useState(false);
  const text = `Sallyport recovery codes of ${account} at ${location.host}\nEach works once, together with the password.\n\n${codes.join('\n')}\n`;
  const fileName = `sallyport-recovery-codes-${account.replaceAll(/[^\p{L}\p{N}]+/gu, '-')}.txt`;
  return (
    <div className="stack">
      <p className="quiet">
        If you lose the second factor, each of these lets you in once, together with your password. They are shown only
        now.
      </p>
      <ol className="codes" aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      <div className="row">
        <Button variant="default" onClick={() => downloadText(fileName, text)}>
          Save as a file
        </Button>
        <Button variant="default" onClick={() => copy(codes.join('\n'))}>
          {copied ? 'Copied' : 'Copy'}
        </Button>
        <Button variant="default" onClick={() => window.print()}>
          Print
        </Button>
      </div>
      <Checkbox
        label="I have kept them somewhere else than on this computer"
        checked={isKept}
        onChange={(event) => setKept(event.currentTarget.checked)}
      />
      <Button size="md" disabled={!isKept} onClick={onDone}>
        Continue
      </Button>
    </div>
  );
}
