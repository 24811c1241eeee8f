/** A made-up course of events that shows what detection does. */
export type Scenario = {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** In order. */
  readonly steps: readonly ScenarioStep[];
};

export type ScenarioStep = {
  /** How long after the first step it happens. */
  readonly afterMs: number;
  readonly title: string;
  /** The event as its source would write it, without a time, and with `synthetic: true`. */
  readonly record: Readonly<Record<string, unknown>>;
};

/** The scenario in the text of a file of `scenariosDirectory`. Throws `TypeError` when it is none: the files are ours. */
export function parseScenario(text: string): Scenario {
  const value: unknown = JSON.parse(text);
  const { id, title, description, steps } = isRecord(value) ? value : {};
  if (typeof id !== 'string' || typeof title !== 'string' || typeof description !== 'string') {
    throw new TypeError('Cannot read a scenario: it must have an id, a title and a description');
  }
  const list: readonly unknown[] = Array.isArray(steps) ? steps : [];
  return { id, title, description, steps: list.map((step, index) => parseStep(step, `${id}, step ${index + 1}`)) };
}

function parseStep(value: unknown, where: string): ScenarioStep {
  const { after_ms: afterMs, title, record } = isRecord(value) ? value : {};
  if (typeof afterMs !== 'number' || typeof title !== 'string' || !isRecord(record) || record['synthetic'] !== true) {
    throw new TypeError(`Cannot read ${where}: it must have after_ms, a title and a record marked as synthetic`);
  }
  return { afterMs, title, record };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
