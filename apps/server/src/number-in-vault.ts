import type { Custody } from './custody.ts';

/** A number in the vault, which nobody changes who only writes to the database; 0 before there is one. */
export function numberInVault(
  secrets: Custody['ledger']['secrets'],
  name: string,
): { read(): Promise<number>; write(number: number): Promise<void> } {
  return {
    async read() {
      const kept = Buffer.from((await secrets.open(name)) ?? []).toString();
      if (!/^\d{0,15}$/.test(kept)) throw new TypeError(`what the vault keeps as "${name}" is no number`);
      return Number(kept);
    },
    write: (number) => secrets.seal(name, Buffer.from(String(number))),
  };
}
