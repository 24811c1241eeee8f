// A request that is approved by the second of two people and taken up, in a process that may be killed at any place of it. Arguments:
// directory, number of the place to die at (0: none; then it says what is there).
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { createOutbox, ledgerMigrations } from '@sallyport/ledger';
import { createManualClock } from '@sallyport/platform/clock';
import { migrate, openDatabase } from '@sallyport/platform/database';
import { createKeptLedger, createPass, passingDatabase } from '@sallyport/testing/dying-process';
import { office, openPrivilegeHouse } from './privileges.fixture.ts';

type Report = {
  readonly state: string;
  readonly yeses: number;
  /** Right after the start. */
  readonly held: readonly string[];
  readonly after: readonly string[];
  readonly actions: readonly string[];
  readonly isAltered: boolean;
};

export async function run(directory: string, dieAt: number): Promise<Report> {
  const { pass } = createPass(dieAt);
  let isCounted = false;
  /** Only from the last approval on: before each commit, and around what is kept elsewhere. */
  const passIn = (place: string): void => {
    if (isCounted && /^InsertQueryNode ledger_outbox$|^append|^mark/.test(place)) pass(place);
  };

  const file = join(directory, 'mark');
  const mark = {
    read: async (): Promise<number> => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0),
    async write(number: number): Promise<void> {
      passIn('mark');
      writeFileSync(file, String(number));
      passIn('marked');
    },
  };

  const opened = await openDatabase({ kind: 'sqlite', file: join(directory, 'control.db') });
  await migrate(opened.database, [ledgerMigrations]);
  const database = passingDatabase(opened.database, passIn);
  const clock = createManualClock(Date.UTC(2026, 4, 6, 9));
  const ledger = await createKeptLedger(join(directory, 'ledger.jsonl'), clock, passIn);
  const key = new Uint8Array(32).fill(3);
  const nowMs = (): number => clock.nowMs();
  const outbox = createOutbox({ database, ledger, key, random: randomBytes, nowMs });
  const house = await openPrivilegeHouse(async () => ({ database }), { key, mark, outbox });
  const { privileges } = house;
  const [ada, ben] = [house.moveIn('Ada', ['admin'], 'key-a'), house.moveIn('Ben', ['admin'], 'key-b')];
  const nina = house.moveIn('Nina', ['analyst'], 'key-n');
  const held = house.rolesOf(nina);
  const [known] = await privileges.list({ view: 'mine', by: nina });
  const id =
    known?.request.id ??
    (await privileges.ask({ by: nina, client: office, role: 'admin', minutes: 60, reason: 'Change 4711' }));
  if (known === undefined) await privileges.approve({ id, by: ada, client: office, note: '' });
  const { request } = await privileges.get(id, nina);
  if (dieAt !== 0) {
    isCounted = true;
    await privileges.approve({ id, by: ben, client: office, note: '' });
    process.stdout.write('acknowledged approval\n');
    await privileges.takeUp({ id, by: nina, client: office });
    process.stdout.write('acknowledged take-up\n');
    isCounted = false;
  }
  await outbox.flushed();
  const actions = ledger.events().map(({ body }) => String(JSON.parse(Buffer.from(body ?? []).toString()).message));
  const state = request.state;
  const yeses = request.decisions.filter(({ kind }) => kind === 'approve').length;
  // What is there can be gone on from.
  if (dieAt === 0) {
    if (state === 'pending') await privileges.approve({ id, by: ben, client: office, note: '' });
    if (state !== 'active') await privileges.takeUp({ id, by: nina, client: office });
  }
  await privileges.sweep();
  const after = house.rolesOf(nina);
  await opened.close();
  return { state, yeses, held, after, actions, isAltered: request.isAltered === true };
}

if (import.meta.main) await run(process.argv[2] ?? '', Number(process.argv[3]));
