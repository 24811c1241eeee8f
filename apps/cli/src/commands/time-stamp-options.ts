import type { EvidenceVerification } from '@sallyport/ledger/evidence';
import type { ReadCertificate, TimeStamp } from '@sallyport/ledger/time-stamp';
import { messageOf } from '@sallyport/platform/errors';
import { CliError } from '../errors.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { shortText, styled, type TextOutput } from '../terminal.ts';

export type TimeStampOptions = { readonly tsaRoot?: readonly string[] };

export type TimeStampJudgement =
  | { readonly ok: true; readonly stamps: readonly TimeStamp[] }
  | { readonly ok: false; readonly reason: string };

type Stamped = Pick<Extract<EvidenceVerification, { ok: true }>, 'timeStamps' | 'stamped'>;

const maxRootBytes = 1024 * 1024;

/**
 * What the reader asks of time-stamps. Each in the file must hold by itself, whoever made it: what does not is a file somebody
 * changed. With roots, one of them must lead there.
 */
export async function readTimeStampOptions({
  tsaRoot,
}: TimeStampOptions): Promise<(evidence: Stamped) => Promise<TimeStampJudgement>> {
  const authorities = tsaRoot === undefined ? undefined : (await Promise.all(tsaRoot.map(readRoots))).flat();
  return async ({ timeStamps, stamped }) => {
    if (timeStamps.length === 0)
      return authorities === undefined ? { ok: true, stamps: [] } : { ok: false, reason: 'No time-stamp stands in it' };
    const { verifyTimeStampToken } = await import('@sallyport/ledger/time-stamp');
    const data = Buffer.from(stamped);
    const stamps: TimeStamp[] = [];
    let refusal = '';
    for (const token of timeStamps) {
      const alone = verifyTimeStampToken(token, { data });
      if (!alone.ok) return { ok: false, reason: `Its time-stamp does not hold: ${alone.reason}` };
      const led = authorities === undefined ? alone : verifyTimeStampToken(token, { data, authorities });
      if (!led.ok) refusal = led.reason;
      stamps.push(led.ok ? led.stamp : alone.stamp);
    }
    if (authorities !== undefined && !stamps.some(({ authority }) => authority !== undefined))
      return { ok: false, reason: `No time-stamp in it is of an authority you trust: ${refusal}` };
    return { ok: true, stamps };
  };
}

/** When it existed, and by whose word. */
export function timeStampLines(stamps: readonly TimeStamp[], nowMs: number, terminal: TextOutput): string[] {
  return stamps.map(({ atMs, signer, authority }) => {
    const whose =
      authority === undefined
        ? styled(terminal, 'yellow', 'nobody you named vouches for it')
        : styled(terminal, 'green', `under ${shortText(authority.name, 120)}, a root you gave`);
    const ended =
      signer.validUntilMs < nowMs
        ? '; its certificate has ended since, and who got hold of its key could date back'
        : '';
    return `  existed by ${new Date(atMs).toISOString()}, by the clock of ${shortText(signer.name, 120)}: ${whose}${ended}`;
  });
}

export function timeStampSummary(stamps: readonly TimeStamp[]): readonly Record<string, unknown>[] {
  return stamps.map(({ atMs, accuracyMs, serialNumber, policy, signer, authority }) => ({
    at: new Date(atMs).toISOString(),
    accuracy_ms: accuracyMs ?? null,
    serial_number: serialNumber,
    policy,
    signer: signer.name,
    signer_sha256: signer.sha256,
    signer_until: new Date(signer.validUntilMs).toISOString(),
    root: authority?.name ?? null,
    root_given: authority !== undefined,
  }));
}

async function readRoots(file: string): Promise<readonly ReadCertificate[]> {
  const { readAuthorities } = await import('@sallyport/ledger/time-stamp');
  const pem = await readBoundedFile(file, maxRootBytes).catch((error: unknown) => {
    throw new CliError('usage', `Cannot use "${file}" as the root of a time-stamping authority: ${whyNot(error)}`, {
      cause: error,
    });
  });
  try {
    return readAuthorities(pem.toString());
  } catch (error) {
    throw new CliError('usage', `Cannot use "${file}" as the root of a time-stamping authority: ${messageOf(error)}`, {
      cause: error,
      hint: 'it is a certificate in PEM, as the authority publishes it',
    });
  }
}
