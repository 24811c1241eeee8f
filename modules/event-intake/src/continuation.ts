/** Tells, line by line, whether a text log goes on with the entry before. */
export type Continuation = {
  /** The line that an entry begins with. */
  begin(line: Uint8Array): void;
  /** Whether this line belongs to the entry; it is taken as part of it when so. */
  goesOn(line: Uint8Array): boolean;
};

/** More is not needed to know a line. */
const lookedAtBytes = 512;

const space = 32;
const tab = 9;

/** Of Java, Kotlin, Scala: causes stand at the margin. */
const cause = /^(?:Caused by: |Suppressed: |\.\.\. \d+ (?:more|common frames omitted))/;
/** What was thrown, as it stands below the line that tells of it. */
const javaThrown = /^(?:[\w$]+\.)+[\w$]*(?:Exception|Error|Throwable)[\w$]*(?::|$)/;
/** Closes what was opened before the indented lines. */
const closing = /^[\])}]{1,4}[,;]?$/;
const pythonTrace = /^Traceback \(most recent call last\):$/;
const pythonChain = /^(?:During handling of the above exception|The above exception was the direct cause)/;
/** The name of what was raised, and what it says. */
const pythonRaised = /^[A-Za-z_][\w.]{0,200}(?::|$)/;
const saysOfFault = /error|exception|critical|fatal|fail|panic/i;
const goFault = /^(?:panic: |fatal error: |SIG[A-Z]+: )/;
const goLine = /^(?:goroutine \d+ \[|\[signal |created by |exit status \d|panic: )/;
/** A called function: `main.(*Server).run(0xc000012345)`. */
const goCall = /^[\w.*/~@{}[\]-]+\(/;

export function createContinuation(): Continuation {
  /** Which trace is under way, for lines at the margin. */
  let trace: 'python' | 'python raised' | 'go' | undefined;
  let first = '';
  let isIndented = false;
  let isAlone = true;

  function atMargin(text: string): boolean {
    if (pythonTrace.test(text)) {
      const isChained = trace === 'python raised';
      if (!isChained && !saysOfFault.test(first)) return false;
      trace = 'python';
      return true;
    }
    if (trace === 'python' && isIndented && pythonRaised.test(text)) {
      trace = 'python raised';
      return true;
    }
    if (trace === 'python raised' && pythonChain.test(text)) return true;
    if (trace === 'go') return goLine.test(text) || (text.endsWith(')') && goCall.test(text));
    if (isAlone && javaThrown.test(text)) return saysOfFault.test(first);
    return cause.test(text) || (isIndented && closing.test(text));
  }

  return {
    begin(line) {
      first = textOf(line);
      isIndented = false;
      isAlone = true;
      trace = pythonTrace.test(first) ? 'python' : goFault.test(first) ? 'go' : undefined;
    },
    goesOn(line) {
      const isInside = line[0] === space || line[0] === tab;
      const goes = isInside || atMargin(textOf(line));
      if (goes) {
        isIndented = isInside;
        isAlone = false;
      }
      return goes;
    },
  };
}

function textOf(line: Uint8Array): string {
  return Buffer.from(line.buffer, line.byteOffset, Math.min(line.byteLength, lookedAtBytes)).toString('latin1');
}
