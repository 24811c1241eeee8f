// A version of the policies put into force, in a process that may be killed at any place of it. Arguments: directory, number of the
// place to die at (0: none; then it says what is there).
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '@sallyport/platform/database';
import { createKeptLedger, createPass, passingDatabase } from '@sallyport/testing/dying-process';
import { ada, ann, exportTest, noExport, openLibrary } from './library.fixture.ts';

type Report = {
  readonly before: { readonly version: number; readonly unreadable?: string; readonly mayExport: boolean };
  readonly told: number;
  readonly states: readonly string[];
  readonly again?: string;
  readonly mark: number;
};

/** With `begin` what is needed before is made, and no more; with `goesOn` what was not put into force is, afterwards. */
export async function run(directory: string, dieAt: number | 'begin', goesOn = false): Promise<Report> {
  const { pass } = createPass(dieAt === 'begin' ? 0 : dieAt);
  let isCounted = false;
  /** Only while it is put into force: between what is written, before the commit, and around what is kept elsewhere. */
  const passIn = (place: string): void => {
    const isWritten = /^(?:Insert|Update)QueryNode (?:policy_in_force|ledger_outbox)$/.test(place);
    if (isCounted && (isWritten || /^append|^mark/.test(place))) pass(place);
  };

  const file = join(directory, 'mark');
  /** As the vault keeps it: a file that is replaced. */
  const kept = {
    get activations(): number {
      return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
    },
    set activations(number: number) {
      passIn('mark');
      writeFileSync(file, String(number));
      passIn('marked');
    },
  };

  const opened = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
  const database = passingDatabase(opened.database, passIn);
  const { library, ledger, outbox, may } = await openLibrary(database, {
    kept,
    ledgerAt: (clock) => createKeptLedger(join(directory, 'ledger.jsonl'), clock, passIn),
  });
  const { versions } = await library.versions.list();
  if (versions.length === 0) {
    await library.documents.create('exports', { name: 'Exports', text: noExport, tests: [exportTest] }, ada);
    await library.versions.stage({ note: '' }, ada);
    await library.versions.activate(1, { expected: 0 }, ada);
    await library.versions.stage({ note: '', from: 0 }, ada);
  }
  const before = { ...library.inForce(), mayExport: may(ann, 'cameras:export') };
  let isAcknowledged = false;
  if (dieAt !== 0 && dieAt !== 'begin') {
    isCounted = true;
    await library.versions.activate(2, { expected: 1 }, ada);
    isAcknowledged = true;
    process.stdout.write('acknowledged\n');
    isCounted = false;
  }
  await outbox.flushed();
  const told = ledger
    .events()
    .map(({ body }) => Buffer.from(body ?? []).toString())
    .filter((text) => text.includes('"policy.activate"') && text.includes('"version":2'));
  const states = (await library.versions.list()).versions.map(({ state }) => state);
  // One that was not put into force can be.
  const again =
    !isAcknowledged && goesOn && before.version === 1
      ? (await library.versions.activate(2, { expected: 1 }, ada)).state
      : undefined;
  await library.close();
  await opened.close();
  return { before, told: told.length, states, ...(again === undefined ? {} : { again }), mark: kept.activations };
}

if (import.meta.main) await run(process.argv[2] ?? '', Number(process.argv[3]));
