/** Who signs in: they see what they agree to, and where. */
export type Person = {
  /** What is about to happen; false where they do not want it. */
  agrees(facts: SignInFacts): Promise<boolean>;
  /** Their browser is to go there. */
  goTo(url: URL): void;
  /** An address they paste, where their browser is on another machine. Never settles when there is none before `signal`. */
  pasted(signal: AbortSignal): Promise<string>;
};

export type SignInFacts = {
  readonly server: string;
  readonly resource: string;
  readonly issuer: string;
  /** Where they sign in, if that is another host than the issuer's. */
  readonly elsewhere?: string;
  /** Who gave out tokens for it before, if that was another. */
  readonly issuerBefore?: string;
  readonly scopes: readonly string[];
  /** Those of them that nobody agreed to before. */
  readonly added: readonly string[];
  readonly redirect: string;
};
