import { printable } from '../../parts/printable.ts';
import type { Run } from './agents-query.ts';
import { machineLines, machineState } from './machine-words.ts';

/** How the machine of a run is kept, and whose word each part of it is. */
export function RunMachine({ machine }: { readonly machine: Run['machine'] }) {
  const { word, tone, why } = machineState(machine);
  return (
    <section aria-label="Machine">
      <p>
        <span className="chip" data-tone={tone}>
          {`Machine: ${word.toLowerCase()}`}
        </span>{' '}
        <span className="small">{why}</span>
      </p>
      {machine.proof_refused === true ? (
        <p className="small">Something was handed over as the word of a sensor, and it was none.</p>
      ) : null}
      <details>
        <summary className="small">What is known of it, and from where</summary>
        <dl className="facts stacked">
          {machineLines(machine).map(({ name, value, from }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd className="breaks">
                {printable(value)}
                {from === '' ? '' : <span className="quiet small">{`, ${printable(from)}`}</span>}
              </dd>
            </div>
          ))}
        </dl>
      </details>
    </section>
  );
}
