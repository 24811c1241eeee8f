import { parseArgs } from 'node:util';
import { usage } from './options.ts';
import { pinChanges, sayChanges } from './pin-changes.ts';
import { changePins, readPins, type Pins } from './pin-file.ts';
import { ownTerminal, type Terminal } from './terminal.ts';
import { wordsOf } from './upstream.ts';

/** `sallyport-guard pins [list | approve [NAME] | forget NAME] --local FILE`. Gives the exit code. */
export async function runPins(
  args: readonly string[],
  { write, terminal = ownTerminal }: { readonly write: (line: string) => void; readonly terminal?: Terminal },
): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { local: { type: 'string' } },
    });
    const [what = 'list', name] = positionals;
    const file = values.local;
    if (file === undefined) throw new Error('--local FILE must say where the pins are');
    if (what === 'list') {
      for (const line of list(readPins(file), name)) write(line);
      return 0;
    }
    if (what !== 'approve' && what !== 'forget') throw new Error(`"${what}" must be list, approve or forget`);
    const pins = readPins(file);
    const waiting = [...pins].filter(
      ([one, { waiting: held }]) => (what === 'forget' || held !== undefined) && (name ?? one) === one,
    );
    if (what === 'forget' && name === undefined) throw new Error('forget must name a server');
    if (waiting.length === 0) throw new Error(name === undefined ? 'nothing waits' : `nothing of "${name}" waits`);
    for (const line of list(new Map(waiting), name)) write(line);
    // An agent runs commands, and has no terminal of its own.
    if (!terminal.isThere) throw new Error('a person must do this at a terminal');
    const answer = await terminal.ask(`Type "yes" to ${what} this: `);
    if (answer.trim() !== 'yes') throw new Error('nothing was changed');
    await changePins(file, (now) => ({ pins: applied(now, new Map(waiting), what), value: undefined }));
    write(what === 'approve' ? 'Approved; the harness sees it when it lists the tools again' : 'Forgotten');
    return 0;
  } catch (error) {
    process.stderr.write(`Sallyport: ${wordsOf(error)}\n${usage}`);
    return 2;
  }
}

/** What was looked at, and nothing that came in since. */
function applied(now: Pins, seen: Pins, what: 'approve' | 'forget'): Pins {
  const changed = new Map(now);
  for (const [name, { waiting: looked }] of seen) {
    const pin = now.get(name);
    if (pin === undefined) continue;
    if (what === 'forget') changed.delete(name);
    else if (looked !== undefined) {
      const { waiting } = pin;
      const isSame = waiting !== undefined && pinChanges(looked, waiting).length === 0;
      changed.set(name, {
        ...looked,
        sinceMs: pin.sinceMs,
        kinds: pin.kinds,
        ...(waiting === undefined || isSame ? {} : { waiting }),
      });
    }
  }
  return changed;
}

function list(pins: Pins, only: string | undefined): string[] {
  return [...pins].flatMap(([name, pin]) => {
    if (only !== undefined && only !== name) return [];
    const { definitions, target, waiting } = pin;
    const tools = [...definitions.values()].filter(({ kind }) => kind === undefined).length;
    const others = definitions.size - tools;
    return [
      `${name}: ${tools} tools${others === 0 ? '' : ` and ${others} other things`} of "${target}", since ${new Date(pin.sinceMs).toISOString()}`,
      ...(waiting === undefined ? [] : sayChanges(pinChanges(pin, waiting)).map((line) => `  waits: ${line}`)),
    ];
  });
}
