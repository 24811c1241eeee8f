import { isJsonObject } from '@sallyport/contracts';
import type { AgentMachine, JsonObject, JsonValue } from '@sallyport/contracts';
import type { Told } from '@sallyport/platform/machine-state';
import { unknownMachine } from '../decisions/machine-facts.ts';
import type { MachineFacts, Weakness } from '../decisions/machine-facts.ts';

/** What a machine says of itself, by whoever began the run there. */
export type SaidMachine = {
  readonly system?: string;
  readonly kernel?: string;
  readonly diskEncrypted: Told;
  readonly screenLock: Told;
  readonly firewall: Told;
  readonly secureBoot: Told;
  readonly isRoot: boolean;
  readonly isContainer: boolean;
};

/** The machine a run was begun on. */
export type SessionMachine = {
  readonly said?: SaidMachine;
  /** The sensor of this machine, by the signature of its key; only that is known of it which its sensor says. */
  readonly sensorId?: string;
  /** Something was handed over as such a signature, and it was none. */
  readonly isProofRefused?: true;
};

/** Machines by their sensors, and what those say of them now. */
export type Machines = {
  /** Whose key signed that somebody with this nonce is on its machine. */
  vouched(statement: JsonObject): string | undefined;
  /** Undefined when the sensor was forgotten. */
  machine(sensorId: string): SensedMachine | undefined;
};

export type SensedMachine = {
  readonly host: string;
  readonly isHeard: boolean;
  /** Somebody let it be the sensor of its host. */
  readonly isAccepted: boolean;
  readonly isDoubted: boolean;
  readonly posture?: {
    readonly system: string;
    readonly diskEncrypted: Told;
    readonly firewall: Told;
    readonly secureBoot: Told;
  };
};

/**
 * How the machine of a run is kept, now. What anybody says against it counts; what is said for it counts from its sensor alone, while that
 * is heard of and nobody spoke in its name. One that nobody accepted claims like anybody. What is not known is never good.
 */
export function machineFacts(machine: SessionMachine | undefined, machines: Pick<Machines, 'machine'>): MachineFacts {
  if (machine === undefined) return unknownMachine;
  const { said, sensorId } = machine;
  const sensed = sensorId === undefined ? undefined : machines.machine(sensorId);
  const anybodySays = (name: 'diskEncrypted' | 'firewall' | 'secureBoot'): boolean =>
    said?.[name] === 'no' || sensed?.posture?.[name] === 'no';
  const against: readonly (readonly [Weakness, boolean])[] = [
    ['root', said?.isRoot === true && !said.isContainer],
    ['disk-clear', anybodySays('diskEncrypted')],
    ['firewall-off', anybodySays('firewall')],
    ['screen-open', said?.screenLock === 'no'],
    ['secure-boot-off', anybodySays('secureBoot')],
    ['sensor-silent', sensorId !== undefined && sensed?.isHeard !== true],
    ['sensor-doubted', sensed?.isDoubted === true],
  ];
  const weaknesses = against.flatMap(([name, isSo]) => (isSo ? [name] : []));
  if (weaknesses.length > 0) return { posture: 'weak', weaknesses };
  const isSensed = sensed?.posture?.diskEncrypted === 'yes';
  if (isSensed && sensed.isAccepted) return { posture: 'good', weaknesses };
  return { posture: isSensed || said?.diskEncrypted === 'yes' ? 'claimed' : 'unknown', weaknesses };
}

/** What the event of a begun run says of its machine. */
export function machineWords(machine: SessionMachine | undefined, machines: Pick<Machines, 'machine'>): AgentMachine {
  return {
    ...machineFacts(machine, machines),
    ...(machine?.sensorId === undefined ? {} : { sensor: machine.sensorId }),
    ...(machine?.isProofRefused === true ? { isProofRefused: true } : {}),
  };
}

/** As it was kept; undefined for what no version kept. */
export function readMachine(value: JsonValue | undefined): SessionMachine | undefined {
  if (!isJsonObject(value)) return undefined;
  const { said, sensorId } = value;
  return {
    ...(isJsonObject(said) ? { said: readSaid(said) } : {}),
    ...(typeof sensorId === 'string' ? { sensorId } : {}),
    ...(value['isProofRefused'] === true ? { isProofRefused: true } : {}),
  };
}

function readSaid(said: JsonObject): SaidMachine {
  const { system, kernel } = said;
  return {
    ...(typeof system === 'string' ? { system } : {}),
    ...(typeof kernel === 'string' ? { kernel } : {}),
    diskEncrypted: told(said['diskEncrypted']),
    screenLock: told(said['screenLock']),
    firewall: told(said['firewall']),
    secureBoot: told(said['secureBoot']),
    isRoot: said['isRoot'] === true,
    isContainer: said['isContainer'] === true,
  };
}

function told(value: JsonValue | undefined): Told {
  return value === 'yes' || value === 'no' ? value : 'unknown';
}
