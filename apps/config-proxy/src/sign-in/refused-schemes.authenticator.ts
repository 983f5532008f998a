import { signInErrors } from '@espalier/contracts';
import type { FastifyRequest } from 'fastify';
import type { Authenticator } from '../access/authenticator.js';
import { looksLikeNtlm } from './kerberos/negotiate-token.js';

const SCHEME = /^([!#$%&'*+.^`|~\w-]{1,40})(?: |$)/;

/** Tells whoever uses a way to sign in that is not there what to use instead. Comes after the others. */
export class RefusedSchemes implements Authenticator {
  readonly scheme = 'none';

  authenticate(request: FastifyRequest): Promise<undefined> {
    const { authorization } = request.headers;
    if (authorization === undefined) return Promise.resolve(undefined);
    const scheme = SCHEME.exec(authorization)?.[1]?.toLowerCase();
    switch (scheme) {
      case 'bearer':
        return Promise.resolve(undefined);
      case 'basic':
        return Promise.reject(signInErrors.ESP_SIGN_IN_BASIC());
      case 'ntlm':
        return Promise.reject(signInErrors.ESP_SIGN_IN_NTLM());
      case 'negotiate':
        return Promise.reject(
          looksLikeNtlm(Buffer.from(authorization.slice('negotiate '.length), 'base64'))
            ? signInErrors.ESP_SIGN_IN_NTLM()
            : signInErrors.ESP_SIGN_IN_NEGOTIATE_OFF(),
        );
      default:
        return Promise.reject(signInErrors.ESP_SIGN_IN_SCHEME());
    }
  }
}
