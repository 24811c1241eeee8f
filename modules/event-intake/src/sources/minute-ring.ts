/** One minute of a source. */
export type MinuteFigures = {
  readonly startMs: number;
  readonly accepted: number;
  readonly bytes: number;
  readonly keptRaw: number;
  readonly refused: number;
};

export type MinuteAmounts = Partial<Omit<MinuteFigures, 'startMs'>>;

/** The last hour of a source, minute by minute, in a fixed number of slots. Times are wall clock. */
export type MinuteRing = {
  add(amounts: MinuteAmounts, nowMs: number): void;
  /** All sixty minutes, oldest first, the one that goes on last. */
  read(nowMs: number): readonly MinuteFigures[];
  /** Accepted each second, over the last sixty. */
  perSecond(nowMs: number): number;
};

const minuteMs = 60_000;
const minutes = 60;
const fields = 5;

/** A clock that was set leaves minutes that were not, until they are an hour away from its time. */
export function createMinuteRing(): MinuteRing {
  // Made with the first amount: most of thousands of sources are quiet.
  let slots: Float64Array | undefined;

  function slotOf(minute: number): number {
    return (((minute % minutes) + minutes) % minutes) * fields;
  }

  function figuresOf(minute: number): MinuteFigures {
    const at = slotOf(minute);
    const isThere = slots !== undefined && slots[at] === minute;
    const value = (field: number): number => (isThere ? (slots?.[at + field] ?? 0) : 0);
    return { startMs: minute * minuteMs, accepted: value(1), bytes: value(2), keptRaw: value(3), refused: value(4) };
  }

  return {
    add({ accepted = 0, bytes = 0, keptRaw = 0, refused = 0 }, nowMs) {
      slots ??= new Float64Array(minutes * fields);
      const minute = Math.floor(nowMs / minuteMs);
      const at = slotOf(minute);
      if (slots[at] !== minute) {
        slots.fill(0, at, at + fields);
        slots[at] = minute;
      }
      for (const [field, amount] of [accepted, bytes, keptRaw, refused].entries())
        slots[at + 1 + field] = (slots[at + 1 + field] ?? 0) + amount;
    },
    read(nowMs) {
      const last = Math.floor(nowMs / minuteMs);
      return Array.from({ length: minutes }, (_, back) => figuresOf(last - minutes + 1 + back));
    },
    perSecond(nowMs) {
      const minute = Math.floor(nowMs / minuteMs);
      const part = (nowMs - minute * minuteMs) / minuteMs;
      // As much of the minute before as the last sixty seconds reach into it.
      return (figuresOf(minute).accepted + figuresOf(minute - 1).accepted * (1 - part)) / 60;
    },
  };
}
