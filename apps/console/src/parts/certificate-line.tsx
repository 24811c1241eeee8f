import type { Answer } from '../api/call.ts';
import { formatDay } from './day.ts';
import { printable } from './printable.ts';

type Certificate = NonNullable<Answer<'GET /v1/account'>['factors'][number]['certificate']>;
type Trouble = NonNullable<Certificate['trouble']>;

/** Whose name stands in it, who issued it, until when it is good, and whether it would open the door now. */
export function CertificateLine({ certificate }: { readonly certificate: Certificate }) {
  const { subject, issuer, valid_to: end, trouble, ends_soon: endsSoon } = certificate;
  const words = `“${printable(subject)}”, issued by ${printable(issuer)}`;
  const day = formatDay(end.slice(0, 10));
  return (
    <span className="small">
      <span className="quiet">{words} · </span>
      {trouble === 'expired' ? (
        <strong>expired on {day}</strong>
      ) : trouble !== null ? (
        <strong>not accepted at present: {troubleWords[trouble] ?? 'its authority does not allow it for this'}</strong>
      ) : endsSoon ? (
        <strong>expires soon, on {day}: ask for the next one</strong>
      ) : (
        <span className="quiet">good until {day}</span>
      )}
    </span>
  );
}

const troubleWords: Readonly<Partial<Record<Trouble, string>>> = {
  'switched-off': 'its authority is switched off',
  'not-kept-whole': 'it was added before an update; it counts again once it is used',
  'not-yet-valid': 'it is not valid yet',
  revoked: 'its authority revoked it',
  'revocations-missing': 'the list of what its authority revoked is missing here',
  'revocations-stale': 'the list of what its authority revoked is out of date here',
  'authority-unknown': 'the certificate of its authority is not accepted any more',
  'authority-expired': 'the certificate of its authority has expired',
  'wrong-purpose': 'it is not for what is asked of certificates here by now',
  'wrong-policy': 'it was not issued under the policy that is asked for by now',
  unknown: 'its authority is not trusted to name people any more',
  'name-ambiguous': 'it names more than one person',
  'name-of-another': 'it names somebody else',
  'domain-not-trusted': 'its authority is not trusted for the domain in its name any more',
  'administrator-not-named': 'it may not name people who decide what others may do: bind it instead',
  'may-not-sign-in': 'the account may not sign in',
};
