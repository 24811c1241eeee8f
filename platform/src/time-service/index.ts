export { askTimeServer, parseTimeServer } from './ask-time-server.ts';
export type { TimeMeasurement, TimeServer } from './ask-time-server.ts';
export { readTimeState } from './read-time-state.ts';
export type { RunCommand } from './read-time-state.ts';
export { runTimeCommand } from './run-command.ts';
export { clockOffByMs, hasChanged, troubleOf } from './time-state.ts';
export type { ClockTrouble, TimeState } from './time-state.ts';
