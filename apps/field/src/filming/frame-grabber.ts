export type GrabbedFrame = { readonly jpeg: Uint8Array; readonly width: number; readonly height: number };

/** Takes the picture a video element shows just now, as a JPEG. */
export type FrameGrabber = {
  /** Undefined while there is no picture, or none since the last one: a picture that stands still is not sent as a new one. */
  grab(): Promise<GrabbedFrame | undefined>;
  size(): { readonly width: number; readonly height: number };
};

const longSide = 640;
const quality = 0.7;

/** At most 640 pixels on the longer side, in the form the camera gives; never made larger. */
export function createFrameGrabber(video: HTMLVideoElement): FrameGrabber {
  const canvas = new OffscreenCanvas(longSide, 480);
  const context = canvas.getContext('2d', { alpha: false });
  let grabbedAt = -1;
  return {
    async grab() {
      const size = fit(video.videoWidth, video.videoHeight);
      if (context === null || size === undefined || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA)
        return undefined;
      if (video.currentTime === grabbedAt) return undefined;
      grabbedAt = video.currentTime;
      if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
      context.drawImage(video, 0, 0, size.width, size.height);
      const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality });
      return { jpeg: new Uint8Array(await blob.arrayBuffer()), ...size };
    },
    size: () => fit(video.videoWidth, video.videoHeight) ?? { width: longSide, height: 480 },
  };
}

/** Undefined for what has no size yet. Both sides even, as coders like them. */
export function fit(width: number, height: number): { readonly width: number; readonly height: number } | undefined {
  if (!(width > 0 && height > 0)) return undefined;
  const scale = Math.min(1, longSide / Math.max(width, height));
  const even = (side: number): number => Math.max(2, Math.round((side * scale) / 2) * 2);
  return { width: even(width), height: even(height) };
}
