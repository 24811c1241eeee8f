// The process of one sender by WebRTC: reads what comes to one UDP port from anywhere. It holds no secret of the server and
// writes no file; what a hostile sender makes of it ends with it. Started by the server for each session.
import { randomBytes } from 'node:crypto';
import { Socket } from 'node:net';
import { runWebrtc } from '@sallyport/camera-watch/webrtc';

// Signals are for the server: it closes the pipe when it is done with us.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined);
runWebrtc({
  stream: new Socket({ fd: 3, readable: true, writable: true }),
  ffmpeg: 'ffmpeg',
  monotonicMs: () => performance.now(),
  random: randomBytes,
  residentBytes: () => process.memoryUsage.rss(),
  every: (intervalMs, task) => void setInterval(task, intervalMs),
  // Its goodbye to the sender is on the way for a moment.
  exit: () => void setTimeout(() => process.kill(process.pid, 'SIGKILL'), 200),
});
