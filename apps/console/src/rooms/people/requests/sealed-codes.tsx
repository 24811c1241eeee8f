import { Button, Checkbox } from '@mantine/core';
import { useEffect, useState } from 'react';
import { createPortal } from 'react-dom';
import { printable } from '../../../parts/printable.ts';

export type Codes = { readonly first: string; readonly second: string };

/** Both codes; those or a code and a security key; a code and a key alone. */
export type OpenedWith = 'codes' | 'any' | 'key';

const withWords: Readonly<Record<OpenedWith, string>> = {
  codes: 'With the code of the other envelope',
  any: 'With the code of the other envelope, or a security key of this account,',
  key: 'With a security key of this account, and never without,',
};

/** Two pages to print, one for each envelope; told this once. Nothing else of the console is on the paper. */
export function SealedCodes({
  label,
  codes,
  opens,
  onClose,
}: {
  readonly label: string;
  readonly codes: Codes;
  readonly opens: OpenedWith;
  readonly onClose: () => void;
}) {
  const [isSealed, setSealed] = useState(false);
  useEffect(() => {
    document.body.classList.add('printing-codes');
    return () => document.body.classList.remove('printing-codes');
  }, []);
  const host = location.host;
  return createPortal(
    <div className="sealed-codes" role="dialog" aria-modal="true" aria-label="Sealed codes">
      {[codes.first, codes.second].map((code, index) => (
        <article key={code} className="sealed-page">
          <h2>
            Envelope {index + 1} of 2: {printable(label)}
          </h2>
          <p>
            Break-glass account of Sallyport at {host}. Open it only when nobody can come in otherwise.{' '}
            {withWords[opens]} it signs in once, at the foot of the sign-in page. An alarm goes off at once.
          </p>
          <p className="sealed-code">{code}</p>
          <p className="small">
            Close this page in an envelope, sign across the flap, and keep it apart from the other
            {opens === 'codes' ? '' : ' and from every key'}.
          </p>
        </article>
      ))}
      <div className="sealed-foot stack">
        <p>
          These codes are shown this once.{' '}
          {opens === 'key' ? 'Whoever has one and a key has everything.' : 'Whoever has both has everything.'}
        </p>
        <div className="row">
          <Button autoFocus onClick={() => window.print()}>
            Print both pages
          </Button>
        </div>
        <Checkbox
          label="Both are on paper, in two envelopes"
          checked={isSealed}
          onChange={(event) => setSealed(event.currentTarget.checked)}
        />
        <Button variant="default" disabled={!isSealed} onClick={onClose}>
          Done
        </Button>
      </div>
    </div>,
    document.body,
  );
}
