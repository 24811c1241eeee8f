import { resolve } from 'node:path';
import type { ArchiveError, FetchedArchive } from '@sallyport/archive/fetch';
import { CliError } from '../errors.ts';
import type { CliErrorCode } from '../errors.ts';
import { parseJson, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { createProgress } from '../progress.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { asTyped, counted, grouped, jsonLine, plainText, shortText, styled } from '../terminal.ts';

export type FetchOptions = {
  from: string;
  to: string;
  region?: string;
  endpoint?: string;
  ca?: string;
  credentials?: string;
  json?: true;
};

const mostCredentialBytes = 64 * 1024;
const mostCertificateBytes = 1024 * 1024;
const mostTold = 20;

const codes: Readonly<Partial<Record<ArchiveError['code'], CliErrorCode>>> = {
  archive_settings_invalid: 'usage',
  off_site_unavailable: 'server_unreachable',
  off_site_refused: 'access_denied',
  off_site_missing: 'request_refused',
  off_site_mismatch: 'not_verified',
  restore_refused: 'output_unwritable',
};

/** A bucket's archive, brought to this machine as `archive verify --directory` and `archive restore` read it. */
export async function fetchFromBucket(options: FetchOptions, needs: CliNeeds): Promise<void> {
  const credentials = options.credentials === undefined ? undefined : await readCredentials(options.credentials);
  const authorityPem =
    options.ca === undefined ? undefined : (await readGiven(options.ca, mostCertificateBytes)).toString('utf8');
  // Only here: what speaks S3 is most of the program, and no other command needs it.
  const { ArchiveError, fetchArchive, openBucketSource, readBucketAddress } = await import('@sallyport/archive/fetch');
  const progress = createProgress(needs.stderr, needs.clock);
  try {
    const settings = readBucketAddress({
      from: options.from,
      region: options.region ?? needs.configuration.awsRegion,
      endpoint: options.endpoint,
      authorityPem,
    });
    const source = openBucketSource(settings, credentials, { deadline: (ms) => AbortSignal.timeout(ms) });
    try {
      const fetched = await fetchArchive(source, {
        directory: resolve(options.to),
        signal: needs.signal,
        wait: (ms, signal) => needs.wait(ms, signal),
        onProgress: (share, label) => progress.show(share, label),
      });
      progress.clear();
      tell(fetched, options, needs);
    } finally {
      source.close();
    }
  } catch (error) {
    progress.clear();
    if (!(error instanceof ArchiveError)) throw error;
    const hint = error.hint ?? hints[error.code];
    throw new CliError(codes[error.code] ?? 'request_refused', error.message, {
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

const hints: Readonly<Partial<Record<ArchiveError['code'], string>>> = {
  off_site_refused:
    'it takes s3:ListBucketVersions, s3:ListBucket, s3:GetObject and s3:GetObjectVersion, from the environment, a profile or --credentials',
  off_site_unavailable: 'run it again: what was fetched is kept',
};

function tell(fetched: FetchedArchive, { to, json }: FetchOptions, needs: CliNeeds): void {
  const { stdout, stderr, configuration } = needs;
  const { place, files, bytes, present, hidden, gone, foreign, unsummed, isWhole, troubled } = fetched;
  if (json === true)
    stdout.write(
      `${jsonLine({ place, files, bytes, present, hidden, gone: [...gone], foreign, unsummed, whole: isWhole, troubled: troubled.map((one) => ({ ...one })) })}\n`,
    );
  else {
    const rest = present === 0 ? '' : `, ${grouped(present)} of them here before`;
    const sign = troubled.length === 0 ? styled(stdout, 'green', '✔') : styled(stdout, 'red', '✘');
    stdout.write(`${sign} ${plainText(place)}: ${counted(files, 'file')}, ${grouped(bytes)} bytes${rest}\n`);
  }
  if (hidden > 0)
    stderr.write(`warning: ${counted(hidden, 'file')} stood behind delete markers; fetched all the same\n`);
  if (gone.length > 0)
    stderr.write(
      `warning: of ${counted(gone.length, 'file')} only a delete marker is left: ${shortText(gone[0] ?? '', 200)}${gone.length > 1 ? ' and others' : ''}\n`,
    );
  if (!isWhole)
    stderr.write('warning: without the right s3:ListBucketVersions what a delete marker hides was not looked for\n');
  if (unsummed > 0)
    stderr.write(`warning: of ${counted(unsummed, 'file')} the store states no SHA-256 to compare; verifying tells\n`);
  if (foreign > 0) stderr.write(`hint: ${counted(foreign, 'file')} there no archive has written; left out\n`);
  for (const { problem } of troubled.slice(0, mostTold)) stderr.write(`${shortText(problem, 500)}\n`);
  if (troubled.length > 0)
    throw new CliError(
      'not_verified',
      `${grouped(troubled.length)} of ${grouped(files + troubled.length)} files are not as they were kept`,
      {
        hint: 'the others are here; run it again, or look for copies of these elsewhere',
      },
    );
  stderr.write(
    `next: ${asTyped(`sallyport archive verify --directory ${plainText(to)} --key VKEY`, configuration.command)}\n`,
  );
}

/** `{"id": "AKIA…", "secret": "…"}`, as `access_key` in the settings of an archive. */
async function readCredentials(
  path: string,
): Promise<{ readonly accessKeyId: string; readonly secretAccessKey: string }> {
  const read = parseJson((await readGiven(path, mostCredentialBytes)).toString('utf8'));
  const [accessKeyId, secretAccessKey] = [textField(read, 'id'), textField(read, 'secret')];
  if (accessKeyId !== undefined && secretAccessKey !== undefined) return { accessKeyId, secretAccessKey };
  throw new CliError('input_unreadable', `Cannot read "${path}": it is not like {"id": "AKIA…", "secret": "…"}`);
}

async function readGiven(path: string, mostBytes: number): Promise<Buffer> {
  return readBoundedFile(path, mostBytes).catch((error: unknown) => {
    throw new CliError('input_unreadable', `Cannot read "${path}": ${whyNot(error)}`, { cause: error });
  });
}
