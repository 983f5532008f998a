import type { HttpClient } from '../http/http-client.js';
import { busyServer, withRetry, type RetryOptions } from '../http/retry.js';
import { simErrors } from '../sim-devices.errors.js';

const CONTENT_TYPE = 'application/x-apple-aspen-config';

/**
 * Gets an enrolment profile, as Safari does: only with the content type of profiles is it one.
 * @throws EspalierError ESP_SIM_REQUEST_REFUSED, ESP_SIM_PROFILE_REFUSED, or of the connection
 */
export function downloadProfile(
  url: string,
  http: HttpClient,
  retry: RetryOptions,
  now: () => Date,
): Promise<Buffer> {
  return withRetry(async () => {
    const reply = await http.request({ method: 'GET', url, signal: retry.signal });
    if (reply.status !== 200) {
      const busy = busyServer(reply, now());
      if (busy !== undefined) return busy;
      const text = reply.body.toString('utf8', 0, 300).replaceAll(/\s+/g, ' ');
      throw simErrors.ESP_SIM_REQUEST_REFUSED({
        detail: `The profile's URL answered ${reply.status}. ${text}`.trim(),
      });
    }
    const type = reply.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
    if (type !== CONTENT_TYPE)
      throw simErrors.ESP_SIM_PROFILE_REFUSED({
        detail: `Its content type is ${type ?? 'missing'}, not ${CONTENT_TYPE}.`,
      });
    return reply.body;
  }, retry);
}

/** Where a device gets its profile from; a challenge that is good once needs `url` or a function. */
export type ProfileSource =
  { readonly url: string } | { readonly bytes: Uint8Array } | ((serial: string) => Promise<Uint8Array>);
