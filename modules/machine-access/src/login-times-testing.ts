import { DatabaseSync } from 'node:sqlite';

const patienceMs = 10_000;

/** Makes it look, in the SQLite control database `file`, as if programs had been let in with a proof `ms` older. */
export function ageLogins(file: string, ms: number): void {
  const control = new DatabaseSync(file, { timeout: patienceMs });
  try {
    control.prepare('update machine_logins set authenticated_at_ms = authenticated_at_ms - ?').run(ms);
  } finally {
    control.close();
  }
}
