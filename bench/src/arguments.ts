import { parseArgs } from 'node:util';

/** What the command line says; a bench fills in its own defaults for what it leaves open. */
export type BenchOptions = {
  readonly seed: number;
  /** Small enough for a test: shows that the bench works, and says nothing about speed. */
  readonly tiny: boolean;
  readonly rounds: number | undefined;
  /** Length of one measurement. */
  readonly seconds: number | undefined;
  /** Events a second to send, for benches at a fixed rate. */
  readonly rate: number | undefined;
  /** How much there is to look at, for benches of lists. */
  readonly rows: number | undefined;
  /** Where temporary data goes: the disk that is measured. */
  readonly directory: string | undefined;
  /** Where the measured Node process writes CPU profiles when it ends. Slows it down. */
  readonly profileDirectory: string | undefined;
};

export type BenchCommand =
  | { readonly kind: 'list' }
  | { readonly kind: 'run'; readonly name: string; readonly options: BenchOptions }
  | { readonly kind: 'refused'; readonly reason: string };

export const usage =
  'npm run bench -- NAME [--rounds N] [--seconds N] [--rate N] [--rows N] [--seed N] [--dir DIR] [--profile DIR] [--tiny]';

/** Reads the command line; without a name it asks for the list. Never throws. */
export function parseBenchArguments(argv: readonly string[], names: readonly string[]): BenchCommand {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        seed: { type: 'string' },
        tiny: { type: 'boolean' },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        rate: { type: 'string' },
        rows: { type: 'string' },
        dir: { type: 'string' },
        profile: { type: 'string' },
      },
    });
    const [name, ...more] = positionals;
    if (name === undefined) return { kind: 'list' };
    if (more.length > 0) return refused(`one bench at a time, not "${positionals.join(' ')}"`);
    if (!names.includes(name)) return refused(`there is no bench "${name}", must be one of ${names.join(', ')}`);
    return {
      kind: 'run',
      name,
      options: {
        seed: whole('seed', values.seed, 0) ?? 1,
        tiny: values.tiny ?? false,
        rounds: whole('rounds', values.rounds, 1),
        seconds: whole('seconds', values.seconds, 1),
        rate: whole('rate', values.rate, 1),
        rows: whole('rows', values.rows, 1),
        directory: values.dir,
        profileDirectory: values.profile,
      },
    };
  } catch (error) {
    return refused(error instanceof Error ? error.message : 'the command line cannot be read');
  }
}

function whole(flag: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d{1,9}$/.test(text) || value < least)
    throw new RangeError(`--${flag} is "${text}", must be a whole number of at least ${least}`);
  return value;
}

function refused(reason: string): BenchCommand {
  return { kind: 'refused', reason: `Cannot run: ${reason}` };
}
