/** Whether pictures come again as they came before: several different ones, each the same while after its first time. */
export type SameLag = {
  /**
   * One picture: `what` it is, and where it was before, on the same scale as `at` (milliseconds, or a count). True while
   * enough of the last ones agree.
   */
  see(what: number, at: number, before: readonly number[]): boolean;
};

/** Of that many, every second or fifth at least is one of a loop, however few are looked at. */
const window = 48;
/** It is over when so many in a row are new. */
const overAfter = 10;
/** In tolerances: where a loop agrees on nothing, unless it is shorter than six of them. */
const asides = [-5, -3, 3, 5] as const;

/**
 * `least` different pictures must agree, to within `tolerance`. Pictures that come again without any order, as those of
 * a camera without noise, agree on other lags just as well: then it is none.
 */
export function createSameLag({ least, tolerance }: { readonly least: number; readonly tolerance: number }): SameLag {
  let recent: { readonly what: number; readonly lags: readonly number[] }[] = [];

  const agreeing = (lag: number): number => {
    const different = new Set<number>();
    for (const { what, lags } of recent) {
      if (lags.some((each) => Math.abs(each - lag) <= tolerance)) different.add(what);
    }
    return different.size;
  };

  return {
    see(what, at, before) {
      recent = [...recent.slice(1 - window), { what, lags: before.map((each) => at - each) }];
      return recent.slice(-overAfter).some(({ lags }) =>
        lags.some((lag) => {
          const agreed = agreeing(lag);
          if (agreed < least) return false;
          return asides.every((times) => agreeing(lag + times * tolerance) * 3 <= agreed);
        }),
      );
    },
  };
}
