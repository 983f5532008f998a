import { defineErrors } from '@espalier/contracts';

/** Errors of HTTP itself, before any service is asked. */
export const httpErrors = defineErrors({
  ESP_HTTP_ROUTE_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'Nothing answers at this path.',
    mend: 'Look at the list of operations in the OpenAPI document.',
  },
  ESP_HTTP_METHOD_NOT_ALLOWED: {
    status: 405,
    level: 'info',
    title: 'The path does not answer to this method.',
    mend: 'Use one of the methods in the header Allow.',
  },
  ESP_HTTP_UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    level: 'info',
    title: 'The body is not of a type that is understood here.',
    mend: 'Send JSON with the header "Content-Type: application/json".',
  },
});
