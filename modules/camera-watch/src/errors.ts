import { CodedError } from '@sallyport/platform/errors';
import type { ProblemTable } from '@sallyport/platform/http';

export type CameraWatchErrorCode =
  | 'message_invalid'
  | 'frame_invalid'
  | 'camera_unknown'
  | 'camera_has_no_picture'
  | 'camera_takes_no_commands'
  | 'camera_is_a_device'
  | 'camera_url_refused'
  | 'camera_limit'
  | 'camera_site_refused'
  | 'camera_input_failed'
  | 'camera_redirects'
  | 'camera_credentials_refused'
  | 'camera_certificate_untrusted'
  | 'camera_certificate_changed'
  | 'zone_invalid'
  | 'zones_changed'
  | 'view_changed'
  | 'moment_unknown'
  | 'sender_replaced'
  | 'sdp_invalid'
  | 'sdp_refused'
  | 'whip_session_unknown'
  | 'whip_method_unknown'
  | 'whip_patch_unsupported'
  | 'webrtc_busy'
  | 'webrtc_failed'
  | 'span_invalid'
  | 'segment_unknown'
  | 'segment_invalid'
  | 'segment_signature_invalid'
  | 'segment_conflict'
  | 'uploads_busy'
  | 'recording_low_disk'
  | 'recording_unreadable'
  | 'picture_unknown'
  | 'clip_empty'
  | 'clip_too_large'
  | 'clip_page_missing';

/** What the cameras refuse. */
export class CameraWatchError extends CodedError<CameraWatchErrorCode> {}

/** How the module's codes appear over HTTP. */
export const cameraWatchProblems: ProblemTable = {
  message_invalid: { status: 400, title: 'Not a message of a camera' },
  frame_invalid: { status: 400, title: 'Not a picture' },
  camera_unknown: { status: 404, title: 'No such camera' },
  camera_has_no_picture: { status: 404, title: 'The camera has sent no picture yet' },
  camera_takes_no_commands: { status: 409, title: 'The camera takes no commands' },
  camera_is_a_device: { status: 409, title: 'The camera is a device' },
  camera_url_refused: { status: 400, title: 'No address of a camera' },
  camera_site_refused: { status: 403, title: 'You may not change cameras at that site' },
  camera_limit: { status: 409, title: 'There are as many cameras as there may be' },
  camera_input_failed: { status: 502, title: 'The camera sent nothing readable' },
  camera_redirects: { status: 502, title: 'The camera sends us elsewhere' },
  camera_credentials_refused: { status: 502, title: 'The camera refused user or password' },
  camera_certificate_untrusted: { status: 409, title: 'Nobody here vouches for the certificate of the camera' },
  camera_certificate_changed: { status: 409, title: 'The camera has another certificate than the one that is trusted' },
  zone_invalid: { status: 400, title: 'No zones of a picture' },
  zones_changed: { status: 409, title: 'Somebody changed the zones meanwhile' },
  view_changed: { status: 409, title: 'The camera is told to be in another state by now' },
  moment_unknown: { status: 404, title: 'No such moment' },
  sender_replaced: { status: 409, title: 'The device sends from elsewhere' },
  sdp_invalid: { status: 400, title: 'Not an offer' },
  sdp_refused: { status: 406, title: 'The offer cannot be taken' },
  whip_session_unknown: { status: 404, title: 'No such session' },
  whip_method_unknown: { status: 405, title: 'WHIP has no such method' },
  whip_patch_unsupported: { status: 501, title: 'Sessions are not changed' },
  webrtc_busy: { status: 503, title: 'Too many cameras send by WebRTC' },
  webrtc_failed: { status: 503, title: 'WebRTC does not work on this server now' },
  span_invalid: { status: 400, title: 'The time asked for is none, or too long' },
  segment_unknown: { status: 404, title: 'Nothing was recorded at this moment' },
  segment_invalid: { status: 422, title: 'Not a segment of this camera' },
  segment_signature_invalid: { status: 422, title: 'The camera did not sign the segment' },
  segment_conflict: { status: 409, title: 'Something else was recorded at this time' },
  uploads_busy: { status: 503, title: 'Too many cameras send recordings at once' },
  recording_low_disk: { status: 503, title: 'The disk is nearly full' },
  recording_unreadable: { status: 410, title: 'The recording is gone or was changed' },
  picture_unknown: { status: 404, title: 'No such picture' },
  clip_empty: { status: 404, title: 'Nothing was recorded in this time' },
  clip_too_large: { status: 413, title: 'The clip would be too large' },
  clip_page_missing: { status: 503, title: 'The page for clips was not built' },
};
