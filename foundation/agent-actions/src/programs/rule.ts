import type { DoubtCode, ProgramClass } from '../action.ts';

/** What an argument is to a program. */
export type Role =
  | 'text'
  | 'read'
  | 'write'
  | 'delete'
  /** Read and changed in place. */
  | 'change'
  /** Read and gone afterwards. */
  | 'move'
  /** Directories with all below. */
  | 'read-tree'
  | 'write-tree'
  | 'delete-tree'
  | 'fetch'
  | 'send'
  | 'look-up'
  | 'listen'
  | 'recipient'
  /** A shell script. */
  | 'script'
  /** The first of the words of a command that is run in turn: all behind it are its arguments. */
  | 'command'
  | 'sql'
  | 'name'
  /** A file whose code is run. */
  | 'execute'
  /** The text after `@` is a file that is sent; else the text is. */
  | 'body';

/** The meaning of one program's arguments, as data. Options that are not named take no value. */
export type ProgramRule = {
  /** Separated by spaces. */
  readonly names: string;
  readonly classes?: readonly ProgramClass[];
  readonly operands?: Role;
  /** Of the first operand, where it differs. */
  readonly first?: Role;
  /** Of the last of at least two. */
  readonly last?: Role;
  /** Options with a value, by what the value is; separated by spaces. */
  readonly options?: Partial<Record<Role, string>>;
  /** With this option the first operand is one like the others: `grep -e pattern file`. */
  readonly firstGivenBy?: string;
  /** Without operands it works on the directory it is in. */
  readonly onDirectory?: Role;
  /** `nothing`: prints nothing that anything could be made of. */
  readonly prints?: 'nothing' | 'input';
  /** Options whose file lists the files that are read: which these are is not in the command. */
  readonly listOf?: string;
  /** Without statements among its options, what is piped in is statements. */
  readonly readsStatements?: boolean;
  readonly doubt?: DoubtCode;
  readonly why?: string;
};
