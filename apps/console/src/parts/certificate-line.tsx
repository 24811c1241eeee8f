import type { Answer } from '../api/call.ts';
import { formatDay } from './day.ts';
import { printable } from './printable.ts';

type Certificate = NonNullable<Answer<'GET /v1/account'>['factors'][number]['certificate']>;

/** Whose name stands in it, who issued it, until when it is good, and whether it can be used. */
export function CertificateLine({ certificate }: { readonly certificate: Certificate }) {
  const { subject, issuer, valid_to: end, trouble } = certificate;
  const words = `“${printable(subject)}”, issued by ${printable(issuer)}`;
  const day = formatDay(end.slice(0, 10));
  return (
    <span className="small">
      <span className="quiet">{words} · </span>
      {trouble === 'expired' ? (
        <strong>expired on {day}</strong>
      ) : trouble === 'switched-off' ? (
        <strong>not accepted at present: its authority is switched off</strong>
      ) : (
        <span className="quiet">good until {day}</span>
      )}
    </span>
  );
}
