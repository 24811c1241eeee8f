export const answerWords: Readonly<Record<string, string>> = {
  allow: 'Yes',
  needs_proof: 'After a proof',
  deny: 'No',
};

export const answerMarks: Readonly<Record<string, string>> = { allow: '✓', needs_proof: '✓ᵖ', deny: '–' };
