import type { JsonValue } from '@sallyport/contracts';
import { CliError } from '../errors.ts';
import { field, numberField, textField } from '../json-reading.ts';
import type { CliNeeds } from '../needs.ts';
import { createProgress } from '../progress.ts';
import { counted, grouped, jsonLine } from '../terminal.ts';
import { openClient, type ConnectionOptions } from './connection.ts';

export type PruneOptions = ConnectionOptions & { log?: number; json?: true };

const lookEveryMs = 500;

/** Starts pruning and stays until it is done. Interrupted, the server goes on. */
export async function pruneLog(options: PruneOptions, needs: CliNeeds): Promise<void> {
  const { stdout, stderr, clock, signal } = needs;
  const client = openClient(options, needs);
  const progress = createProgress(stderr, clock);
  try {
    let state: JsonValue | undefined = await client.json({
      path: '/v1/ledger/prune',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(options.log === undefined ? {} : { log: options.log })),
      signal,
    });
    while (textField(state, 'state') === 'running') {
      const [done, all] = [numberField(state, 'segments_done') ?? 0, numberField(state, 'segments') ?? 0];
      progress.show(all === 0 ? 1 : done / all, `${grouped(done)} of ${counted(all, 'file')}`);
      await needs.wait(lookEveryMs, signal);
      state = field(await client.json({ path: '/v1/ledger/prune', signal }), 'pruning');
    }
    progress.clear();
    if (options.json === true) stdout.write(`${jsonLine(state ?? null)}\n`);
    if (textField(state, 'state') !== 'done')
      throw new CliError(
        'request_refused',
        `Cannot prune to the end: the server stopped with "${textField(state, 'problem') ?? 'unknown'}"`,
        { hint: 'nothing is lost: run it again' },
      );
    if (options.json === true) return;
    const number = (name: string): number => numberField(state, name) ?? 0;
    stdout.write(
      number('blocks') === 0
        ? 'Nothing to let go of: no content lies there whose keys were destroyed\n'
        : `Let go of ${counted(number('events'), 'erased event')} in ${counted(number('blocks'), 'block')}: ${grouped(number('bytes'))} bytes\n`,
    );
    if (number('minimum_index') > 0)
      stdout.write(`Entries below ${grouped(number('minimum_index'))} are published as hashes alone; proofs stay\n`);
  } finally {
    progress.clear();
    client.close();
  }
}
