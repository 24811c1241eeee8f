/** What the server says about a sensor, as an event of its own. */
export type NoticeEvent =
  | 'sensor.joined'
  | 'sensor.silent'
  | 'sensor.stopped'
  | 'sensor.recovered'
  | 'sensor.restarted'
  | 'sensor.blinded'
  | 'sensor.slowed'
  | 'sensor.losing'
  | 'sensor.tampered'
  | 'sensor.refused';

export type Notice = {
  readonly event: NoticeEvent;
  /** Why, in one word. */
  readonly code: string;
  /** Why, for people. */
  readonly text: string;
};

/** OCSF severity: 1 informational, 2 low, 3 medium, 4 high, 5 critical. */
export const severityOfNotice: Readonly<Record<NoticeEvent, number>> = {
  'sensor.joined': 1,
  'sensor.recovered': 1,
  'sensor.restarted': 2,
  'sensor.stopped': 3,
  'sensor.slowed': 3,
  'sensor.losing': 3,
  'sensor.refused': 3,
  'sensor.blinded': 3,
  'sensor.silent': 4,
  'sensor.tampered': 5,
};
