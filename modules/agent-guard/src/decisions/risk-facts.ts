/** How unlike themselves those behind a run were lately, 0 to 100, as policies know it. */
export type RiskFacts = {
  /** Of the agent: what is told of it comes from this server's own records alone. */
  readonly risk: number;
  /** Of whoever it acts for, and of the person who answers for a service or a key; the greater. Sources may say things of people. */
  readonly ownerRisk: number;
};

/** Nobody was noticed, or nobody is known. */
export const noRisk: RiskFacts = { risk: 0, ownerRisk: 0 };
