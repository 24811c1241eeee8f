/**
 * Why a document, or a reference in it, is not in force. `correlation_unsupported` is a sound correlation we do not evaluate,
 * `correlation_reference` and `filter_reference` refer to what is not there, `filter_conflict` to a rule of another log source;
 * `placeholder_without_values` needs a placeholder table; everything else is a fault of the text.
 */
export type RefusalCode =
  | 'correlation_unsupported'
  | 'correlation_reference'
  | 'invalid_correlation'
  | 'rule_not_taken'
  | 'invalid_mapping'
  | 'invalid_placeholders'
  | 'invalid_filter'
  | 'ambiguous_filter'
  | 'filter_reference'
  | 'filter_conflict'
  | 'placeholder_without_values'
  | 'text_too_large'
  | 'yaml_syntax'
  | 'yaml_too_deep'
  | 'yaml_too_many_nodes'
  | 'yaml_duplicate_key'
  | 'not_a_rule'
  | 'missing_attribute'
  | 'invalid_attribute'
  | 'legacy_construct'
  | 'invalid_detection'
  | 'invalid_value'
  | 'unknown_modifier'
  | 'modifier_misuse'
  | 'regex_unsupported'
  | 'condition_syntax'
  | 'unknown_identifier'
  | 'too_complex';

export type SigmaRefusal = {
  readonly file: string;
  /** 1-based line of what was refused. */
  readonly line: number;
  /** The document's own `id`, where it has one. */
  readonly ruleId: string | undefined;
  readonly code: RefusalCode;
  /** A sentence for people. It quotes the rule, never an event. */
  readonly reason: string;
};

/** Stops the parsing of one document. It never leaves `parseSigmaRules`. */
export class RefusedRule extends Error {
  readonly code: RefusalCode;
  readonly line: number;

  constructor(code: RefusalCode, line: number, reason: string) {
    super(reason);
    this.name = 'RefusedRule';
    this.code = code;
    this.line = line;
  }
}
