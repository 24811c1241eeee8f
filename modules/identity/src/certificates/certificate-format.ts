import { Type, type Static } from 'typebox';
import { isoTime } from '../sessions/session-format.ts';
import { certificateTroubles } from './certificate-check.ts';
import { warningDays } from './ending.ts';
import type { ShownCertificate } from './shown-certificate.ts';

const Time = Type.String({ format: 'date-time' });

/** What people are told about one certificate. */
export const CertificateFacts = Type.Object({
  subject: Type.String({ description: 'For people to recognise' }),
  issuer: Type.String(),
  serial: Type.String(),
  sha256: Type.String(),
  valid_to: Time,
  authority: Type.String({ description: 'Under which it is accepted here' }),
  by_name: Type.Boolean({ description: 'Its authority names this person; nobody bound it' }),
  last_used_at: Type.Union([Time, Type.Null()]),
  ends_soon: Type.Boolean({ description: `Within ${warningDays.person} days` }),
  trouble: Type.Union([Type.Enum([...certificateTroubles]), Type.Null()], {
    description: 'Why it would not let its owner in now: what signing in with it would find',
  }),
});

export function certificateFacts(one: ShownCertificate): Static<typeof CertificateFacts> {
  return {
    subject: one.subject,
    issuer: one.issuer,
    serial: one.serial,
    sha256: one.thumbprint,
    valid_to: isoTime(one.validToMs),
    authority: one.authority,
    by_name: one.isByName,
    last_used_at: one.lastUsedAtMs === undefined ? null : isoTime(one.lastUsedAtMs),
    ends_soon: one.endsSoon,
    trouble: one.trouble ?? null,
  };
}
