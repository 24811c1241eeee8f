import type { JsonValue } from '@sallyport/contracts';
import { keyOf, readOffer } from '@sallyport/tool-pins';
import type { Gate, ServerWords } from './gate.ts';
import { wordsOf } from './upstream.ts';

/** The model reads what a server says of how to use it: it waits for a decision as tools do, and a handshake goes on without it. */
export async function letInstructions(
  said: JsonValue | undefined,
  {
    gate,
    server,
    say,
  }: {
    readonly gate: Pick<Gate, 'tell'>;
    readonly server: Omit<ServerWords, 'instructions'>;
    readonly say: (line: string) => void;
  },
): Promise<string | undefined> {
  if (said === undefined || said === '') return undefined;
  const read = readOffer('instructions', { instructions: said });
  let why: string;
  if (read.ok) {
    try {
      const told = await gate.tell({ ...server, instructions: read.offer });
      const verdict = told.offers?.get(keyOf(read.offer));
      if (told.isApproved && verdict?.isLet === true) return read.offer.description;
      why = verdict?.reason ?? told.reason;
    } catch (error) {
      why = wordsOf(error);
    }
  } else why = read.message;
  say(`the instructions of the server are held back: ${why}`);
  return undefined;
}
