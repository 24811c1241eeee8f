// A host's files as real folders below a temporary one, with the collectors' needs around them.
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { createBaselineStore } from '../baseline-store.ts';
import type { BaselineStore } from '../baseline-store.ts';
import { createAccounts } from '../host/accounts.ts';
import { createFileHasher } from '../host/hash-file.ts';
import { createHostFiles } from '../host/host-files.ts';

export function createTemporaryHost() {
  const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sensor-host-'));
  const files = createHostFiles(root);
  const key = randomBytes(32);
  const write = (path: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  return {
    root,
    files,
    accounts: createAccounts(files),
    hasher: createFileHasher(),
    write,
    remove: (path: string): void => rmSync(join(root, path), { recursive: true }),
    at: (path: string): string => join(root, path),
    baselines: (name: string): BaselineStore =>
      createBaselineStore({ directory: join(root, 'state'), name, key, random: randomBytes }),
    /** A process in /proc. */
    process(given: {
      id: number;
      parent?: number;
      start?: number;
      name?: string;
      arguments?: readonly string[];
      image?: string;
      user?: number;
      /** Its ids, from this namespace inwards. */
      namespaceIds?: readonly number[];
    }): void {
      const { id, parent = 1, start = id * 10, name = 'x', user = 0 } = given;
      const fields = ['S', parent, ...Array.from({ length: 17 }, () => 0), start, 0, 0];
      write(`/proc/${id}/stat`, `${id} (${name}) ${fields.join(' ')}\n`);
      const inside = (given.namespaceIds ?? [id]).join('\t');
      write(`/proc/${id}/status`, `Name:\t${name}\nUid:\t${user}\t${user}\t${user}\t${user}\nNSpid:\t${inside}\n`);
      write(`/proc/${id}/cmdline`, (given.arguments ?? []).map((argument) => `${argument}\0`).join(''));
      const exe = join(root, `/proc/${id}/exe`);
      if (given.image !== undefined && !existsSync(exe)) symlinkSync(given.image, exe);
    },
    endProcess(id: number): void {
      rmSync(join(root, `/proc/${id}`), { recursive: true });
    },
    end(): void {
      rmSync(root, { recursive: true, force: true });
    },
  };
}
