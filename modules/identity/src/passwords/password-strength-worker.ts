// Judges one password after another, and keeps nothing of them; started by password-strength.ts.
import { parentPort } from 'node:worker_threads';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common';
import { dictionary as english, translations } from '@zxcvbn-ts/language-en';

/** The estimate takes longer than linear; what stands behind this many characters cannot make a password weaker. */
const maxJudgedLength = 100;

const estimator = new ZxcvbnFactory({ dictionary: { ...common, ...english }, graphs: adjacencyGraphs, translations });

parentPort?.on('message', (given: unknown) => {
  if (typeof given !== 'object' || given === null || !('password' in given) || typeof given.password !== 'string')
    throw new TypeError('Cannot judge a password: must be handed one');
  const related: string[] =
    'related' in given && Array.isArray(given.related) ? given.related.filter((word) => typeof word === 'string') : [];
  const { score, feedback } = estimator.check(given.password.slice(0, maxJudgedLength), related);
  // A thread has no origin.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort?.postMessage({ score, warning: feedback.warning ?? '' });
});
