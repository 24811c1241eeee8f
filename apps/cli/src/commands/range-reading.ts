import { createRangeVerifier } from '@sallyport/ledger/range-evidence';
import type { RangeEvent, RangeVerification } from '@sallyport/ledger/range-evidence';
import type { CliNeeds } from '../needs.ts';
import { createProgress } from '../progress.ts';
import { grouped } from '../terminal.ts';

/** Over what a line with the largest event has, in base64. */
const maxLineBytes = 8 * 1024 * 1024;

export type RangeReading = {
  /** Any part of the file. */
  add(chunk: Uint8Array): void;
  end(): RangeVerification;
};

/** Verifies range evidence as it comes, in bounded memory, and shows how far it is. */
export function createRangeReading(
  { stderr, clock, signal }: CliNeeds,
  options: { readonly verifierKey?: string; readonly onEvent?: (event: RangeEvent) => void },
): RangeReading {
  const verifier = createRangeVerifier(options);
  const progress = createProgress(stderr, clock);
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  let refused: RangeVerification | undefined;
  let range: { readonly from: number; readonly entries: number } | undefined;
  let entries = -1;

  const take = (line: string): void => {
    // Before the empty line stands the head; after it each line is an entry.
    if (entries < 0) {
      const [, from, to] = /^range (\d{1,15}) (\d{1,15})$/.exec(line) ?? [];
      if (from !== undefined && to !== undefined) range = { from: Number(from), entries: Number(to) - Number(from) };
      if (line === '') entries = 0;
    } else {
      entries += 1;
      if (range !== undefined && entries % 256 === 0)
        progress.show(Math.min(1, entries / range.entries), `${grouped(entries)} of ${grouped(range.entries)} entries`);
    }
    refused ??= verifier.line(line);
  };
  const refuse = (reason: string): void => {
    refused ??= { ok: false, check: 'form', reason };
  };

  return {
    add(chunk) {
      signal.throwIfAborted();
      if (refused !== undefined) return;
      let at = 0;
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, at)) {
        const bytes = Buffer.concat([...rest, chunk.subarray(at, end)]);
        rest = [];
        restBytes = 0;
        at = end + 1;
        try {
          take(utf8.decode(bytes));
        } catch {
          refuse('A line is not UTF-8');
        }
        if (refused !== undefined) return;
      }
      rest.push(chunk.subarray(at));
      restBytes += chunk.length - at;
      if (restBytes > maxLineBytes) refuse(`A line has more than ${maxLineBytes} bytes`);
    },
    end() {
      progress.clear();
      if (restBytes > 0) refuse('The last line does not end');
      return refused ?? verifier.end();
    },
  };
}
