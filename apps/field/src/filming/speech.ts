/** Speaks a text aloud. Resolves once it is heard to begin: true, or false when this phone has no voice for it. */
export type Speech = (text: string) => Promise<boolean>;

/** Voices that have not begun by then are taken for missing: the server waits five seconds for the receipt. */
const patienceMs = 3500;

export function createSpeech(needs: {
  readonly synthesis: Pick<SpeechSynthesis, 'speak' | 'cancel'> | undefined;
  readonly utter: (text: string) => SpeechSynthesisUtterance;
  readonly after: (ms: number, work: () => void) => () => void;
  readonly onSpeaking: (text: string | undefined) => void;
}): Speech {
  const { synthesis, utter, after, onSpeaking } = needs;
  return async (text) => {
    if (synthesis === undefined) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    // The newest word counts.
    synthesis.cancel();
    const utterance = utter(text);
    const cancel = after(patienceMs, () => resolve(false));
    const isHeard = (heard: boolean): void => {
      cancel();
      resolve(heard);
    };
    utterance.addEventListener('start', () => {
      onSpeaking(text);
      isHeard(true);
    });
    utterance.addEventListener('end', () => onSpeaking(undefined));
    utterance.addEventListener('error', () => {
      onSpeaking(undefined);
      isHeard(false);
    });
    synthesis.speak(utterance);
    return promise;
  };
}
