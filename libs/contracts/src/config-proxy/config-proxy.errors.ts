import { defineErrors } from '../errors/espalier-error.js';

const NEW_TOKEN = 'Ask whoever holds a token with the scope tokens:admin for a new one.';

/** Errors of the console door (8760) and of the package door (8761). */
export const configProxyErrors = defineErrors({
  ESP_AUTH_TOKEN_MISSING: {
    status: 401,
    level: 'info',
    title: 'The request does not say who sends it.',
    mend: 'Send the header "Authorization: Bearer esp_…" with an API token, or sign in as WWW-Authenticate names it.',
  },
  ESP_AUTH_TOKEN_INVALID: {
    status: 401,
    level: 'warn',
    title: 'The API token is not known or was revoked.',
    mend: NEW_TOKEN,
  },
  ESP_AUTH_TOKEN_EXPIRED: {
    status: 401,
    level: 'info',
    title: 'The API token has expired.',
    mend: NEW_TOKEN,
  },
  ESP_AUTH_SCOPE_MISSING: {
    status: 403,
    level: 'warn',
    title: 'The scope that this needs is missing.',
    mend: 'Use a token that has the scope named in the detail, or ask for a role that allows it.',
  },
  ESP_AUTH_TOO_MANY_FAILURES: {
    status: 429,
    level: 'warn',
    title: 'Too many failed attempts to sign in came from this address or account.',
    mend: 'Correct what is sent, wait as long as Retry-After says, and try again.',
    retryable: true,
  },
  ESP_API_TOKEN_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such API token.',
    mend: 'List the tokens to see their ids.',
  },
  ESP_API_TOKEN_SCOPE_NOT_HELD: {
    status: 403,
    level: 'warn',
    title: 'A token can only give scopes that it has itself.',
    mend: 'Leave out the scopes named in the detail, or use a token that has them.',
  },
  ESP_COMMANDS_NOT_FOR_COLLECTIONS: {
    status: 400,
    level: 'warn',
    title:
      'This command is not sent to a whole collection: it loses data, locks people out or interrupts them.',
    mend: 'Send it to devices that you name, with the scope commands:destructive.',
  },
  ESP_EVENTS_TOO_MANY_LISTENERS: {
    status: 503,
    level: 'warn',
    title: 'Too many listeners follow live events on this replica.',
    mend: 'Try again later, close listeners that are not needed, or add replicas.',
    retryable: true,
  },
  ESP_EVENTS_READER_TOO_SLOW: {
    status: 408,
    level: 'info',
    title: 'The listener did not read its events fast enough and was dropped.',
    mend: 'Connect again with Last-Event-ID: nothing is lost. Read faster, or ask for fewer types.',
    retryable: true,
  },
  ESP_PACKAGE_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such package.',
    mend: 'Check the name; packages are the files of the content folder.',
  },
  ESP_PACKAGE_RANGE: {
    status: 416,
    level: 'info',
    title: 'The package is shorter than the range that was asked for.',
    mend: 'Ask for a range within the size that Content-Range names.',
  },
});
