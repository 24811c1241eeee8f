import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { QRCodeSVG } from 'qrcode.react';
import { useState } from 'react';
import { CodeInput } from './code-input.tsx';
import { CopyField } from './copy-field.tsx';
import { ProblemNotice } from './notice.tsx';

type Props<Done> = {
  readonly begin: () => Promise<{ readonly secret: string; readonly uri: string }>;
  readonly confirm: (code: string) => Promise<Done>;
  readonly onDone: (done: Done) => void;
  readonly onBack: () => void;
};

/** A square code to scan, then a code of the app as a sign that it worked. */
export function AuthenticatorApp<Done>({ begin, confirm, onDone, onBack }: Props<Done>) {
  const [code, setCode] = useState('');
  const start = useMutation({ mutationFn: begin });
  const finish = useMutation({ mutationFn: () => confirm(code), onSuccess: onDone });
  if (start.isIdle) {
    return (
      <div className="stack">
        <p className="quiet">The next page shows a code to scan. Have the app open on your phone.</p>
        <div className="row">
          <Button onClick={() => start.mutate()}>Show the code</Button>
          <Button variant="default" onClick={onBack}>
            Back
          </Button>
        </div>
      </div>
    );
  }
  if (start.error !== null) return <ProblemNotice problem={start.error} retry={() => start.mutate()} />;
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        finish.mutate();
      }}
    >
      <div className="qr">
        {start.data === undefined ? (
          <div className="shape" style={{ width: 184, height: 184 }} />
        ) : (
          <QRCodeSVG value={start.data.uri} size={184} marginSize={2} title="Code to scan with the authenticator app" />
        )}
      </div>
      <details className="fold">
        <summary>Cannot scan? Type it instead</summary>
        {start.data === undefined ? null : (
          <CopyField
            value={start.data.secret}
            shown={start.data.secret.replaceAll(/(.{4})(?=.)/g, '$1 ')}
            label="the secret"
          />
        )}
      </details>
      <CodeInput label="The six digits the app shows now" value={code} onChange={setCode} />
      {finish.error === null ? null : <ProblemNotice problem={finish.error} />}
      <div className="row">
        <Button type="submit" disabled={code.length !== 6 || start.data === undefined} loading={finish.isPending}>
          Confirm
        </Button>
        <Button variant="default" onClick={onBack}>
          Back
        </Button>
      </div>
    </form>
  );
}
