/** How the window that went to the door tells the one that waits: both are pages of this console, in this browser. */
const channelName = 'sallyport-certificate';

export function tellProved(): void {
  const channel = new BroadcastChannel(channelName);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has none: it is of one origin
  channel.postMessage('proved');
  channel.close();
}

/** Until the returned function is called. It says that something happened, not that it is so: the server knows. */
export function onProved(told: () => void): () => void {
  const channel = new BroadcastChannel(channelName);
  channel.addEventListener('message', told);
  return () => channel.close();
}
