import { defineErrors } from '../../errors/espalier-error.js';

const NEW_TOKEN = 'Get a new access token from the issuer and send that.';
const KERBEROS_HELP = 'See docs/sign-in.md, Kerberos.';

/** Errors of signing in with what an OpenID Connect issuer, Kerberos or a certificate authority vouches for. */
const tokenErrors = {
  ESP_SIGN_IN_TOKEN_MALFORMED: {
    status: 401,
    level: 'info',
    title: 'The bearer token cannot be read.',
    mend: 'Send an access token of the issuer (a signed JWT) unchanged, or an API token (esp_…).',
  },
  ESP_SIGN_IN_TOKEN_TOO_LARGE: {
    status: 401,
    level: 'warn',
    title: 'The bearer token is too long.',
    mend: 'Have the issuer put fewer claims (such as groups) into its tokens: 8,192 characters are read.',
  },
  ESP_SIGN_IN_TOKEN_ALGORITHM: {
    status: 401,
    level: 'warn',
    title: 'The token is signed with an algorithm that is not allowed.',
    mend: 'Have the issuer sign with one of the algorithms in ESPALIER_OIDC_ALGORITHMS.',
  },
  ESP_SIGN_IN_TOKEN_TYPE: {
    status: 401,
    level: 'warn',
    title: 'The token is not an access token.',
    mend: 'Send the access token that the issuer gave for this service, and no other kind.',
  },
  ESP_SIGN_IN_TOKEN_SIGNATURE: {
    status: 401,
    level: 'warn',
    title: 'The signature of the token is wrong.',
    mend: NEW_TOKEN,
  },
  ESP_SIGN_IN_TOKEN_KEY_UNKNOWN: {
    status: 401,
    level: 'warn',
    title: 'The issuer publishes no key by which the token could have been signed.',
    mend: `${NEW_TOKEN} A key that the issuer has just published is known within a minute.`,
  },
  ESP_SIGN_IN_TOKEN_KEY_MISMATCH: {
    status: 401,
    level: 'warn',
    title: 'The key that the token names is not for its algorithm.',
    mend: NEW_TOKEN,
  },
  ESP_SIGN_IN_TOKEN_ISSUER: {
    status: 401,
    level: 'warn',
    title: 'The token is from another issuer.',
    mend: 'Get a token from the issuer that ESPALIER_OIDC_ISSUER names; every character counts.',
  },
  ESP_SIGN_IN_TOKEN_AUDIENCE: {
    status: 401,
    level: 'warn',
    title: 'The token is meant for another service.',
    mend: 'Ask the issuer for a token for this service: its audience must be one of ESPALIER_OIDC_AUDIENCES.',
  },
  ESP_SIGN_IN_TOKEN_EXPIRED: {
    status: 401,
    level: 'info',
    title: 'The token has expired.',
    mend: NEW_TOKEN,
  },
  ESP_SIGN_IN_TOKEN_NOT_YET_VALID: {
    status: 401,
    level: 'warn',
    title: 'The token is not valid yet.',
    mend: 'Set the clocks of the issuer and of this service right: a minute of difference is allowed.',
  },
  ESP_SIGN_IN_TOKEN_EXPIRY_MISSING: {
    status: 401,
    level: 'warn',
    title: 'The token has no time of expiry.',
    mend: 'Have the issuer put the claim exp into its tokens.',
  },
  ESP_SIGN_IN_TOKEN_SUBJECT_MISSING: {
    status: 401,
    level: 'warn',
    title: 'The token does not say whose it is.',
    mend: 'Have the issuer put the claim sub (1 to 255 characters) into its tokens.',
  },
  ESP_SIGN_IN_TOKEN_CLAIM: {
    status: 401,
    level: 'warn',
    title: 'The token lacks the claim that this service wants, or has one that is not valid.',
    mend: 'Have the issuer grant what ESPALIER_OIDC_REQUIRED_CLAIM names, and correct the claim in the detail.',
  },
  ESP_SIGN_IN_TOKEN_BOUND: {
    status: 401,
    level: 'warn',
    title: 'The token is bound to a key of its holder, which is not supported.',
    mend: 'Ask the issuer for a plain bearer token, without DPoP or certificate binding.',
  },
  ESP_SIGN_IN_ISSUER_UNREACHABLE: {
    status: 503,
    level: 'error',
    title: 'The keys of the token issuer cannot be read at the moment.',
    mend: 'Try again; if it persists, look in the log of config-proxy for why, and use an API token meanwhile.',
    retryable: true,
  },
} as const;

const certificateErrors = {
  ESP_SIGN_IN_CERTIFICATE_UNTRUSTED: {
    status: 401,
    level: 'warn',
    title: 'The client certificate is not from an authority that this service trusts.',
    mend: 'Use a certificate of an authority in ESPALIER_CLIENT_CA_FILE, and send its intermediates with it.',
  },
  ESP_SIGN_IN_CERTIFICATE_EXPIRED: {
    status: 401,
    level: 'info',
    title: 'The client certificate, or an authority above it, has expired or is not valid yet.',
    mend: 'Renew it; one with the same key signs in as the same identity.',
  },
  ESP_SIGN_IN_CERTIFICATE_PURPOSE: {
    status: 401,
    level: 'warn',
    title: 'The certificate is not for client authentication.',
    mend: 'Have it issued with the extended key usage clientAuth.',
  },
  ESP_SIGN_IN_CERTIFICATE_REVOKED: {
    status: 401,
    level: 'warn',
    title: 'The client certificate has been revoked.',
    mend: 'Get a new one, with a new key.',
  },
  ESP_SIGN_IN_CERTIFICATE_UNCHECKED: {
    status: 503,
    level: 'error',
    title: 'Whether the client certificate was revoked cannot be told.',
    mend: 'Put a current list of every authority of the chain into ESPALIER_CLIENT_CRL_FILE and send SIGHUP.',
    retryable: true,
  },
} as const;

const negotiateErrors = {
  ESP_SIGN_IN_NTLM: {
    status: 401,
    level: 'warn',
    title: 'NTLM is not accepted.',
    mend:
      'Windows fell back to NTLM: it found no Kerberos service for this address. Use the full DNS name (not an IP ' +
      'address or a short name), see that "setspn -Q HTTP/<name>" finds it, or send an API token.',
  },
  ESP_SIGN_IN_BASIC: {
    status: 401,
    level: 'warn',
    title: 'Basic authentication is not accepted: this service knows no passwords.',
    mend: 'Send "Authorization: Bearer <API token or access token>", or sign in with Kerberos.',
  },
  ESP_SIGN_IN_SCHEME: {
    status: 401,
    level: 'info',
    title: 'This way to sign in is not known here.',
    mend: 'Use Bearer, Negotiate or a client certificate: docs/sign-in.md says how.',
  },
  ESP_SIGN_IN_NEGOTIATE_OFF: {
    status: 401,
    level: 'info',
    title: 'Kerberos is not set up on this service.',
    mend: 'Send an API token, or have ESPALIER_KERBEROS_KEYTAB_FILE set: docs/sign-in.md says how.',
  },
  ESP_SIGN_IN_KERBEROS_UNAVAILABLE: {
    status: 503,
    level: 'error',
    title: 'This replica is set up for Kerberos, but cannot use it.',
    mend: 'Mend what the log of this replica says; send an API token meanwhile.',
    retryable: true,
  },
  ESP_SIGN_IN_KERBEROS_MALFORMED: {
    status: 401,
    level: 'warn',
    title: 'The Negotiate token cannot be read.',
    mend: `Send the token of a GSSAPI or SSPI client unchanged. ${KERBEROS_HELP}`,
  },
  ESP_SIGN_IN_KERBEROS_UNFINISHED: {
    status: 401,
    level: 'info',
    title:
      'The client wants to negotiate in several steps; here the first token must hold a Kerberos ticket.',
    mend: `Have the client offer Kerberos first: get a ticket (kinit) and use the name in the keytab. ${KERBEROS_HELP}`,
  },
  ESP_SIGN_IN_KERBEROS_EXPIRED: {
    status: 401,
    level: 'info',
    title: 'The Kerberos ticket has expired or is not valid yet.',
    mend: 'Get a new ticket (kinit, or klist purge on Windows) and try again.',
  },
  ESP_SIGN_IN_KERBEROS_CLOCK: {
    status: 401,
    level: 'warn',
    title: 'The clocks of the client and of this service differ too much for Kerberos.',
    mend: 'Set both clocks by the same time service: five minutes of difference are allowed.',
  },
  ESP_SIGN_IN_KERBEROS_REPLAY: {
    status: 401,
    level: 'warn',
    title: 'This Kerberos token was used before.',
    mend: 'Have the client make a new token for each request.',
  },
  ESP_SIGN_IN_KERBEROS_SERVICE: {
    status: 401,
    level: 'warn',
    title: 'The Kerberos ticket is for another service, or for a key that the keytab does not have.',
    mend: `Use the DNS name whose HTTP/<name> is in the keytab; after a change of the service's password make a new keytab. ${KERBEROS_HELP}`,
  },
  ESP_SIGN_IN_KERBEROS_REFUSED: {
    status: 401,
    level: 'warn',
    title: 'The Kerberos ticket is not good.',
    mend: `Get a new ticket and try again. ${KERBEROS_HELP}`,
  },
  ESP_SIGN_IN_BUSY: {
    status: 503,
    level: 'warn',
    title: 'Too many Kerberos sign-ins wait on this replica.',
    mend: 'Try again in a few seconds; a script that sends many requests should use an API token.',
    retryable: true,
  },
  ESP_SIGN_IN_CROSS_SITE: {
    status: 403,
    level: 'warn',
    title: 'Another web site sent this request through a browser that signs in by itself.',
    mend: 'Send it from a script, or with an API token.',
  },
} as const;

export const signInErrors = defineErrors({ ...tokenErrors, ...certificateErrors, ...negotiateErrors });
