import type { Command } from 'commander';
import { open } from 'node:fs/promises';
import { CliError } from '../errors.ts';
import { numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { createProgress } from '../progress.ts';
import { whyNot } from '../system-errors.ts';
import { grouped, jsonLine, plainText } from '../terminal.ts';
import { withClient, withConnection, type ConnectionOptions } from './connection.ts';

type Options = ConnectionOptions & { json?: true };

const partBytes = 4 * 1024 * 1024;

/** `passwords`: the list of passwords known from breaches, which nobody may choose. */
export function addPasswordCommands(program: Command, needs: CliNeeds): void {
  const passwords = program.command('passwords').description('the list of breached passwords nobody may choose');
  const add = (command: Command): Command => withConnection(command).option('--json', 'print JSON');
  add(passwords.command('import'))
    .description('import a list in the form of Have I Been Pwned: SHA1:count lines, ordered by hash')
    .argument('<file>', 'the list')
    .action((file: string, options: Options) => importList(file, options, needs));
  add(passwords.command('status'))
    .description('tell which list is in use')
    .action((options: Options) =>
      withClient(options, needs, async (client) => {
        const answer = await client.json({ path: '/v1/passwords/breached', signal: needs.signal });
        if (options.json === true) needs.stdout.write(`${jsonLine(answer)}\n`);
        else needs.stdout.write(`${inWords(answer)}\n`);
      }),
    );
  add(passwords.command('remove'))
    .description('remove the list')
    .action((options: Options) =>
      withClient(options, needs, async (client) => {
        await client.text({ method: 'DELETE', path: '/v1/passwords/breached', signal: needs.signal });
        needs.stderr.write('Removed: new passwords are measured against the bundled word lists alone\n');
      }),
    );
}

function inWords(answer: Parameters<typeof textField>[0]): string {
  const state = textField(answer, 'state') ?? '';
  if (state !== 'in-use') return state;
  const at = textField(answer, 'imported_at') ?? '';
  return `${grouped(numberField(answer, 'entries') ?? 0)} passwords, imported ${at}`;
}

async function importList(path: string, options: Options, needs: CliNeeds): Promise<void> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new CliError('usage', `Cannot read "${plainText(path)}": ${whyNot(error)}`);
  });
  try {
    const { size } = await file.stat();
    await withClient(options, needs, async (client) => {
      const { signal } = needs;
      const begun = await client.json({ method: 'POST', path: '/v1/passwords/breached/imports', signal });
      const id = textField(begun, 'id') ?? '';
      const progress = createProgress(needs.stderr, needs.clock);
      const part = Buffer.alloc(partBytes);
      for (let at = 0; ;) {
        // One part after the other: the list is read in order.
        const { bytesRead } = await file.read(part, 0, partBytes, at);
        if (bytesRead === 0) break;
        await client.json({
          method: 'POST',
          path: `/v1/passwords/breached/imports/${encodeURIComponent(id)}/parts`,
          query: { at },
          body: part.subarray(0, bytesRead),
          headers: { 'content-type': 'application/octet-stream' },
          signal,
        });
        at += bytesRead;
        progress.show(size === 0 ? 1 : Math.min(1, at / size), 'imported');
      }
      progress.clear();
      const done = await client.json({
        method: 'POST',
        path: `/v1/passwords/breached/imports/${encodeURIComponent(id)}/complete`,
        signal,
      });
      if (options.json === true) needs.stdout.write(`${jsonLine(done)}\n`);
      else needs.stdout.write(`${inWords(done)}\n`);
    });
  } finally {
    await file.close();
  }
}
