export { characterAt } from './character-at.ts';
export { decodePercentRun } from './percent-run.ts';
export { commonNames, decodeReference, signNames } from './reference.ts';
