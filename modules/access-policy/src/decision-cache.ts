/** Answers by the whole question they are an answer to. Bounded: the one used longest ago goes first. */
export function createDecisionCache<Answer>(maxAnswers: number): {
  load(question: string, ask: () => Answer): Answer;
} {
  const remembered = new Map<string, Answer>();
  return {
    load(question, ask) {
      const known = remembered.get(question);
      remembered.delete(question);
      const answer = known ?? ask();
      remembered.set(question, answer);
      for (const oldest of remembered.keys()) {
        if (remembered.size <= maxAnswers) break;
        remembered.delete(oldest);
      }
      return answer;
    },
  };
}
