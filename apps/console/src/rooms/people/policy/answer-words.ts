export const answerWords: Readonly<Record<string, string>> = {
  allow: 'Yes',
  needs_proof: 'After a proof',
  deny: 'No',
};

export const answerMarks: Readonly<Record<string, string>> = { allow: '✓', needs_proof: '✓ᵖ', deny: '–' };

export const stateWords: Readonly<Record<string, string>> = {
  staged: 'Staged: in force nowhere yet',
  waiting: 'Waits for somebody else to approve',
  active: 'In force',
  former: 'Was in force',
  withdrawn: 'Withdrawn',
};
