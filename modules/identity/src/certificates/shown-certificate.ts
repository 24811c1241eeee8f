import type { CertificateJudge, CertificateTrouble } from './certificate-check.ts';
import type { PersonCertificate } from './certificate-store.ts';
import { endingOf } from './ending.ts';

/** What people are told about one of their certificates. */
export type ShownCertificate = Pick<
  PersonCertificate,
  'subject' | 'issuer' | 'serial' | 'thumbprint' | 'validToMs' | 'lastUsedAtMs'
> & {
  readonly authority: string;
  /** Its authority names this person: nobody bound it, and it comes back when it is used again. */
  readonly isByName: boolean;
  /** Why it would not let them in now. */
  readonly trouble?: CertificateTrouble;
  /** It ends within the days that are told before. */
  readonly endsSoon: boolean;
};
export type OwnCertificate = ShownCertificate & Pick<PersonCertificate, 'id' | 'label' | 'createdAtMs'>;

export async function shownCertificates(
  rows: readonly PersonCertificate[],
  judge: CertificateJudge,
  nowMs: number,
): Promise<OwnCertificate[]> {
  const authorities = rows.length === 0 ? [] : await judge.authorities();
  const shown: OwnCertificate[] = [];
  for (const one of rows) {
    const { id, label, createdAtMs, subject, issuer, serial, thumbprint, validToMs, lastUsedAtMs } = one;
    const trouble = await judge.troubleOf(one);
    shown.push({
      id,
      label,
      createdAtMs,
      subject,
      issuer,
      serial,
      thumbprint,
      validToMs,
      ...(lastUsedAtMs === undefined ? {} : { lastUsedAtMs }),
      authority: authorities.find((authority) => authority.id === one.authorityId)?.settings.name ?? '',
      isByName: one.kind === 'named',
      ...(trouble === undefined ? {} : { trouble }),
      endsSoon: endingOf(validToMs, 'person', nowMs) === 'soon',
    });
  }
  return shown;
}
