import { findingLevels } from '@sallyport/contracts';
import { Type } from 'typebox';
import { alertStates } from './alert.ts';

const properties = {
  id: Type.String(),
  number: Type.Integer({ description: 'Grows with every alert' }),
  state: Type.Enum(alertStates),
  title: Type.String(),
  level: Type.Enum(findingLevels),
  severity_id: Type.Integer({ description: 'OCSF: 1 informational to 5 critical' }),
  rule_id: Type.String(),
  created_at: Type.String({ format: 'date-time', description: 'Ledger time of the event the rule matched' }),
  state_changed_at: Type.String({ format: 'date-time' }),
  finding: Type.String({ description: 'LOG/INDEX' }),
  input: Type.String({ description: 'LOG/INDEX of the event the rule matched' }),
  assignee: Type.Union([Type.String(), Type.Null()], { description: 'Id of who has it' }),
};

/** An alert as lists and changes show it. */
export const AlertBody = Type.Object(properties);

/** An alert with what its finding and its comments say. */
export const AlertDetails = Type.Object({
  ...properties,
  host: Type.Optional(Type.String()),
  user: Type.Optional(Type.String()),
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
