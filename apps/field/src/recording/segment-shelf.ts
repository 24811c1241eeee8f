/** Why a segment lies here: the server lacks it, has it, or will not take it. */
export type ShelfName = 'waiting' | 'held' | 'refused';

export type StoredSegment = {
  readonly shelf: ShelfName;
  /** `STARTED-ENDED`, milliseconds since 1970: unique, and sorts by time. */
  readonly name: string;
  readonly bytes: number;
};

/** Files by name; in a browser the origin's private file system. */
export type SegmentFiles = {
  list(): Promise<StoredSegment[]>;
  /** On the disk when it resolves. Rejects with a `QuotaExceededError` when there is no room. */
  write(shelf: ShelfName, name: string, bytes: Uint8Array): Promise<void>;
  read(shelf: ShelfName, name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  remove(shelf: ShelfName, name: string): Promise<void>;
  removeAll(): Promise<void>;
};

/**
 * The recordings of this phone, within a bound: the oldest go first, those the server has before those it lacks. Nothing
 * here opens them.
 */
export type SegmentShelf = {
  /** False when there is no room even without all the others. */
  put(shelf: ShelfName, name: string, bytes: Uint8Array): Promise<boolean>;
  read(segment: Pick<StoredSegment, 'shelf' | 'name'>): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** To another shelf, or away. */
  move(segment: StoredSegment, to: ShelfName | 'away'): Promise<void>;
  oldestWaiting(): StoredSegment | undefined;
  counts(): { readonly waiting: number; readonly refused: number; readonly bytes: number };
  empty(): Promise<void>;
};

const inOrderOfWorth: readonly ShelfName[] = ['held', 'refused', 'waiting'];

/** `onLost` is told of each segment that made room although the server lacked it. */
export async function createSegmentShelf(needs: {
  readonly files: SegmentFiles;
  readonly limitBytes: number;
  readonly onLost: (segment: StoredSegment) => void;
}): Promise<SegmentShelf> {
  const { files, limitBytes, onLost } = needs;
  let stored = (await files.list()).toSorted(byAge);

  const total = (): number => stored.reduce((sum, { bytes }) => sum + bytes, 0);

  async function remove(segment: StoredSegment): Promise<void> {
    await files.remove(segment.shelf, segment.name);
    stored = stored.filter((other) => other !== segment);
  }

  /** False when nothing is left that could go. */
  async function makeRoom(): Promise<boolean> {
    const victim = inOrderOfWorth.flatMap((shelf) => stored.find((segment) => segment.shelf === shelf) ?? [])[0];
    if (victim === undefined) return false;
    await remove(victim);
    if (victim.shelf !== 'held') onLost(victim);
    return true;
  }

  return {
    async put(shelf, name, bytes) {
      while (total() + bytes.length > limitBytes) if (!(await makeRoom())) return false;
      for (;;) {
        try {
          await files.write(shelf, name, bytes);
          const segment = { shelf, name, bytes: bytes.length };
          stored = [...stored.filter((other) => other.shelf !== shelf || other.name !== name), segment].toSorted(byAge);
          return true;
        } catch (error) {
          if (!isNoRoom(error)) throw error;
          if (!(await makeRoom())) return false;
        }
      }
    },
    read: ({ shelf, name }) => files.read(shelf, name),
    async move(segment, to) {
      const bytes = to === 'away' ? undefined : await files.read(segment.shelf, segment.name);
      if (to !== 'away' && bytes !== undefined) {
        await files.write(to, segment.name, bytes);
        stored = [...stored, { ...segment, shelf: to }].toSorted(byAge);
      }
      await remove(segment);
    },
    oldestWaiting: () => stored.find(({ shelf }) => shelf === 'waiting'),
    counts: () => ({
      waiting: stored.filter(({ shelf }) => shelf === 'waiting').length,
      refused: stored.filter(({ shelf }) => shelf === 'refused').length,
      bytes: total(),
    }),
    async empty() {
      await files.removeAll();
      stored = [];
    },
  };
}

function byAge(left: StoredSegment, right: StoredSegment): number {
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
}

/** Full shelves are no fault of the program; anything else is. */
function isNoRoom(error: unknown): boolean {
  return error instanceof Error && error.name === 'QuotaExceededError';
}
