import type { ValueTest } from '../detection.ts';
import type { PatternToken } from '../wildcard.ts';

/** Equal for tests that have the same outcome for every event: rules share what they ask. */
export function testKey(test: ValueTest): string {
  switch (test.kind) {
    case 'pattern':
      return `pattern ${test.cased ? 'cased' : ''} ${test.tokens.map(tokenKey).join(' ')}`;
    case 'regex': {
      const { source, ignoreCase, multiline, dotAll } = test.regex;
      return `regex ${ignoreCase ? 'i' : ''}${multiline ? 'm' : ''}${dotAll ? 's' : ''} ${JSON.stringify(source)}`;
    }
    case 'number':
      return `number ${test.number} ${JSON.stringify(test.text)}`;
    case 'boolean':
      return `boolean ${test.boolean}`;
    case 'null':
      return 'null';
    case 'exists':
      return `exists ${test.present}`;
    case 'compare':
      return `compare ${test.operator} ${test.number}`;
    case 'time':
      return `time ${test.unit} ${test.operator} ${test.number}`;
    case 'cidr':
      return `cidr ${JSON.stringify(test.network.text)}`;
    case 'field':
      return `field ${test.how} ${test.cased ? 'cased' : ''} ${JSON.stringify(test.field)}`;
    default:
      return unknownTest(test);
  }
}

function unknownTest(test: never): string {
  throw new TypeError(`There is no key for ${JSON.stringify(test)}`);
}

function tokenKey(token: PatternToken): string {
  return token.kind === 'text' ? JSON.stringify(token.text) : token.kind;
}
