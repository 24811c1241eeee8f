import type { JsonObject } from '@sallyport/contracts';
import type { BenchOptions } from './arguments.ts';

/** What a bench found. `main.ts` adds the machine. */
export type BenchResult = {
  /** Work items that went all the way through. 0 is a failure, whatever the figures say. */
  readonly processed: number;
  readonly inputs: JsonObject;
  readonly figures: JsonObject;
  /** Against the peer or the limit, measured in the same run. */
  readonly ratios: JsonObject;
  /** What somebody must know to read the figures. */
  readonly notes: readonly string[];
};

export type BenchNeeds = {
  readonly options: BenchOptions;
  /** One line to the terminal; standard output is kept for the result. */
  readonly progress: (line: string) => void;
};

export type Bench = {
  readonly name: string;
  /** The promise it measures, with the number to reach. */
  readonly target: string;
  run(needs: BenchNeeds): Promise<BenchResult>;
};
