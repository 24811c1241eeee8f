import { StreamLanguage } from '@codemirror/language';

const words = /^(?:permit|forbid|when|unless|if|then|else|in|is|has|like|principal|action|resource|context)\b/;

/** Enough of Cedar to colour it: words, strings, annotations, entity types and comments. What is right is the server's to say. */
export const cedarLanguage = StreamLanguage.define({
  name: 'cedar',
  token(stream) {
    if (stream.eatSpace()) return null;
    if (stream.match(/^\/\/.*/)) return 'comment';
    if (stream.match(/^"(?:\\.|[^"\\])*"?/)) return 'string';
    if (stream.match(/^@\w+/)) return 'meta';
    if (stream.match(words)) return 'keyword';
    if (stream.match(/^(?:true|false)\b/)) return 'bool';
    if (stream.match(/^-?\d+/)) return 'number';
    if (stream.match(/^[A-Z]\w*(?:::[A-Z]\w*)*/)) return 'propertyName';
    if (stream.match(/^\w+/)) return null;
    stream.next();
    return 'punctuation';
  },
});
