const maxLength = 500;

/**
 * Where somebody goes after they came back: a path of this console, or its beginning. Anything a browser could take for another
 * site is the beginning: schemes, `//`, backslashes, control characters, whatever a parser reads differently from what is written.
 */
export function safeReturnPath(text: string | undefined): string {
  if (text === undefined || text.length > maxLength || !/^\/(?![/\\])[\x21-\x7e]*$/.test(text) || text.includes('\\'))
    return '/';
  const base = 'https://console.invalid';
  let url: URL;
  try {
    url = new URL(text, base);
  } catch {
    return '/';
  }
  const path = `${url.pathname}${url.search}${url.hash}`;
  // `/./` and `/..//evil.example` come out as a path that begins with two slashes.
  if (url.origin !== base || path.startsWith('//') || /^\/(?:v1|sign-in\/provider)(?:\/|$)/.test(url.pathname))
    return '/';
  return path;
}
