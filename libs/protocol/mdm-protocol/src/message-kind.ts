/** Content type of check-in requests. */
export const checkinContentType = 'application/x-apple-aspen-mdm-checkin';

/** Content type of requests on the command channel; some clients send none. */
export const commandContentType = 'application/x-apple-aspen-mdm';

/** Tells check-in requests from those of the command channel, where one URL serves both. */
export function mdmMessageKind(contentType: string | undefined): 'checkin' | 'command' {
  return contentType?.toLowerCase().startsWith(checkinContentType) ? 'checkin' : 'command';
}
