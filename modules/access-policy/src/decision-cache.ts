/**
 * Answers by the whole question they are an answer to. Bounded: the one used longest ago goes first. `failures`: what is answered while these
 * rise is not remembered.
 */
export function createDecisionCache<Answer>(
  maxAnswers: number,
  failures: () => number = () => 0,
): {
  load(question: string, ask: () => Answer): Answer;
} {
  const remembered = new Map<string, Answer>();
  return {
    load(question, ask) {
      const known = remembered.get(question);
      remembered.delete(question);
      const before = failures();
      const answer = known ?? ask();
      if (failures() !== before) return answer;
      remembered.set(question, answer);
      for (const oldest of remembered.keys()) {
        if (remembered.size <= maxAnswers) break;
        remembered.delete(oldest);
      }
      return answer;
    },
  };
}
