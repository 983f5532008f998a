import type { DeviceRequest, DeviceResponse, DeviceRoute } from '@espalier/dmz-link';
import type { EnrollmentLinkService } from './enrollment-link.service.js';

const PREFIX = '/mdm/enroll/';

/** GET /mdm/enroll/<token>: the enrolment profile, as Safari and Setup Assistant take it. */
export function enrollmentLinkRoutes(links: EnrollmentLinkService): DeviceRoute[] {
  const handle = async (request: DeviceRequest): Promise<DeviceResponse> => ({
    status: 200,
    headers: {
      'content-type': 'application/x-apple-aspen-config',
      'content-disposition': 'attachment; filename="enroll.mobileconfig"',
      'cache-control': 'no-store',
    },
    body: await links.issueProfile(request.path.slice(PREFIX.length)),
  });
  return [
    // Never sent twice: each answer uses the link up by one.
    {
      id: 'mdm-enroll',
      prefix: PREFIX,
      methods: ['GET'],
      auth: 'none',
      maxBody: 0,
      timeoutMs: 15_000,
      retry: 'never',
      handle,
    },
  ];
}
