import type { AlertState } from '../../api/queries.ts';

export const stateWords: Readonly<Record<AlertState, string>> = {
  new: 'New',
  acknowledged: 'Acknowledged',
  closed: 'Closed',
  suppressed: 'Suppressed',
};
