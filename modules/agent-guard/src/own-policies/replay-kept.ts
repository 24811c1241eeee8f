import { Type } from 'typebox';

const Verdict = Type.Enum(['allow', 'ask', 'deny']);

const Answers = Type.Object({
  answers: Type.Integer(),
  different: Type.Integer(),
  looser: Type.Integer(),
  isPartly: Type.Boolean(),
  differences: Type.Array(
    Type.Object({
      agent: Type.Object({ id: Type.String(), name: Type.String() }),
      tool: Type.String(),
      server: Type.Optional(Type.String()),
      about: Type.Enum(['trust', 'reveal']),
      found: Type.Optional(Type.String()),
      now: Type.Boolean(),
      would: Type.Boolean(),
      answers: Type.Integer(),
      lastMs: Type.Number(),
      position: Type.String(),
    }),
  ),
});

/** A replay as it is kept with its version, for whoever has to agree. */
export const ReplayedKept = Type.Object({
  calls: Type.Integer(),
  untold: Type.Integer(),
  agents: Type.Integer(),
  different: Type.Integer(),
  looser: Type.Integer(),
  fromMs: Type.Optional(Type.Number()),
  untilMs: Type.Optional(Type.Number()),
  isPartly: Type.Boolean(),
  differences: Type.Array(
    Type.Object({
      agent: Type.Object({ id: Type.String(), name: Type.String() }),
      tool: Type.String(),
      server: Type.Optional(Type.String()),
      action: Type.String(),
      was: Verdict,
      now: Verdict,
      would: Verdict,
      reason: Type.String(),
      policies: Type.Array(Type.String()),
      calls: Type.Integer(),
      lastMs: Type.Number(),
      position: Type.String(),
    }),
  ),
  answers: Type.Optional(Answers),
});
