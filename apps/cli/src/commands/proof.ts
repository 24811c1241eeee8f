import { parsePosition } from '@sallyport/contracts';
import { checkpointOfEvidence, verifyEvidence, type EvidenceVerification } from '@sallyport/ledger/evidence';
import type { Command } from 'commander';
import { codeOf } from '@sallyport/platform/errors';
import { rm, writeFile } from 'node:fs/promises';
import { CliError } from '../errors.ts';
import { isDeeperThan, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { readBoundedFile } from '../regular-file.ts';
import { whyNot } from '../system-errors.ts';
import { asTyped, jsonLine, plainText, shortText, styled } from '../terminal.ts';
import { openClient, withConnection, type ConnectionOptions } from './connection.ts';
import { isRangeEvidence, verifyRangeFile } from './range-proof.ts';
import { readTimeStampOptions, timeStampLines, timeStampSummary } from './time-stamp-options.ts';
import type { TimeStampJudgement, TimeStampOptions } from './time-stamp-options.ts';
import { readVerifierKey, withoutKey } from './verifier-key-option.ts';
import { isoOf, readWitnessOptions, witnessLines } from './witness-options.ts';
import type { WitnessOptions } from './witness-options.ts';

/** Over what evidence may have, which says so itself. */
const maxEvidenceBytes = 16 * 1024 * 1024;

type VerifyOptions = WitnessOptions &
  TimeStampOptions & { readonly key?: string; readonly json?: true; readonly events?: true };

export function addProofCommands(program: Command, needs: CliNeeds): void {
  const proof = program.command('proof').description('evidence of single events, to be checked without a server');
  withConnection(proof.command('export'))
    .description('save an event with everything that proves it')
    .argument('<position>', 'LOG/INDEX, as alerts and search print it')
    .requiredOption('--out <file>', 'where to save it; an existing file is not overwritten')
    .action((position: string, options: ConnectionOptions & { out: string }) => exportProof(position, options, needs));
  proof
    .command('verify')
    .description('check an exported proof, or evidence of a whole range, offline')
    .argument('<file>', 'what proof export or evidence export saved')
    .option('--key <vkey>', 'verifier key of the log, or a file holding it, from whoever you trust for it')
    .option('--witness <vkey...>', 'keys of witnesses you trust, or files holding them: each must have cosigned')
    .option('--policy <file>', 'a policy file (C2SP tlog-policy) that says which witnesses are enough')
    .option(
      '--tsa-root <file...>',
      'roots (PEM) of time-stamping authorities you trust: one of them must have stamped it',
    )
    .option('--json', 'print JSON')
    .option('--events', 'of evidence of a range: print each event, a line of JSON each')
    .action((file: string, options: VerifyOptions) => verifyProof(file, options, needs));
}

async function exportProof(text: string, options: ConnectionOptions & { out: string }, needs: CliNeeds): Promise<void> {
  const position = parsePosition(text);
  if (position === undefined) {
    throw new CliError('usage', `Cannot export "${text}": must be a position, LOG/INDEX`, {
      hint: 'for example 1/42; sallyport alerts and sallyport search print positions',
    });
  }
  const client = openClient(options, needs);
  let evidence: string;
  try {
    evidence = await client.text({
      path: `/v1/ledger/proof/${position.log}/${position.index}`,
      headers: { accept: 'text/plain' },
      signal: needs.signal,
    });
  } finally {
    client.close();
  }
  const checked = verifyEvidence(evidence);
  if (!checked.ok) {
    throw new CliError(
      'server_answer',
      `Cannot take what the server sent for the proof of ${text}: ${lowerFirst(checked.reason)}`,
      { hint: 'check that the address is that of a Sallyport server' },
    );
  }
  await writeNew(options.out, evidence);
  needs.stdout.write(`Saved the proof of ${text} in ${plainText(options.out)}\n`);
  const next = asTyped('sallyport proof verify ', needs.configuration.command);
  needs.stderr.write(`next: ${next}${plainText(options.out)} --key <verifier key of the log>\n`);
}

/** Never over a file that is there, and never half of one. */
async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const exists = codeOf(error) === 'EEXIST';
    const made = !exists && codeOf(error) === 'ENOSPC';
    if (made) await rm(file, { force: true });
    throw new CliError('output_unwritable', `Cannot write "${file}": ${whyNot(error)}`, {
      cause: error,
      hint: exists
        ? 'name a file that does not exist yet'
        : 'name a file in a directory that exists and can be written',
    });
  }
}

async function verifyProof(file: string, options: VerifyOptions, needs: CliNeeds): Promise<void> {
  const verifierKey = options.key === undefined ? undefined : (await readVerifierKey(options.key)).text;
  const judge = await readWitnessOptions(options);
  const judgeTime = await readTimeStampOptions(options);
  if (await isRangeEvidence(file)) {
    const { json = false, events = false } = options;
    await verifyRangeFile(file, { verifierKey, judge, judgeTime, json, events }, needs);
    return;
  }
  const bytes = await readEvidence(file);
  const result = verifyEvidence(bytes, verifierKey === undefined ? {} : { verifierKey });
  if (!result.ok) {
    if (options.json === true) needs.stdout.write(`${jsonLine({ ok: false, reason: result.reason })}\n`);
    throw new CliError('not_verified', `Cannot verify "${file}": ${lowerFirst(result.reason)}`, {
      hint: 'the file proves nothing; export it again from the server',
    });
  }
  const judged = judge(result, checkpointOfEvidence(bytes.toString()));
  if (!judged.ok) {
    if (options.json === true) needs.stdout.write(`${jsonLine({ ok: false, reason: judged.reason })}\n`);
    throw new CliError('not_verified', `Cannot verify "${file}": ${lowerFirst(judged.reason)}`, {
      hint: 'the rest of it verifies; export it again once the witnesses have seen it: sallyport ledger witnesses',
    });
  }
  const timed = await judgeTime(result);
  if (!timed.ok) {
    if (options.json === true) needs.stdout.write(`${jsonLine({ ok: false, reason: timed.reason })}\n`);
    throw new CliError('not_verified', `Cannot verify "${file}": ${lowerFirst(timed.reason)}`, {
      hint: 'a proof exported after the next time-stamp carries it: see GET /v1/ledger/anchors',
    });
  }
  if (options.json === true) {
    needs.stdout.write(`${jsonLine(summaryOf(result, judged.known, timed.stamps))}\n`);
  } else print(result, judged.known, timed.stamps, needs);
  if (!result.keyGiven) throw withoutKey(file);
}

function print(result: Verified, known: ReadonlySet<string>, stamps: Stamps, { stdout, clock }: CliNeeds): void {
  const { event, index, treeSize, origin, receivedAtMs, keyGiven, closed } = result;
  const trust = keyGiven
    ? `${styled(stdout, 'green', '✔ verified')} with the key you gave`
    : `${styled(stdout, 'yellow', '! consistent')} with the key inside the file only`;
  const raw = textField(event, 'raw_data');
  // What nobody can print verifies all the same: the bytes are what counts.
  const shown = raw ?? (isUnprintable(result) ? unprintable : JSON.stringify(event));
  stdout.write(
    [
      trust,
      `  event ${index} of log ${shortText(origin, 120)}, in a tree of ${treeSize} entries`,
      `  received ${new Date(receivedAtMs).toISOString()}, class ${result.classUid}`,
      ...witnessLines(result, known, stdout),
      ...timeStampLines(stamps, clock.nowMs(), stdout),
      `  ${shortText(shown, 400)}`,
      ...(closed === 0
        ? []
        : [
            `  ${closed} of its texts read [sealed]: personal data, erased or kept back; the log commits to them all the same`,
          ]),
      keyGiven
        ? 'Proven: this log holds exactly this event at this place, and its key signed the tree that contains it.'
        : 'Proven: event, leaf, tree and signature fit together. Not proven: who made them. Anyone can make such a file with a key of their own; give the key you know with --key.',
      ...(known.size === 0
        ? []
        : [
            'Witnessed: those whose keys you gave had seen the log with this event in it by then; it was neither changed nor put there later.',
          ]),
      ...(stamps.some(({ authority }) => authority !== undefined)
        ? ['Dated: an authority you trust had by then seen the signed tree that contains the event.']
        : []),
      'Not proven, ever, by one file: that the event tells the truth, or that nothing was left out before it was recorded.',
      '',
    ].join('\n'),
  );
}

type Verified = Extract<EvidenceVerification, { ok: true }>;
type Stamps = Extract<TimeStampJudgement, { ok: true }>['stamps'];

function summaryOf(result: Verified, known: ReadonlySet<string>, stamps: Stamps): Record<string, unknown> {
  return {
    ok: true,
    key_given: result.keyGiven,
    origin: result.origin,
    index: result.index,
    tree_size: result.treeSize,
    received_at: new Date(result.receivedAtMs).toISOString(),
    class_uid: result.classUid,
    sealed_texts: result.closed,
    verifier_key: result.verifierKey,
    witnesses: result.witnesses.map(({ name, verifierKey, cosignedAtMs }) => ({
      name,
      verifier_key: verifierKey,
      cosigned_at: isoOf(cosignedAtMs),
      key_given: known.has(verifierKey),
    })),
    time_stamps: timeStampSummary(stamps),
    event: isUnprintable(result) ? unprintable : result.event,
  };
}

const unprintable = '(nested too deeply to be printed)';

function isUnprintable({ event }: Verified): boolean {
  return isDeeperThan(event, 512);
}

async function readEvidence(file: string): Promise<Buffer> {
  try {
    return await readBoundedFile(file, maxEvidenceBytes);
  } catch (error) {
    throw new CliError('input_unreadable', `Cannot read "${file}": ${whyNot(error)}`, {
      cause: error,
      hint: 'name the file that sallyport proof export saved',
    });
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
