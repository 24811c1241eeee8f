import { DatabaseSync } from 'node:sqlite';

/** Makes it look, in the SQLite control database `file`, as if people (or only `userId`) had proved who they are `ms` earlier. */
export function ageProofs(file: string, ms: number, userId?: string): void {
  const control = new DatabaseSync(file);
  try {
    const age = 'update identity_sessions set authenticated_at_ms = authenticated_at_ms - ?';
    if (userId === undefined) control.prepare(age).run(ms);
    else control.prepare(`${age} where user_id = ?`).run(ms, userId);
  } finally {
    control.close();
  }
}
