// Judges one password and ends; started by password-strength.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common';
import { dictionary as english, translations } from '@zxcvbn-ts/language-en';

const given: unknown = workerData;
if (typeof given !== 'object' || given === null || !('password' in given) || typeof given.password !== 'string')
  throw new TypeError('Cannot judge a password: must be handed one');
const related: string[] =
  'related' in given && Array.isArray(given.related) ? given.related.filter((word) => typeof word === 'string') : [];

/** The estimate takes longer than linear; what stands behind this many characters cannot make a password weaker. */
const maxJudgedLength = 100;

const { score, feedback } = new ZxcvbnFactory({
  dictionary: { ...common, ...english },
  graphs: adjacencyGraphs,
  translations,
}).check(given.password.slice(0, maxJudgedLength), related);
// A thread has no origin.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
parentPort?.postMessage({ score, warning: feedback.warning ?? '' });
