const secretWord = '(?:api[-_]?key|key|token|secret|passw(?:or)?d|auth|credential|signature|sig|code)';

/**
 * Where a server is, without what it is opened with: people who see the list of servers are not those who hold their keys. By the names of
 * options and parameters, so that a secret that stands alone is shown; it is sealed at rest like everything else. A gateway ends it with a
 * digest of the whole, what it left out too.
 */
export function shownTarget(target: string): string {
  const { words = target, digest } = /^(?<words>.*) sha256:(?<digest>[0-9a-f]{64})$/su.exec(target)?.groups ?? {};
  const shown = shownWords(words);
  // Enough to tell two of the same words apart.
  return digest === undefined ? shown : `${shown} (sha256:${digest.slice(0, 12)}…)`;
}

function shownWords(words: string): string {
  return words
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
