import { findingLevels } from '@sallyport/contracts';
import { Type } from 'typebox';
import { alertStates, dispositions } from './alert.ts';

const properties = {
  id: Type.String(),
  number: Type.Integer({ description: 'Grows with every alert' }),
  state: Type.Enum(alertStates),
  disposition: Type.Union([Type.Enum(dispositions), Type.Null()], {
    description: 'What a closed alert turned out to be; null where nobody said',
  }),
  title: Type.String(),
  level: Type.Enum(findingLevels),
  severity_id: Type.Integer({ description: 'OCSF: 1 informational to 5 critical' }),
  priority: Type.Integer({ description: '0 to 100: severity × criticality × risk' }),
  priority_words: Type.String({ description: 'What it is made of, a factor each' }),
  rule_id: Type.String(),
  created_at: Type.String({ format: 'date-time', description: 'Ledger time of the event the rule matched' }),
  state_changed_at: Type.String({ format: 'date-time' }),
  finding: Type.String({ description: 'LOG/INDEX' }),
  input: Type.String({ description: 'LOG/INDEX of the event the rule matched' }),
  assignee: Type.Union([Type.String(), Type.Null()], { description: 'Id of who has it' }),
  host: Type.Optional(Type.String()),
  user: Type.Optional(Type.String()),
  source: Type.Optional(Type.String({ description: 'Network address it came from' })),
  process: Type.Optional(Type.String({ description: 'The program it is about' })),
  identity: Type.Optional(Type.String({ description: 'Of a cloud: who acted' })),
  account: Type.Optional(Type.String()),
  region: Type.Optional(Type.String()),
  site: Type.Optional(Type.String({ description: 'Of the camera or source it was seen at' })),
  agent: Type.Optional(Type.String({ description: 'Id of the AI agent that acted' })),
  agent_session: Type.Optional(Type.String({ description: 'The session it acted in' })),
  camera: Type.Optional(Type.String({ description: 'Id of the camera that saw it' })),
  picture: Type.Optional(
    Type.String({ description: 'SHA-256 of the picture that shows it: `GET /v1/pictures/{sha256}`' }),
  ),
  picture_before: Type.Optional(Type.String({ description: 'SHA-256 of the last picture before it began' })),
  last_picture: Type.Optional(Type.String({ description: 'As `picture`, of the newest of several findings' })),
  last_picture_before: Type.Optional(Type.String()),
  count: Type.Integer({ description: 'Findings of the same rule about the same entity it stands for' }),
  first_seen_at: Type.String({ format: 'date-time' }),
  last_seen_at: Type.String({ format: 'date-time' }),
  last_finding: Type.String({ description: 'LOG/INDEX of the newest of them' }),
  announcement: Type.Integer({ description: 'Number it was last announced under; `number` when that was once' }),
  announced_at: Type.String({ format: 'date-time' }),
  revision: Type.Integer({
    description: 'Grows with every change a person makes, and when a finding makes it new again',
  }),
  changed_by: Type.Union([Type.Object({ id: Type.String(), name: Type.String() }), Type.Null()], {
    description: 'Who made the newest change',
  }),
};

/** An alert as lists and changes show it. */
export const AlertBody = Type.Object(properties);

/** An alert with what its finding and its comments say. */
export const AlertDetails = Type.Object({
  ...properties,
  findings: Type.Array(
    Type.Object({ position: Type.String(), input: Type.String(), at: Type.String({ format: 'date-time' }) }),
    { description: 'The newest 100 findings it stands for, newest first' },
  ),
  response: Type.Union([Type.String(), Type.Null()], {
    description: 'What to do first, in the words of the rule; null where it says nothing',
  }),
  matched: Type.Array(Type.Object({ field: Type.String(), value: Type.String() })),
  related: Type.Array(Type.String(), { description: 'LOG/INDEX of the other events a correlation rests on' }),
  comments: Type.Array(
    Type.Object({
      position: Type.Union([Type.String(), Type.Null()], {
        description: 'LOG/INDEX of its audit event; null for the moment it takes to come around',
      }),
      at: Type.String({ format: 'date-time' }),
      actor: Type.Object({ id: Type.String(), name: Type.String() }),
      text: Type.String(),
    }),
    { description: 'The newest 100, oldest first' },
  ),
  body: Type.Unknown({
    description: 'The finding as it stands in the ledger (OCSF 2004); null when its key was destroyed',
  }),
});
