/**
 * Answers that rest on a text and on nothing else, by the whole of that text. Bounded by how much text is kept: what was used longest ago goes
 * first, and what is too long is not kept.
 */
export type TextMemory<Answer> = {
  get(text: string): Answer | undefined;
  set(text: string, answer: Answer): void;
};

export function createTextMemory<Answer>(limits: { readonly text: number; readonly all: number }): TextMemory<Answer> {
  const kept = new Map<string, Answer>();
  let length = 0;
  const forget = (text: string): void => {
    if (kept.delete(text)) length -= text.length;
  };
  return {
    get(text) {
      const answer = kept.get(text);
      if (answer === undefined) return undefined;
      kept.delete(text);
      kept.set(text, answer);
      return answer;
    },
    set(text, answer) {
      forget(text);
      if (text.length > limits.text) return;
      kept.set(text, answer);
      length += text.length;
      for (const oldest of kept.keys()) {
        if (length <= limits.all) break;
        forget(oldest);
      }
    },
  };
}
