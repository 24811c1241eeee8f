import { certificateFacts, endsAtKnownRoot, type CertificateAuthority } from '@sallyport/certificate-authority';
import type { OrderProblem, OrderState } from './acme-orders.ts';
import type { Shown } from './https-change.ts';
import { originOf, type HttpsSettings } from './https-settings.ts';

const dayMs = 24 * 60 * 60 * 1000;
const ownWarningMs = 30 * dayMs;
const authorityWarningMs = 180 * dayMs;

export type HttpsState = 'off' | 'open' | 'waiting' | 'failed';

/** Everything about the listener at one moment. Holds the private key inside `shown`: never an answer by itself. */
export type HttpsMoment = {
  readonly settings: HttpsSettings | undefined;
  readonly isListening: boolean;
  readonly shown: Shown | undefined;
  readonly problem: OrderProblem | undefined;
  readonly order: OrderState;
  readonly renewAtMs: number | undefined;
  readonly authority: CertificateAuthority | undefined;
  readonly startNames: readonly string[];
  readonly nowMs: number;
};

/** `waiting`: it listens, and has no certificate yet. */
export function stateOf({ settings, isListening, shown }: HttpsMoment): HttpsState {
  if (settings === undefined) return 'off';
  if (!isListening) return 'failed';
  return shown === undefined ? 'waiting' : 'open';
}

/** Where others reach the server; undefined while they cannot. */
export function publicOriginOf(moment: HttpsMoment): string | undefined {
  return moment.settings !== undefined && stateOf(moment) === 'open' ? originOf(moment.settings) : undefined;
}

export type HttpsWarning = { readonly code: string; readonly message: string };

/** What somebody should do something about, most urgent first. */
export function warningsOf(moment: HttpsMoment): HttpsWarning[] {
  const { settings, shown, nowMs, authority, order } = moment;
  if (settings === undefined) return [];
  const warnings: HttpsWarning[] = [];
  if (!moment.isListening) {
    const why = moment.problem?.message ?? 'it was not opened';
    warnings.push({ code: 'https_not_listening', message: `Others cannot reach this server: ${why}` });
  }
  if (shown !== undefined) {
    const { kind } = settings.certificate;
    const leftMs = shown.chain.certificate.validToDate.getTime() - nowMs;
    const lifeMs = leftMs + nowMs - shown.chain.certificate.validFromDate.getTime();
    // What renews itself has long tried by then.
    const warnAtMs = kind === 'own' ? Math.min(ownWarningMs, lifeMs / 3) : lifeMs / 6;
    const until = shown.chain.certificate.validToDate.toISOString().slice(0, 10);
    if (leftMs <= 0) warnings.push({ code: 'certificate_expired', message: `The certificate expired on ${until}` });
    else if (leftMs <= warnAtMs) {
      const message = `The certificate expires on ${until}${kind === 'own' ? ': give the next one' : ' and was not renewed'}`;
      warnings.push({ code: 'certificate_expires_soon', message });
    }
    if (kind === 'own' && !endsAtKnownRoot(shown.chain)) {
      const issuer = (shown.chain.issuers.at(-1) ?? shown.chain.certificate).issuer.replaceAll(/\p{C}+/gu, ', ');
      warnings.push({
        code: 'certificate_root_unknown',
        message: `Browsers must know “${issuer.slice(0, 120)}” already, or a certificate is missing in between`,
      });
    }
    if (kind === 'authority' && authority !== undefined && authority.notAfterMs - nowMs < authorityWarningMs) {
      const end = new Date(authority.notAfterMs).toISOString().slice(0, 10);
      warnings.push({ code: 'authority_expires_soon', message: `The authority itself ends on ${end}: make a new one` });
    }
  }
  if (order.phase === 'stopped') {
    warnings.push({ code: 'acme_gave_up', message: 'Ordering the certificate failed five times and has stopped' });
  }
  return warnings;
}

const iso = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | undefined): string | null => (ms === undefined ? null : iso(ms));

/** What people are told. No key, no secret of an account. */
export function describeHttps(moment: HttpsMoment) {
  const { settings, shown, order, authority, problem } = moment;
  const facts = shown === undefined ? undefined : certificateFacts(shown.chain);
  const choice = settings?.certificate;
  return {
    state: stateOf(moment),
    origin: publicOriginOf(moment) ?? null,
    names: [...(settings?.names ?? [])],
    host: settings?.host ?? null,
    port: settings?.port ?? null,
    public_port: settings?.publicPort ?? null,
    kind: choice?.kind ?? null,
    problem: problem === undefined ? null : describeProblem(problem),
    certificate:
      facts === undefined
        ? null
        : {
            subject: facts.subject,
            issuer: facts.issuer,
            names: [...facts.names],
            not_before: iso(facts.notBeforeMs),
            not_after: iso(facts.notAfterMs),
            fingerprint_sha256: facts.fingerprint,
            chain_length: facts.chainLength,
            renew_at: isoOrNull(moment.renewAtMs ?? shown?.renewAtMs),
          },
    acme:
      choice?.kind === 'acme'
        ? {
            directory_url: choice.directoryUrl,
            directory_ca: choice.directoryCaPem !== undefined,
            challenge: choice.challenge,
            challenge_port: choice.challengePort,
            email: choice.email ?? null,
            external_account: choice.hasExternalAccount,
            order: {
              phase: order.phase,
              step: order.step ?? null,
              failures: order.failures,
              problem: order.problem === undefined ? null : describeProblem(order.problem),
              next_at: isoOrNull(order.nextAtMs),
            },
          }
        : null,
    authority:
      authority === undefined
        ? null
        : {
            fingerprint_sha256: authority.fingerprint,
            not_after: iso(authority.notAfterMs),
            names: [...authority.permitted.dns],
            ranges: [...authority.permitted.ranges],
          },
    start_names: [...moment.startNames],
    warnings: warningsOf(moment),
  };
}

function describeProblem({ code, message, hint, atMs }: OrderProblem) {
  return { code, message, hint: hint ?? null, at: iso(atMs) };
}
