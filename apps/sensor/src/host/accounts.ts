import type { HostFiles } from './host-files.ts';

/** Names of user and group ids, read again when the files change. */
export type Accounts = {
  userName(userId: number): string | undefined;
  groupName(groupId: number): string | undefined;
};

export function createAccounts(files: HostFiles): Accounts {
  const read = (path: string): ((id: number) => string | undefined) => {
    let stamp = '';
    let names = new Map<number, string>();
    return (id) => {
      const facts = files.facts(path);
      const now = `${facts?.inode ?? 0} ${facts?.modifiedMs ?? 0} ${facts?.size ?? 0}`;
      if (now !== stamp) {
        stamp = now;
        names = new Map();
        for (const line of (files.text(path) ?? '').split('\n')) {
          const [name = '', , number = ''] = line.split(':', 3);
          if (/^\d+$/.test(number) && !names.has(Number(number))) names.set(Number(number), name);
        }
      }
      return names.get(id);
    };
  };
  return { userName: read('/etc/passwd'), groupName: read('/etc/group') };
}
