/**
 * What stands in the mail: that something waits, until when, and where it is answered. Nothing of what is asked, of the agent or of whom it
 * acts for: mail is read by more than whom it is for. Its link opens a page that asks who one is; nothing in it answers.
 */
export function noticeMessage(told: {
  /** The first that ends, first. */
  readonly questions: readonly { readonly id: string; readonly waitsUntilMs: number }[];
  readonly origin: string | undefined;
}): { readonly subject: string; readonly text: (organization: string) => string } {
  const { questions, origin } = told;
  const [first] = questions;
  const isOne = questions.length === 1;
  const what = isOne ? 'A question of an AI agent waits' : `${questions.length} questions of AI agents wait`;
  const page = `/agents/approvals${isOne && first !== undefined ? `?question=${encodeURIComponent(first.id)}` : ''}`;
  const until = first === undefined ? '' : `${new Date(first.waitsUntilMs).toISOString().slice(11, 19)} UTC`;
  return {
    subject: `${what} for your answer`,
    text: (organization) =>
      [
        `${what} for your answer at ${organization}.`,
        `${isOne ? 'It waits' : 'The first waits'} until ${until}. Without an answer it is a no.`,
        '',
        origin === undefined
          ? 'Open the console as you always do, and there Agents, Approvals.'
          : `Look at ${isOne ? 'it' : 'them'} and answer there, once you have signed in:\n${origin}${page}`,
        '',
        'This message says nothing of what is asked, and nothing in it answers. Nobody will ask you for a code or a password because of it. If you would rather not follow a link, open the console as you always do: Agents, Approvals.',
        'Which questions you get mail about you choose in the console, under Settings, Account.',
      ].join('\n'),
  };
}
