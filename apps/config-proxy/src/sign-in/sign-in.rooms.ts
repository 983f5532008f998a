import { accessSync, constants } from 'node:fs';
import type { ClientTrustFiles } from '@espalier/nest-kit';
import type { Logger } from '@espalier/service-kit';
import type { Authenticator } from '../access/authenticator.js';
import { CertificateAuthenticator } from './certificate/certificate.authenticator.js';
import { loadGss, type Gss } from './kerberos/gss.js';
import { KerberosAuthenticator } from './kerberos/kerberos.authenticator.js';
import { IssuerClient } from './oidc/issuer.client.js';
import { IssuerKeys } from './oidc/issuer-keys.js';
import { OidcAuthenticator } from './oidc/oidc.authenticator.js';
import { RefusedSchemes } from './refused-schemes.authenticator.js';
import type { SignInConfig } from './sign-in.settings.js';

export interface SignInParts {
  readonly logger: Logger;
  readonly now: () => Date;
}

/**
 * The ways to sign in that are set up, in the order in which the gate asks them. An issuer that is away or a Kerberos
 * module that is missing is logged and holds up nothing else.
 * @throws Error where settings contradict each other or a file of theirs cannot be read
 */
export async function buildSignIn(config: SignInConfig, parts: SignInParts): Promise<Authenticator[]> {
  return [
    ...buildOidc(config, parts),
    ...(await buildKerberos(config, parts)),
    ...(config.clientCaFile === undefined ? [] : [new CertificateAuthenticator(parts.now)]),
    new RefusedSchemes(),
  ];
}

/** Tickets of people in many groups are long: Active Directory goes up to 48,000 bytes, which base64 makes 64,000. */
const NEGOTIATE_HEAD_LIMIT = 96 * 1024;

/** What the HTTPS port must be told, so that its connections bring what these ways to sign in look at. */
export interface SignInTransport {
  /** Part of `https`. */
  readonly clients?: ClientTrustFiles;
  readonly headLimit?: number;
}

/** @throws Error where settings contradict each other */
export function signInTransport(config: SignInConfig): SignInTransport {
  const { clientCaFile: caFile, clientCrlFile: crlFile, kerberosKeytabFile } = config;
  if (caFile === undefined && crlFile !== undefined)
    throw new Error(
      'ESPALIER_CLIENT_CRL_FILE needs ESPALIER_CLIENT_CA_FILE: no certificate is asked for without it',
    );
  return {
    ...(caFile !== undefined && { clients: { caFile, crlFile } }),
    ...(kerberosKeytabFile !== undefined && { headLimit: NEGOTIATE_HEAD_LIMIT }),
  };
}

function buildOidc(config: SignInConfig, { logger, now }: SignInParts): Authenticator[] {
  const { oidcIssuer: issuer, oidcAudiences: audiences, oidcAlgorithms: algorithms } = config;
  if (issuer === undefined) return [];
  if (audiences.length === 0)
    throw new Error(
      'ESPALIER_OIDC_ISSUER needs ESPALIER_OIDC_AUDIENCES: or tokens for any service would be good here',
    );
  const client = new IssuerClient({ issuer, caFile: config.oidcCaFile });
  const keys = new IssuerKeys({
    fetchKeys: () => client.fetchKeys(),
    onFailure: (error, keysAgeMs) =>
      logger.error(
        {
          err: error,
          issuer,
          ...(keysAgeMs !== undefined && { keysAgeSeconds: Math.round(keysAgeMs / 1e3) }),
        },
        keysAgeMs === undefined
          ? 'the keys of the token issuer cannot be read: its tokens are refused until they can'
          : 'the keys of the token issuer cannot be read: those read before are used for up to a day',
      ),
  });
  void keys.warmUp();
  logger.info({ issuer, audiences, algorithms }, 'access tokens of this issuer sign in');
  return [
    new OidcAuthenticator({
      issuer,
      audiences,
      algorithms,
      requiredClaim: config.oidcRequiredClaim,
      keys,
      now,
    }),
  ];
}

async function buildKerberos(config: SignInConfig, { logger }: SignInParts): Promise<Authenticator[]> {
  const { kerberosKeytabFile: keytab, kerberosServices: services } = config;
  if (keytab === undefined) return [];
  try {
    accessSync(keytab, constants.R_OK);
  } catch (error) {
    throw new Error(`ESPALIER_KERBEROS_KEYTAB_FILE: ${keytab} cannot be read`, { cause: error });
  }
  let gss: Gss | undefined;
  try {
    gss = await loadGss(keytab);
    logger.info({ keytab, services }, 'Kerberos tickets sign in');
  } catch (error) {
    logger.error(
      { err: error, keytab },
      'ESPALIER_KERBEROS_KEYTAB_FILE is set, but the module kerberos or its libraries are missing: nobody can sign in with Kerberos here. docs/sign-in.md says how to install them',
    );
  }
  return [new KerberosAuthenticator({ gss, services })];
}
