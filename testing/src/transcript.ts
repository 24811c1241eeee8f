// Transcripts of the command line: what is typed and what has to come of it, as a file people can read.

export type TranscriptStep = {
  readonly line: number;
  /** Given to `sh` as it stands. */
  readonly command: string;
  /** Lines of the documentation this stands for, where they cannot be run as they are printed. */
  readonly documented: readonly string[];
  readonly exitCode: number;
  /** Each matches a line, in this order. */
  readonly stdout: readonly RegExp[];
  readonly stderr: readonly RegExp[];
  /** Tried again until it holds, for what the server does in its own time. */
  readonly eventually: boolean;
};

export type Transcript = {
  /** Written into the directory before the first step. */
  readonly files: ReadonlyMap<string, string>;
  readonly steps: readonly TranscriptStep[];
};

type OpenStep = {
  line: number;
  command: string;
  documented: string[];
  exitCode: number;
  stdout: RegExp[];
  stderr: RegExp[];
  eventually: boolean;
};

/**
 * The form, line by line:
 * `-- NAME --` begins a file, up to the next line that begins with `--`; `#` a comment; `$ COMMAND` a command, `~ COMMAND`
 * one to try again until it holds; below it `= N` its exit code (0 unless told), `> PATTERN` a line of stdout, `! PATTERN` one
 * of stderr; above it `doc COMMAND` the command as documented. Throws for anything else: a typing error must not pass as a test.
 */
export function parseTranscript(text: string): Transcript {
  const files = new Map<string, string>();
  const steps: OpenStep[] = [];
  let documented: string[] = [];
  let file: string | undefined;
  for (const [at, line] of text.split('\n').entries()) {
    const named = /^-- (\S+) --$/.exec(line);
    if (line.startsWith('--')) {
      file = named?.[1];
      if (file !== undefined) files.set(file, '');
      continue;
    }
    if (file !== undefined) {
      files.set(file, `${files.get(file) ?? ''}${line}\n`);
      continue;
    }
    const [mark = '', rest = ''] = /^(\S+) (.*)$/.exec(line)?.slice(1) ?? [line];
    const step = steps.at(-1);
    if (line === '' || mark === '#') continue;
    if (mark === 'doc') documented.push(rest);
    else if (mark === '$' || mark === '~') {
      const command = rest;
      steps.push({ line: at + 1, command, documented, exitCode: 0, stdout: [], stderr: [], eventually: mark === '~' });
      documented = [];
    } else if (step === undefined || !['=', '>', '!'].includes(mark))
      throw new SyntaxError(`Cannot read line ${at + 1} of the transcript: "${line}"`);
    else if (mark === '=') step.exitCode = Number(rest);
    else (mark === '>' ? step.stdout : step.stderr).push(new RegExp(rest, 'u'));
  }
  return { files, steps };
}

/** What does not hold, in words; nothing when all of it does. */
export function differences(
  step: TranscriptStep,
  result: { readonly code: number | null; readonly stdout: string; readonly stderr: string },
): string[] {
  const found: string[] = [];
  if (result.code !== step.exitCode) found.push(`exit code ${result.code}, must be ${step.exitCode}`);
  for (const name of ['stdout', 'stderr'] as const) {
    const lines = result[name].split('\n');
    let from = 0;
    for (const pattern of step[name]) {
      const at = lines.findIndex((line, index) => index >= from && pattern.test(line));
      if (at < 0) found.push(`no line of ${name} matches ${String(pattern)}${from > 0 ? ' behind those before' : ''}`);
      else from = at + 1;
    }
  }
  return found;
}

/** The commands a page of documentation shows: lines of its code blocks that begin with the command's name. */
export function documentedCommands(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```(?:sh)?\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
  return blocks
    .flatMap((block) => block.split('\n'))
    .map((line) => line.replace(/\s+# .*$/, '').replace(/^\.\//, ''))
    .filter((line) => line.startsWith('sallyport '));
}
