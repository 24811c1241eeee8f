/** Where a rule looks. */
export type LogSource = {
  readonly category?: string;
  readonly product?: string;
  readonly service?: string;
};

/** One YAML document of the text that can be honoured. */
export type CheckedPart = {
  readonly kind: 'rule' | 'correlation' | 'filter' | 'field_mapping';
  readonly id: string;
  readonly title: string;
  /** 1-based, where it begins. */
  readonly line: number;
  readonly level?: string;
  readonly logSource?: LogSource;
  /** As the rule names them. */
  readonly fields: readonly string[];
  readonly tags: readonly string[];
};

/** What is not in force and why, or what somebody should look at before it is. */
export type Remark = { readonly line: number; readonly code: string; readonly message: string };

export type CheckedText = {
  readonly parts: readonly CheckedPart[];
  readonly refusals: readonly Remark[];
  readonly warnings: readonly Remark[];
  /** Files in force that are part of these rules: what they refer to, and all filters, field mappings and placeholder values. */
  readonly contextFiles: readonly string[];
};

/** What rules in force look at, for whoever writes another one. */
export type Vocabulary = {
  readonly logSources: readonly (LogSource & { readonly rules: number; readonly fields: readonly string[] })[];
  readonly tags: readonly string[];
};

/** What is checked: a text, the file it stands in, and whose files it takes the place of. */
export type AskedCheck = { readonly file: string; readonly text: string; readonly replaces?: string };
