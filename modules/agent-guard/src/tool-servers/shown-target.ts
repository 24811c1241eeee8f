const secretWord = '(?:api[-_]?key|key|token|secret|passw(?:or)?d|auth|credential|signature|sig|code)';

/**
 * Where a server is, without what it is opened with: people who see the list of servers are not those who hold their keys. By the names of
 * options and parameters, so that a secret that stands alone is shown; it is sealed at rest like everything else.
 */
export function shownTarget(target: string): string {
  return target
    .replaceAll(/(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@]{1,500}@/gi, '$1…@')
    .replaceAll(new RegExp(`([?&#;][^=&\\s]{0,60}${secretWord}[^=&\\s]{0,60}=)[^&\\s#]+`, 'gi'), '$1…')
    .replaceAll(
      new RegExp(
        `(^|\\s)(--?[\\w-]{0,60}${secretWord}[\\w-]{0,60}|[A-Za-z_]{0,60}${secretWord}\\w{0,60})(=|\\s+)(?!-)\\S+`,
        'gi',
      ),
      '$1$2$3…',
    )
    .replaceAll(/\b(?:bearer|basic)\s+\S+/gi, (said) => `${said.split(/\s/)[0] ?? ''} …`);
}
