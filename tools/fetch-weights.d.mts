/** Plain files of a tar archive by name. */
export function readTar(bytes: Buffer): Map<string, Buffer>;

/** Returns whether the weights of all models that ship in packages are there. */
export function fetchWeights(needs: {
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly say: (line: string) => void;
  readonly pack?: () => Buffer;
}): boolean;
