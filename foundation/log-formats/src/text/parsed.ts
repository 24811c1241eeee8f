/** Why something was not read. `at` counts UTF-16 units of a text, bytes of bytes; the message quotes at most 40 characters. */
export type Refusal<Code extends string> = {
  readonly ok: false;
  readonly code: Code;
  readonly message: string;
  readonly at: number;
};

export type Parsed<Value, Code extends string> = { readonly ok: true; readonly value: Value } | Refusal<Code>;

export function refuse<const Code extends string>(code: Code, at: number, message: string): Refusal<Code> {
  return { ok: false, code, message, at };
}

export function accept<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value };
}

/** A short piece of foreign text for a message, with what could steer a terminal replaced. */
export function quoted(text: string, at = 0): string {
  const piece = text.slice(at, at + 40);
  return `"${piece.replaceAll(/[\u0000-\u001f\u007f-\u009f"\ud800-\udfff]/g, '?')}${text.length > at + 40 ? '…' : ''}"`;
}
