import type { JsonValue } from '@sallyport/contracts';
import { field, listField, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { counted, grouped, jsonLine, shortText, styled } from '../terminal.ts';
import { openClient, type ConnectionOptions } from './connection.ts';

const words: Readonly<
  Record<string, { readonly sign: string; readonly style: 'green' | 'yellow' | 'red'; readonly said: string }>
> = {
  cosigning: { sign: '✔', style: 'green', said: 'cosigns' },
  waiting: { sign: '○', style: 'yellow', said: 'not asked yet' },
  away: { sign: '!', style: 'yellow', said: 'does not answer' },
  unknown_log: { sign: '!', style: 'yellow', said: 'was not given the key of the log' },
  wrong: { sign: '✘', style: 'red', said: 'gives answers that do not verify' },
  refusing: { sign: '✘', style: 'red', said: 'REFUSES: it says it has seen more of this log, or another history' },
};

export async function printWitnesses(options: ConnectionOptions & { json?: true }, needs: CliNeeds): Promise<void> {
  const { stdout, stderr } = needs;
  const client = openClient(options, needs);
  try {
    const report = await client.json({ path: '/v1/ledger/witnesses', signal: needs.signal });
    if (options.json === true) {
      stdout.write(`${jsonLine(report)}\n`);
      return;
    }
    const [log, policy, tail] = ['log', 'policy', 'tail'].map((name) => field(report, name));
    const witnesses = listField(report, 'witnesses');
    for (const witness of witnesses) {
      const { sign, style, said } = words[textField(witness, 'state') ?? ''] ?? {
        sign: '?',
        style: 'yellow',
        said: '',
      };
      const size = numberField(witness, 'cosigned_size');
      const at = textField(witness, 'cosigned_at');
      const seen =
        size === undefined || at === undefined
          ? 'has seen nothing of it'
          : `${grouped(size)} entries at ${shortText(at, 30)}`;
      stdout.write(
        `${styled(stdout, style, sign)} ${shortText(textField(witness, 'name') ?? '', 60)}  ${said}; ${seen}  ${shortText(textField(witness, 'url') ?? '', 120)}\n`,
      );
    }
    if (witnesses.length === 0) {
      stdout.write('No witness: nobody can notice when everything is put back together\n');
      stderr.write('hint: run sallyport witness on another machine and add it under Ledger in the console\n');
    } else {
      stdout.write(`  ${numberField(policy, 'needed') ?? 1} of ${witnesses.length} must cosign\n`);
      const entries = numberField(tail, 'entries') ?? 0;
      const age = numberField(tail, 'age_seconds') ?? 0;
      const isOld = field(tail, 'too_old') === true;
      const text =
        entries === 0
          ? 'everything is witnessed'
          : `${grouped(entries)} entries are not witnessed yet, the oldest for ${grouped(age)} s`;
      stdout.write(`  ${isOld ? styled(stdout, 'red', text) : text}\n`);
    }
    if (textField(log, 'signing') === 'held')
      stdout.write(
        `  ${styled(stdout, 'red', 'held')}: entries are taken, and nothing is signed until witnesses or an administrator vouch for the log\n`,
      );
    for (const closed of listField(report, 'closed')) stdout.write(`  ${closedText(closed)}\n`);
    stdout.write(
      `  key of log ${numberField(log, 'number') ?? ''}: ${shortText(textField(log, 'verifier_key') ?? '', 300)}\n`,
    );
  } finally {
    client.close();
  }
}

const ends: Readonly<Record<string, string>> = {
  whole: 'all of it is witnessed',
  asking: 'its last checkpoint still goes round',
  'fixed-by-next': 'its end was never witnessed itself; the log after it commits to it, and is',
  never: 'its end was never witnessed, and nothing outside vouches for it',
};

/** A log that a restore closed: how far it went, and how far anybody outside saw it. */
function closedText(closed: JsonValue): string {
  const count = (name: string): string => counted(numberField(closed, name) ?? 0, 'entry', 'entries');
  const end = textField(closed, 'end') ?? '';
  return `log ${numberField(closed, 'number') ?? ''} is closed: ${count('size')}, ${grouped(numberField(closed, 'signed_size') ?? 0)} signed, ${grouped(numberField(closed, 'witnessed_size') ?? 0)} witnessed; ${ends[end] ?? shortText(end, 40)}`;
}
