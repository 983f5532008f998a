import { fields, setting, type ConfigOf } from '@espalier/service-kit';
import { z } from 'zod';

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
/** Signature algorithms that tokens may be signed with: asymmetric ones only, and never none. */
export type TokenAlgorithm = (typeof ALGORITHMS)[number];

const issuer = z
  .url({ protocol: /^https$/, error: 'must be an https address' })
  .refine((text) => !/[?#]/.test(text), 'must have neither query nor fragment');

const requiredClaim = z
  .string()
  .regex(/^[^\s=]{1,200}=\S{1,200}$/, 'must be name=value')
  .transform((text) => {
    const at = text.indexOf('=');
    return { name: text.slice(0, at), value: text.slice(at + 1) };
  });

/** How people and scripts sign in at the console door, other than with API tokens: each way is off until set. */
export const signInSettings = {
  oidcIssuer: setting('ESPALIER_OIDC_ISSUER', issuer.optional(), {
    description:
      'OpenID Connect issuer whose access tokens are accepted, exactly as its tokens name it (claim iss). Its discovery document and keys are read over HTTPS. Without it no such tokens are.',
  }),
  oidcAudiences: setting('ESPALIER_OIDC_AUDIENCES', fields.list(), {
    description:
      'Audiences (claim aud) that stand for this service, separated by commas. Needed where there is an issuer.',
  }),
  oidcRequiredClaim: setting('ESPALIER_OIDC_REQUIRED_CLAIM', requiredClaim.optional(), {
    description:
      'Claim that tokens must have, as name=value (roles=espalier): the value itself, a list that holds it, or words separated by blanks.',
  }),
  oidcAlgorithms: setting(
    'ESPALIER_OIDC_ALGORITHMS',
    z
      .string()
      .default(ALGORITHMS.join(','))
      .transform((text) => text.split(',').map((part) => part.trim()))
      .pipe(z.array(z.enum(ALGORITHMS, `must be some of ${ALGORITHMS.join(', ')}`)).min(1)),
    { description: 'Signature algorithms of tokens, separated by commas.' },
  ),
  oidcCaFile: setting('ESPALIER_OIDC_CA_FILE', fields.path().optional(), {
    description:
      'PEM certificates of the only authorities that may vouch for the issuer; without it, the public ones that Node knows.',
  }),
  clientCaFile: setting('ESPALIER_CLIENT_CA_FILE', fields.path().optional(), {
    description:
      'PEM certificates of the authorities whose client certificates sign in on the HTTPS port. Without it none is asked for. Read again on SIGHUP.',
  }),
  clientCrlFile: setting('ESPALIER_CLIENT_CRL_FILE', fields.path().optional(), {
    description:
      'PEM revocation lists, a current one of every authority in the chain: without one a certificate is refused. Read again on SIGHUP.',
  }),
  kerberosKeytabFile: setting('ESPALIER_KERBEROS_KEYTAB_FILE', fields.path().optional(), {
    description:
      'Keytab with the keys of the HTTP/<name> services that Kerberos clients sign in to. Without it Kerberos is off. A new keytab is used without a restart.',
  }),
  kerberosServices: setting('ESPALIER_KERBEROS_SERVICES', fields.list(), {
    description:
      'Service principals, as HTTP/console.example.com@EXAMPLE.COM, separated by commas, whose tickets are accepted; without it, those of every HTTP/ service in the keytab.',
  }),
} as const;

export type SignInConfig = ConfigOf<typeof signInSettings>;
