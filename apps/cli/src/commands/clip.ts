import { verifyClipFile } from '@sallyport/camera-watch/clip';
import type { ClipVerification, SegmentVerdict } from '@sallyport/camera-watch/clip';
import type { Command } from 'commander';
import { CliError } from '../errors.ts';
import type { CliNeeds } from '../needs.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { jsonLine, shortText, styled } from '../terminal.ts';
import { readVerifierKey, withoutKey } from './verifier-key-option.ts';

/** A server exports 128 MiB of pictures at most, a third more as text, and their proofs. */
const maxClipBytes = 256 * 1024 * 1024;
/** Told one by one; of more only how many there are. */
const maxReasons = 10;

const gapWords: Readonly<Record<string, string>> = {
  offline: 'the camera sent nothing',
  uploaded_later: 'recorded by the camera itself and sent later',
  camera_off: 'the camera was switched off',
  deleted: 'deleted, too old or too much',
  lost: 'the server was not running, could not keep it, or no longer has it',
  before_first: 'nothing of this camera was recorded before',
  not_sealed_yet: 'not sealed yet when the clip was exported',
};

export function addClipCommands(program: Command, needs: CliNeeds): void {
  const clip = program
    .command('clip')
    .description('recordings exported from the console, to be checked without a server');
  clip
    .command('verify')
    .description('check an exported clip, offline: every byte of it, and every recording in it against the log')
    .argument('<file>', 'the HTML file that was exported')
    .option(
      '--key <vkey...>',
      'verifier key of the log, or a file holding it, from whoever you trust for it; several when the log was restored',
    )
    .option('--json', 'print JSON')
    .action((file: string, options: ClipOptions) => verifyClip(file, options, needs));
}

type ClipOptions = { key?: string[]; json?: true };

async function verifyClip(file: string, options: ClipOptions, needs: CliNeeds): Promise<void> {
  const verifierKeys: string[] = [];
  for (const given of options.key ?? []) verifierKeys.push((await readVerifierKey(given)).text);
  const result = verifyClipFile(await readClip(file), verifierKeys.length === 0 ? {} : { verifierKeys });
  if (options.json === true) needs.stdout.write(`${jsonLine(summaryOf(result))}\n`);
  if (!result.ok) {
    const reasons = reasonsOf(result);
    throw new CliError('not_verified', `Cannot verify "${file}": ${reasons.slice(0, maxReasons).join('; ')}`, {
      hint:
        reasons.length > maxReasons
          ? `${reasons.length - maxReasons} more parts do not verify; export the clip again from the server`
          : 'what does not verify proves nothing; export the clip again from the server',
    });
  }
  if (options.json !== true) print(result, needs);
  if (!result.keyGiven) throw withoutKey(file);
}

async function readClip(file: string): Promise<string> {
  try {
    const bytes = await readBoundedFile(file, maxClipBytes);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    const reason = error instanceof TypeError ? 'it is not UTF-8' : whyNot(error);
    throw new CliError('input_unreadable', `Cannot read "${file}": ${reason}`, {
      cause: error,
      hint: 'name the HTML file that was exported as a clip',
    });
  }
}

function reasonsOf({ problems, verdicts }: ClipVerification): string[] {
  const segments = verdicts.flatMap((verdict, at) =>
    verdict.ok ? [] : [`segment ${at + 1}${timesOf(verdict)}: ${lowerFirst(verdict.reason)}`],
  );
  return [...problems.map(lowerFirst), ...segments];
}

function timesOf({ claimed }: SegmentVerdict): string {
  return claimed === undefined ? '' : ` (${timeOf(claimed.start_ms)} to ${timeOf(claimed.end_ms)})`;
}

function print(result: ClipVerification, { stdout }: CliNeeds): void {
  const { manifest, verdicts } = result;
  if (manifest === undefined) return;
  const trust = result.keyGiven
    ? `${styled(stdout, 'green', '✔ verified')} with the key you gave`
    : `${styled(stdout, 'yellow', '! consistent')} with the key inside the file only`;
  const pictures = manifest.segments.reduce((sum, { frames }) => sum + frames, 0);
  const gaps = manifest.gaps.map(
    (gap) => `  gap ${timeOf(gap.from_ms)} to ${timeOf(gap.to_ms)}: ${gapWords[gap.why] ?? 'nobody said why'}`,
  );
  stdout.write(
    [
      trust,
      `  camera ${shortText(manifest.name, 80)} (${shortText(manifest.camera, 64)}), ${timeOf(manifest.from_ms)} to ${timeOf(manifest.to_ms)}`,
      `  exported ${timeOf(manifest.exported_ms)} by ${shortText(manifest.exported_by, 80)}: ${shortText(manifest.reason, 200)}`,
      `  ${verdicts.length} segments, ${pictures} pictures`,
      ...(gaps.length === 0 ? ['  no gaps'] : gaps),
      result.keyGiven
        ? 'Proven: the log holds the hash of every segment, under this camera and time, and of this very export with its gaps.'
        : 'Proven: segments, events, tree and signatures fit together. Not proven: who made them. Give the key you know with --key.',
      'Not proven, ever, by a file: that the camera saw the truth, or that nothing was left out before it was recorded.',
      '',
    ].join('\n'),
  );
}

function summaryOf(result: ClipVerification): Record<string, unknown> {
  return {
    ok: result.ok,
    key_given: result.keyGiven,
    verifier_keys: result.verifierKeys,
    problems: result.problems,
    manifest: result.manifest ?? null,
    segments: result.verdicts.map((verdict) => ({
      start_ms: verdict.claimed?.start_ms ?? null,
      ok: verdict.ok,
      ...(verdict.ok ? { origin: verdict.proof.origin, index: verdict.proof.index } : { reason: verdict.reason }),
    })),
  };
}

/** A moment outside what a date can be is a forged one. */
function timeOf(ms: number): string {
  return Math.abs(ms) > 8.64e15 ? 'no time' : new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
