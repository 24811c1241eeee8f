import { Type, type Static } from 'typebox';
import { weaknesses } from '../decisions/machine-facts.ts';
import { machineFacts } from './machine.ts';
import type { Machines, SaidMachine, SessionMachine } from './machine.ts';

const strict = { additionalProperties: false } as const;
const Told = Type.Enum(['yes', 'no', 'unknown']);
const text = (maxLength: number) => Type.Optional(Type.String({ minLength: 1, maxLength }));

/** What whoever begins a run says of the machine. */
export const SaidMachineBody = Type.Object(
  {
    system: text(200),
    kernel: text(100),
    disk_encrypted: Type.Optional(Told),
    screen_lock: Type.Optional(Told),
    firewall: Type.Optional(Told),
    secure_boot: Type.Optional(Told),
    root: Type.Optional(Type.Boolean({ description: 'It runs with all rights of its machine' })),
    container: Type.Optional(Type.Boolean()),
  },
  { ...strict, description: 'What the machine says of itself; missing is unknown' },
);

/** What the sensor of a machine answers to a nonce, as it came. */
export const MachineProofBody = Type.Object(
  {
    time: Type.String({ maxLength: 40 }),
    host: Type.String({ maxLength: 255 }),
    event: Type.Literal('sensor.vouched'),
    nonce: Type.String({ maxLength: 100 }),
    server: Type.Optional(
      Type.String({ maxLength: 300, description: 'Whom it is for; one that names nobody proves nothing' }),
    ),
    key_id: Type.String({ maxLength: 64 }),
    signature: Type.String({ maxLength: 200 }),
  },
  { ...strict, description: 'The answer of the sensor of this machine to a nonce of `POST /v1/agent/machine-nonces`' },
);

/** The machine of a run as it is shown: how it is kept, and whose word that is. */
export const ShownMachine = Type.Object({
  posture: Type.Enum(['good', 'weak', 'claimed', 'unknown'], {
    description:
      '`good`: its sensor vouches for it and nothing speaks against it; `weak`: something does; `claimed`: it says so itself; `unknown`: nobody says enough',
  }),
  weaknesses: Type.Array(Type.Enum([...weaknesses])),
  said: Type.Optional(SaidMachineBody),
  sensor: Type.Optional(
    Type.Object(
      {
        id: Type.String(),
        host: Type.Optional(Type.String({ description: 'Missing when this sensor was forgotten' })),
        heard: Type.Boolean(),
        system: Type.Optional(Type.String()),
        disk_encrypted: Type.Optional(Told),
        firewall: Type.Optional(Told),
        secure_boot: Type.Optional(Told),
      },
      { description: 'The sensor of this machine, by its signature, and what it says now' },
    ),
  ),
  proof_refused: Type.Optional(Type.Boolean({ description: 'What was handed over as the word of a sensor was none' })),
});

export function saidMachine(body: Static<typeof SaidMachineBody>): SaidMachine {
  const { system, kernel } = body;
  return {
    ...(system === undefined ? {} : { system }),
    ...(kernel === undefined ? {} : { kernel }),
    diskEncrypted: body.disk_encrypted ?? 'unknown',
    screenLock: body.screen_lock ?? 'unknown',
    firewall: body.firewall ?? 'unknown',
    secureBoot: body.secure_boot ?? 'unknown',
    isRoot: body.root ?? false,
    isContainer: body.container ?? false,
  };
}

export function shownMachine(
  machine: SessionMachine | undefined,
  machines: Pick<Machines, 'machine'>,
): Static<typeof ShownMachine> {
  const { posture, weaknesses: against } = machineFacts(machine, machines);
  const { said, sensorId } = machine ?? {};
  return {
    posture,
    weaknesses: [...against],
    ...(said === undefined ? {} : { said: shownSaid(said) }),
    ...(sensorId === undefined ? {} : { sensor: shownSensor(sensorId, machines) }),
    ...(machine?.isProofRefused === true ? { proof_refused: true } : {}),
  };
}

function shownSaid(said: SaidMachine): Static<typeof SaidMachineBody> {
  return {
    ...(said.system === undefined ? {} : { system: said.system }),
    ...(said.kernel === undefined ? {} : { kernel: said.kernel }),
    disk_encrypted: said.diskEncrypted,
    screen_lock: said.screenLock,
    firewall: said.firewall,
    secure_boot: said.secureBoot,
    root: said.isRoot,
    container: said.isContainer,
  };
}

function shownSensor(
  id: string,
  machines: Pick<Machines, 'machine'>,
): NonNullable<Static<typeof ShownMachine>['sensor']> {
  const known = machines.machine(id);
  if (known === undefined) return { id, heard: false };
  const { host, isHeard, posture } = known;
  return {
    id,
    host,
    heard: isHeard,
    ...(posture === undefined
      ? {}
      : {
          system: posture.system,
          disk_encrypted: posture.diskEncrypted,
          firewall: posture.firewall,
          secure_boot: posture.secureBoot,
        }),
  };
}
