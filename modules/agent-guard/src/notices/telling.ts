/** How people are reached from here. The server hands it over; who they are and where their mail goes is for it to know. */
export type Telling = {
  /** By e-mail to the address somebody confirmed. Rejects where the other side did not take it; never later than half a minute. */
  deliver(message: {
    readonly userId: string;
    readonly subject: string;
    readonly text: (organization: string) => string;
    readonly signal: AbortSignal;
  }): Promise<{ readonly kind: 'sent'; readonly to: string } | { readonly kind: 'no-mail' | 'no-address' }>;
  /** Whether mail would reach them now. */
  reach(userId: string): Promise<'ready' | 'no-mail' | 'no-address'>;
  /** Active people who may answer for all agents, for now too, of those that are `wanted`: asked of nobody else, for that is what costs. */
  approvers(wanted: (userId: string) => boolean): Promise<readonly { readonly id: string }[]>;
  /** Whether they may do it by what they hold for a time, at this moment. */
  holdsForNow(userId: string, scope: 'agents:run' | 'agents:approve'): Promise<boolean>;
  /** Where the console is, `https://host:port`; undefined where nobody said. */
  origin(): string | undefined;
};
