export { rowNeedOf } from './row-need.ts';
export type { AnyWord, RowNeed } from './row-need.ts';
export { rowCondition } from './row-condition.ts';
export type { BindText } from './row-condition.ts';
