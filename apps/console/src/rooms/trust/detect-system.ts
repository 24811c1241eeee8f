export const systems = ['windows', 'macos', 'debian', 'fedora', 'firefox', 'android', 'ios'] as const;
export type System = (typeof systems)[number];

export function isSystem(text: string | undefined): text is System {
  return systems.some((system) => system === text);
}

/** The reader's own, as their browser gives itself out. A guess that costs one click when it is wrong. */
export function detectSystem(userAgent: string, touchPoints: number): System {
  if (/iPhone|iPad|iPod/.test(userAgent)) return 'ios';
  // An iPad calls itself a Macintosh; no Macintosh has a touch screen.
  if (userAgent.includes('Macintosh') && touchPoints > 1) return 'ios';
  if (userAgent.includes('Android')) return 'android';
  // Elsewhere Firefox goes by the system, or can be told to; on Linux it does not.
  if (userAgent.includes('Firefox/') && /Linux|X11/.test(userAgent)) return 'firefox';
  if (userAgent.includes('Macintosh')) return 'macos';
  if (userAgent.includes('Windows')) return 'windows';
  if (/Fedora|Red Hat|CentOS/i.test(userAgent)) return 'fedora';
  return /Linux|X11/.test(userAgent) ? 'debian' : 'windows';
}
