/** Collects the values of one query. SQL text gets `{p0:String}`; the engine binds the value, which never becomes SQL. */
export type QueryParameters = {
  text(value: string): string;
  number(value: number): string;
  readonly values: Record<string, string>;
};

export function createQueryParameters(): QueryParameters {
  const values: Record<string, string> = {};
  const add = (value: string, type: string): string => {
    const name = `p${Object.keys(values).length}`;
    values[name] = value;
    return `{${name}:${type}}`;
  };
  return {
    // A lone surrogate has no UTF-8 form; the store holds U+FFFD in its place.
    text: (value) => add(value.toWellFormed(), 'String'),
    number: (value) => add(String(value), Number.isSafeInteger(value) ? 'Int64' : 'Float64'),
    values,
  };
}
