import { EvtxFault } from './damage.ts';

/**
 * What one log can cost. A unit is about one character that is read or written, an element counts sixteen. An honest chunk of
 * 64 KiB needs 100,000 to 300,000; templates that repeat themselves or each other could ask for gigabytes.
 */
export const limits = {
  /** Elements within elements, nested values and templates included; `sigma-rules` looks as deep. */
  depth: 32,
  recordUnits: 1_048_576,
  chunkUnits: 4_194_304,
  /** Honest templates of a chunk do not overlap, so 65,536 is their most. */
  templateBytes: 262_144,
  nameCharacters: 1_024,
  /** XML text of one event. */
  xmlCharacters: 4_194_304,
  xmlElements: 65_536,
  xmlAttributes: 256,
} as const;

/** Counts what a chunk costs. Both bounds throw `EvtxFault`. */
export type Budget = {
  startRecord(): void;
  spend(units: number, position: number): void;
  spendTemplate(bytes: number, position: number): void;
};

export function createBudget(): Budget {
  let record = 0;
  let chunk = 0;
  let templates = 0;
  return {
    startRecord() {
      record = 0;
    },
    spend(units, position) {
      record += units;
      chunk += units;
      if (chunk > limits.chunkUnits)
        throw new EvtxFault('chunk_too_large', position, `The chunk says more than ${limits.chunkUnits} units`);
      if (record > limits.recordUnits)
        throw new EvtxFault('record_too_large', position, `The record says more than ${limits.recordUnits} units`);
    },
    spendTemplate(bytes, position) {
      templates += bytes;
      if (templates > limits.templateBytes)
        throw new EvtxFault(
          'template_too_large',
          position,
          `The templates have more than ${limits.templateBytes} bytes`,
        );
    },
  };
}
