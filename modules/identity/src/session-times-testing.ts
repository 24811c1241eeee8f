import { DatabaseSync } from 'node:sqlite';

const patienceMs = 10_000;

function inDatabase<Result>(file: string, work: (control: DatabaseSync) => Result): Result {
  const control = new DatabaseSync(file, { timeout: patienceMs });
  try {
    return work(control);
  } finally {
    control.close();
  }
}

/** Makes it look, in the SQLite control database `file`, as if people (or only `userId`) had proved who they are `ms` earlier. */
export function ageProofs(file: string, ms: number, userId?: string): void {
  const age = 'update identity_sessions set authenticated_at_ms = authenticated_at_ms - ?';
  inDatabase(file, (control) =>
    userId === undefined ? control.prepare(age).run(ms) : control.prepare(`${age} where user_id = ?`).run(ms, userId),
  );
}

/** When a person was last heard through any session, milliseconds since 1970. */
export function lastSeenMs(file: string): number {
  return inDatabase(file, (control) =>
    Number(control.prepare('select max(last_seen_at_ms) as seen from identity_sessions').get()?.['seen']),
  );
}

/** Makes it look as if every session had last been used at `seenMs`. */
export function setLastSeen(file: string, seenMs: number): void {
  inDatabase(file, (control) => control.prepare('update identity_sessions set last_seen_at_ms = ?').run(seenMs));
}

/** Makes it look as if every token of a session had been given out `ms` earlier. */
export function ageTokens(file: string, ms: number): void {
  inDatabase(file, (control) =>
    control
      .prepare(
        'update identity_sessions set rotated_at_ms = rotated_at_ms - ?, next_offered_at_ms = next_offered_at_ms - ?',
      )
      .run(ms, ms),
  );
}
